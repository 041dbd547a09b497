"""Whether the heads that look at a site are those that are needed there: the rank correlation over heads, beside 0 by chance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["RankAgreement", "rank_agreement"]

_DRAWS = 2000
_SEED = 0
_FEWEST = 8  # heads; fewer tell nothing about ranks


@dataclass(frozen=True)
class RankAgreement:
    """Spearman's correlation over some heads with a 95 % interval from drawing the heads again; NaN with fewer than eight heads."""

    rho: float
    low: float
    high: float
    heads: int

    @property
    def sentence(self) -> str:
        """What it says, that it says nothing first."""
        if not np.isfinite(self.rho):
            return f"{self.heads} heads have both numbers; at least {_FEWEST} are needed for a correlation of ranks."
        numbers = f"Spearman's correlation is {self.rho:+.2f} [{self.low:+.2f}, {self.high:+.2f}] over {self.heads} heads, 0 by chance"
        if self.low <= 0 <= self.high:
            return f"Looking at the site does not tell which heads are needed there: {numbers}."
        more = "more" if self.rho > 0 else "less"
        return f"Heads that look at the site more are needed there {more}: {numbers}."


def rank_agreement(looks: "Float[np.ndarray, ' heads']", needs: "Float[np.ndarray, ' heads']") -> RankAgreement:
    """Spearman's correlation of two numbers of each head; heads with NaN in either take no part.

    Parameters
    ----------
    looks : ndarray, dtype=float, shape=(heads,)
        How much more than by chance each head looks at a site (enrichment).
    needs : ndarray, dtype=float, shape=(heads,)
        What the loss there rises by without it, in nats.
    """
    from scipy.stats import rankdata  # slow to import

    both = np.isfinite(looks) & np.isfinite(needs)
    pairs, count = np.stack([looks[both], needs[both]]), int(both.sum())
    if count < _FEWEST:
        return RankAgreement(np.nan, np.nan, np.nan, count)
    drawn = np.random.default_rng(_SEED).integers(count, size=(_DRAWS, count))
    ranks = rankdata(np.concatenate([pairs[:, None], pairs[:, drawn]], axis=1), axis=-1)
    centred = ranks - ranks.mean(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        rho = (centred[0] * centred[1]).sum(axis=-1) / np.sqrt((centred**2).sum(axis=-1).prod(axis=0))
    low, high = np.nanpercentile(rho[1:], (2.5, 97.5))
    return RankAgreement(float(rho[0]), float(low), float(high), count)
