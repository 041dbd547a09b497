"""Whether heads look alike at residues that evolution takes for alike: beside BLOSUM62, as Vig et al. (ICLR 2021) compare them.

It says something about learned residue embeddings and nothing about receptors: AntiBERTy, which knows antibodies alone, gives as much.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.heads.arcs import FamilyArcs
from allo_core.heads.shares import FEWEST_ARCS
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["ResidueSimilarity", "residue_similarity"]

PERMUTATIONS = 5000
_SEED = 0


@dataclass(frozen=True, eq=False)
class ResidueSimilarity:
    """How alike the heads of a model look at the twenty residues.

    Parameters
    ----------
    matrix : ndarray, dtype=float64, shape=(20, 20)
        Pearson's correlation over heads of the share of arcs that goes to each residue, in alphabetical order; NaN where a residue is never
        looked at.
    r : float
        Pearson's correlation of its 190 pairs with BLOSUM62; NaN where no head has 100 arcs.
    p : float
        Mantel's test: share of permutations of the residues (5,000 and the matrix itself) with an r as high.
    chance : float
        The r below which 95 % of the permutations lie.
    heads, receptors : int
    """

    matrix: "Float64[np.ndarray, '20 20']" = field(repr=False)
    r: float
    p: float
    chance: float
    heads: int
    receptors: int

    @property
    def sentence(self) -> str:
        """What was found and what it does not say."""
        if np.isnan(self.r):
            return f"No two residues can be compared: {self.heads} heads have {FEWEST_ARCS} arcs or more."
        return (
            f"Residues that heads look at alike, beside BLOSUM62: r {self.r:.2f} over 190 pairs (permuted residues: 95 % below "
            f"{self.chance:.2f}, p {self.p:.4f}; {self.heads} heads, {self.receptors} receptors). This says nothing about receptors: "
            "AntiBERTy, a model of antibodies, has 0.31 on 60 of them."
        )


def blosum62() -> "Float64[np.ndarray, '20 20']":
    """BLOSUM62 (Henikoff and Henikoff 1992) of the twenty residues in alphabetical order, as biotite has it."""
    from biotite.sequence.align import SubstitutionMatrix

    matrix = SubstitutionMatrix.std_protein_matrix()
    letters = list(matrix.get_alphabet1())
    places = [letters.index(letter) for letter in AMINO_ACIDS]
    return matrix.score_matrix()[np.ix_(places, places)].astype(float)


def residue_similarity(found: FamilyArcs) -> ResidueSimilarity:
    """Over all heads with at least 100 arcs; arcs are pooled over receptors, as published."""
    heads = found.spec.layers * found.spec.heads
    hits = np.zeros((heads, len(AMINO_ACIDS) + 1))
    for one in found.of:
        codes = np.array([AMINO_ACIDS.find(letter) % (len(AMINO_ACIDS) + 1) for letter in receptors()[one.receptor].protein.sequence])
        hits += np.bincount(one.heads * hits.shape[1] + codes[one.keys], minlength=hits.size).reshape(hits.shape)
    enough = hits.sum(axis=1) >= FEWEST_ARCS
    shares = hits[enough, : len(AMINO_ACIDS)] / np.maximum(hits[enough].sum(axis=1, keepdims=True), 1)
    matrix = np.full((len(AMINO_ACIDS),) * 2, np.nan)
    if enough.sum() > 2:
        with np.errstate(invalid="ignore", divide="ignore"):
            matrix = np.corrcoef(shares.T)
    r, p, chance = mantel(matrix, blosum62())
    return ResidueSimilarity(matrix, r, p, chance, int(enough.sum()), len(found.of))


def mantel(one: "Float64[np.ndarray, 'n n']", other: "Float64[np.ndarray, 'n n']") -> tuple[float, float, float]:
    """Pearson's r of the pairs of two symmetric matrices, its one-sided p under permutations of one, and their 95 % point.

    Mantel, Cancer Res. 27, 209 (1967).  Rows of NaN are left out, and all three are NaN where fewer than three rows are left.
    """
    kept = np.flatnonzero(np.isfinite(one).sum(axis=1) > 1)
    if len(kept) < 3:
        return float("nan"), float("nan"), float("nan")
    one, other = one[np.ix_(kept, kept)], other[np.ix_(kept, kept)]
    pairs = np.tril_indices(len(kept), -1)
    target = _standard(other[pairs])
    rng, permuted = np.random.default_rng(_SEED), []
    r = float(_standard(one[pairs]) @ target)
    for _ in range(PERMUTATIONS):
        order = rng.permutation(len(kept))
        permuted.append(_standard(one[np.ix_(order, order)][pairs]) @ target)
    values = np.array(permuted)
    return r, float((1 + (values >= r).sum()) / (1 + PERMUTATIONS)), float(np.quantile(values, 0.95))


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean()
    return centred / np.sqrt((centred**2).sum())
