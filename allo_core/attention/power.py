"""What the null costs: how much of a random site is the marked site itself, and the smallest enrichment with which a head could pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.control import LEVEL
from allo_core.attention.draws import draw_sites, random_weights
from allo_core.attention.nulls import most_reaching, tie_bar
from allo_core.attention.standard import Standard, standardise

if TYPE_CHECKING:
    from jaxtyping import Float64, Integer  # the app need not wait for it

    from allo_core.attention.site_rank import SiteRank

__all__ = ["Needed", "needed_among_places", "needed_by_residues", "null_overlap"]


@dataclass(frozen=True, eq=False)
class Needed:
    """The enrichment (w_S / mu) above which a head would have q < 0.05 although no other head does, its random sites as they are.

    Parameters
    ----------
    enrichment : ndarray, dtype=float64, shape=(heads,)
        NaN where the head is not tested, or could not pass whatever residues of the site's strata were marked.
    n_tested : int
        Heads that take part in the q values.
    enough : bool
        Whether there are random sites enough for a single head to pass.
    """

    enrichment: Float64[np.ndarray, " heads"] = field(repr=False)
    n_tested: int
    enough: bool

    @property
    def n_able(self) -> int:
        """Heads that could pass."""
        return int(np.isfinite(self.enrichment).sum())

    @property
    def median(self) -> float:
        """Over the heads that could pass; NaN where there is none."""
        return self._quantile(0.5)

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third, over the heads that could pass; NaN where there is none."""
        return self._quantile(0.25), self._quantile(0.75)

    def _quantile(self, share: float) -> float:
        able = self.enrichment[np.isfinite(self.enrichment)]
        return float(np.quantile(able, share)) if len(able) else float("nan")


def null_overlap(codes: Integer[np.ndarray, " L"], marked: Integer[np.ndarray, " n"]) -> float:
    """Expected share of a random site that is the marked site itself.

    Of the N residues of a stratum n are marked and n drawn, so n^2 / N of the drawn ones are marked ones on average.

    Parameters
    ----------
    codes : ndarray, dtype=int, shape=(L,)
        Stratum of each residue, as from `encode_strata`.
    marked : ndarray, dtype=int, shape=(n,)
        0-based, distinct.
    """
    size = np.bincount(codes)
    drawn = np.bincount(codes[marked], minlength=len(size))
    return float((drawn**2 / size).sum() / drawn.sum())


def needed_by_residues(
    columns: Columns, marked: Integer[np.ndarray, " n"], codes: Integer[np.ndarray, " L"], draws: int, seed: int
) -> Needed:
    """The enrichment that is needed against random sites drawn within strata: those of `score_heads`, drawn again or still kept.

    Parameters
    ----------
    columns : Columns
        Shape (layers, heads, L).
    marked, codes
        As for `null_overlap`.
    draws, seed : int
        Of the scores.
    """
    weights, standard = _standard(columns, marked, codes)
    n_tested = int(standard.tested.sum())
    reaching = most_reaching(n_tested, draws, LEVEL)
    needed = np.full(len(weights), np.nan)
    if reaching >= 0:
        random_sites = draw_sites(codes, _counts(codes, marked), draws, seed)
        last = draws - 1 - reaching
        for heads, block in random_weights(weights, random_sites):
            needed[heads] = np.partition(block, last, axis=1)[:, last]
        needed /= tie_bar(np.ones(1), random_sites)  # a random weight that is smaller by rounding alone counts against the head too
    return _able(needed, weights, standard, standard.tested, marked, codes)


def needed_among_places(columns: Columns, marked: Integer[np.ndarray, " n"], codes: Integer[np.ndarray, " L"], rank: SiteRank) -> Needed:
    """The enrichment that is needed among places like the site: its SNR there, in the site's own mean and deviation.

    Parameters
    ----------
    columns, marked, codes
        As for `needed_by_residues`.
    rank : SiteRank
        Of the same columns, site and strata.
    """
    weights, standard = _standard(columns, marked, codes)
    return _able(standard.mu + rank.needed_snr * standard.sigma, weights, standard, rank.tested, marked, codes)


def _standard(columns: Columns, marked: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, Standard]:
    length = columns.weights.shape[-1]
    weights = columns.weights.reshape(-1, length)
    return weights, standardise(weights, marked, codes, columns.arcs.reshape(-1, length).sum(axis=1))


def _able(needed: np.ndarray, weights: np.ndarray, standard: Standard, tested: np.ndarray, marked: np.ndarray, codes: np.ndarray) -> Needed:
    """From the weight that a site must exceed in each head; NaN where no site of these strata does."""
    able = tested & (standard.mu > 0) & (needed < _heaviest(weights, codes, _counts(codes, marked)))
    enrichment = np.divide(needed, standard.mu, out=np.full(len(needed), np.nan), where=able)
    return Needed(enrichment, int(tested.sum()), bool(np.isfinite(needed[tested]).any()))


def _counts(codes: np.ndarray, marked: np.ndarray) -> np.ndarray:
    return np.bincount(codes[marked], minlength=codes.max() + 1)


def _heaviest(weights: np.ndarray, codes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weight of the heaviest site with so many residues of each stratum, shape (heads,)."""
    total = np.zeros(len(weights))
    for stratum in np.flatnonzero(counts):
        total += np.sort(weights[:, codes == stratum], axis=1)[:, -counts[stratum] :].sum(axis=1)
    return total
