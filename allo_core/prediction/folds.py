"""Which receptors may be learnt from when one is left out: all others but its homologues."""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from allo_core.errors import PredictionError

__all__ = ["HOMOLOGUE_IDENTITY", "homologues", "identity", "training_set"]

HOMOLOGUE_IDENTITY = 0.4
_FEWEST_ALIGNED = 100  # residues; a short match can be identical by chance, as the 9 residues that GRM1 and FFAR1 share
_FEWEST_RECEPTORS = 3  # below that nothing can be chosen inside a training fold
_READABLE = str.maketrans("UO", "CK")  # BLOSUM62 has no rows for selenocysteine and pyrrolysine


def identity(a: str, b: str) -> float:
    """Share of identical residues among the aligned pairs of the best local alignment; 0 where fewer than 100 residues are aligned.

    BLOSUM62 with gap penalties 12 and 1, as where generic numbers are taken from the nearest receptor.
    """
    from biotite.sequence import ProteinSequence  # slow to import, and only fitting needs it
    from biotite.sequence.align import SubstitutionMatrix, align_optimal

    pair = [ProteinSequence(text.translate(_READABLE)) for text in (a, b)]
    trace = align_optimal(*pair, SubstitutionMatrix.std_protein_matrix(), gap_penalty=(-12, -1), local=True, max_number=1)[0].trace
    aligned = trace[(trace >= 0).all(axis=1)]
    if len(aligned) < _FEWEST_ALIGNED:
        return 0.0
    return sum(a[i] == b[j] for i, j in aligned.tolist()) / len(aligned)


def homologues(sequences: Sequence[str]) -> np.ndarray:
    """Pairs above 40 % identity, ndarray, dtype=bool, shape=(n, n); each is a homologue of itself."""
    related = np.eye(len(sequences), dtype=bool)
    for i, j in combinations(range(len(sequences)), 2):
        related[i, j] = related[j, i] = identity(sequences[i], sequences[j]) > HOMOLOGUE_IDENTITY
    return related


def training_set(related: np.ndarray, left_out: Iterable[int]) -> tuple[int, ...]:
    """Receptors that are none of those left out and no homologue of any.

    Raises
    ------
    PredictionError
        Fewer than three remain.
    """
    left = list(left_out)
    remaining = tuple(np.flatnonzero(~related[left].any(axis=0)).tolist())
    if len(remaining) < _FEWEST_RECEPTORS:
        raise PredictionError(f"{len(remaining)} receptors remain to learn from when {len(left)} are left out; at least 3 are needed.")
    return remaining
