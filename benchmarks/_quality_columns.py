"""What is expected at each residue without any model: residue frequencies, and the columns of the nearest receptor's alignment."""

from collections.abc import Iterable, Sequence

import numpy as np
from _quality_alignment import Nearest, align

from allo_core.protein.sequence import AMINO_ACIDS

__all__ = ["column_frequencies", "expected_at", "residue_frequencies", "residue_indices"]

_INDEX = np.full(256, -1)
_INDEX[np.frombuffer(AMINO_ACIDS.encode(), dtype=np.uint8)] = np.arange(len(AMINO_ACIDS))


def residue_indices(sequence: str) -> np.ndarray:
    """Place of each residue in ``AMINO_ACIDS``, ndarray, dtype=int, shape=(L,); -1 for the other letters."""
    return _INDEX[np.frombuffer(sequence.encode(), dtype=np.uint8)]


def residue_frequencies(sequences: Iterable[str]) -> np.ndarray:
    """Frequencies of the 20 residues, ndarray, dtype=float, shape=(20,); one is added to each count, so that none is 0."""
    counts = np.ones(len(AMINO_ACIDS))
    for sequence in sequences:
        indices = residue_indices(sequence)
        counts += np.bincount(indices[indices >= 0], minlength=len(AMINO_ACIDS))
    return counts / counts.sum()


def column_frequencies(reference: str, orthologs: Sequence[str], background: np.ndarray) -> np.ndarray:
    """Frequencies at each residue of a receptor over its orthologs, each aligned to it alone; the receptor itself is counted too.

    One pseudocount is spread as `background`: (counts + background) / (number + 1).

    Returns
    -------
    ndarray, dtype=float, shape=(L, 20)
    """
    counts = np.zeros((len(reference), len(AMINO_ACIDS)))
    own = np.arange(len(reference))
    for sequence, pairs in [(reference, np.stack([own, own], axis=1)), *((other, align(other, reference)) for other in orthologs)]:
        residues = residue_indices(sequence)[pairs[:, 0]]
        known = residues >= 0
        np.add.at(counts, (pairs[known, 1], residues[known]), 1)
    return (counts + background) / (counts.sum(axis=1, keepdims=True) + 1)


def expected_at(length: int, found: Nearest, columns: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Columns of the nearest receptor carried over to a sequence.

    Of two receptors that are identical in a share q of the aligned residues, q is the chance that the column tells: the expectation is
    q x column + (1 - q) x background, and the background alone where nothing is aligned.

    Returns
    -------
    ndarray, dtype=float, shape=(length, 20)
    """
    expected = np.tile(background, (length, 1))
    here, there = found.pairs.T
    expected[here] = found.identity * columns[there] + (1 - found.identity) * background
    return expected
