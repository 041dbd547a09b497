"""Pairwise alignment of receptors, and the nearest training receptor of a sequence."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from allo_core.protein.alignment import align as local_alignment
from allo_core.protein.alignment import aligned_identity as identity

__all__ = ["Nearest", "align", "identity", "nearest"]

_GAPS = (-10, -1)  # to open, to extend, in the half-bit units of BLOSUM62: remote receptors still align over most of their helices
_WORD = 3  # residues; a near receptor shares hundreds of such words, a remote one about as many as chance
_ALIGNED = 40  # receptors with the most shared words are aligned


class Nearest(NamedTuple):
    """The nearest receptor: identical residues divided by aligned pairs, and those pairs (index in the sequence, index in the receptor)."""

    receptor: str
    identity: float
    pairs: np.ndarray


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


def align(sequence: str, other: str) -> np.ndarray:
    """Aligned residues of the best local alignment, as `allo_core.protein.alignment.align` gives them."""
    return _scored(sequence, other)[1]


def _scored(sequence: str, other: str) -> tuple[int, np.ndarray]:
    return local_alignment(sequence, other, _GAPS)


@cache
def _words(sequence: str) -> frozenset[str]:
    return frozenset(sequence[i : i + _WORD] for i in range(len(sequence) - _WORD + 1))
