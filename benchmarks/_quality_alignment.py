"""Pairwise alignment of receptors, and the nearest training receptor of a sequence."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from biotite.sequence import ProteinSequence
from biotite.sequence.align import SubstitutionMatrix, align_optimal

__all__ = ["Nearest", "align", "identity", "nearest"]

_GAPS = (-10, -1)  # to open, to extend, in the half-bit units of BLOSUM62: remote receptors still align over most of their helices
_READABLE = str.maketrans("UO", "CK")  # BLOSUM62 has no rows for selenocysteine and pyrrolysine
_WORD = 3  # residues; a near receptor shares hundreds of such words, a remote one about as many as chance
_ALIGNED = 40  # receptors with the most shared words are aligned


class Nearest(NamedTuple):
    """The nearest receptor: identical residues divided by aligned pairs, and those pairs (index in the sequence, index in the receptor)."""

    receptor: str
    identity: float
    pairs: np.ndarray


def align(sequence: str, other: str) -> np.ndarray:
    """Aligned residues of the best local alignment (BLOSUM62, affine gaps).

    Returns
    -------
    ndarray, dtype=int, shape=(n, 2)
        Index in `sequence`, index in `other`; rising.
    """
    return _scored(sequence, other)[1]


def identity(sequence: str, other: str, pairs: np.ndarray) -> float:
    """Identical residues divided by aligned pairs, 0 without any."""
    return sum(sequence[i] == other[j] for i, j in pairs.tolist()) / len(pairs) if len(pairs) else 0.0


def nearest(sequence: str, references: Mapping[str, str]) -> Nearest:
    """The reference with the best alignment score; the highest identity would choose short chance alignments of remote receptors.

    Aligned are the forty that share most words of three residues with the sequence, for the square root of their length (a long receptor
    shares many by chance).
    """
    words = _words(sequence)
    shared = Counter({name: len(words & _words(reference)) / len(reference) ** 0.5 for name, reference in references.items()})
    name = max((name for name, _ in shared.most_common(_ALIGNED)), key=lambda name: _scored(sequence, references[name])[0])
    pairs = align(sequence, references[name])
    return Nearest(name, identity(sequence, references[name], pairs), pairs)


def _scored(sequence: str, other: str) -> tuple[int, np.ndarray]:
    pair = [ProteinSequence(text.translate(_READABLE)) for text in (sequence, other)]
    found = align_optimal(*pair, SubstitutionMatrix.std_protein_matrix(), gap_penalty=_GAPS, local=True, max_number=1)[0]
    return int(found.score), found.trace[(found.trace >= 0).all(axis=1)].astype(int)


@cache
def _words(sequence: str) -> frozenset[str]:
    return frozenset(sequence[i : i + _WORD] for i in range(len(sequence) - _WORD + 1))
