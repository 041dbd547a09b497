"""Two sequences laid on each other by their letters, and how alike they are.

Structures are aligned with what else they tell: allo_core.structure.chain_alignment.
"""

import numpy as np

__all__ = ["FEWEST_ALIGNED", "HOMOLOGUE_IDENTITY", "align", "aligned_identity", "identity"]

# Above this identity GPCRs are close homologues with the same fold and mostly the same pockets; Dong et al. 2024 split at the same value.
HOMOLOGUE_IDENTITY = 0.4
# Residues; a short match can be identical by chance, as the 9 residues that GRM1 and FFAR1 share.
FEWEST_ALIGNED = 100

_GAPS = (-12, -1)  # to open, to extend, in the half-bit units of BLOSUM62
_READABLE = str.maketrans("UO", "CK")  # BLOSUM62 has no rows for selenocysteine and pyrrolysine


def align(sequence: str, other: str, gaps: tuple[int, int] = _GAPS) -> tuple[int, np.ndarray]:
    """The best local alignment (BLOSUM62, affine gaps; Smith-Waterman, by biotite).

    Returns
    -------
    score : int
    pairs : ndarray, dtype=int, shape=(n, 2)
        Aligned residues: index in `sequence`, index in `other`; rising.
    """
    from biotite.sequence import ProteinSequence  # slow to import and seldom needed
    from biotite.sequence.align import SubstitutionMatrix, align_optimal

    pair = [ProteinSequence(text.translate(_READABLE)) for text in (sequence, other)]
    found = align_optimal(*pair, SubstitutionMatrix.std_protein_matrix(), gap_penalty=gaps, local=True, max_number=1)[0]
    return int(found.score), found.trace[(found.trace >= 0).all(axis=1)].astype(int)


def aligned_identity(sequence: str, other: str, pairs: np.ndarray) -> float:
    """Identical residues divided by aligned pairs, 0 without any."""
    return sum(sequence[i] == other[j] for i, j in pairs.tolist()) / len(pairs) if len(pairs) else 0.0


def identity(sequence: str, other: str) -> float:
    """Share of identical residues among the pairs of the best local alignment; 0 where fewer than 100 residues are aligned."""
    _, pairs = align(sequence, other)
    return aligned_identity(sequence, other, pairs) if len(pairs) >= FEWEST_ALIGNED else 0.0
