"""How many heads pass for random sites, scored as if they were marked: the number that stands beside every verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.attention.draws import BoundedCache, RandomSites, digest
from allo_core.attention.nulls import passing_random_sites

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float

__all__ = ["CONTROL_SITES", "LEVEL", "RandomSiteControl", "random_site_control"]

CONTROL_SITES = 200
LEVEL = 0.05  # of q, for a head to pass

_cache = BoundedCache(1 << 20)


class RandomSiteControl(NamedTuple):
    """How many heads pass for random sites of the same kind: median and 95th percentile over `n_sites` random sites."""

    median: float
    percentile_95: float
    n_sites: int

    @classmethod
    def of(cls, passing: np.ndarray) -> RandomSiteControl:
        """From the number of heads that pass for each random site; of no site at all where nothing is tested."""
        if not len(passing):
            return cls(0.0, 0.0, 0)
        return cls(float(np.median(passing)), float(np.percentile(passing, 95)), len(passing))


def random_site_control(
    weights: Float[np.ndarray, "heads L"], tested: Bool[np.ndarray, " heads"], random_sites: RandomSites | None
) -> RandomSiteControl:
    """Score 200 of the draws against all of them.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(heads, L)
        Column weights.
    tested : ndarray, dtype=bool, shape=(heads,)
        Heads that take part in the q values.
    random_sites : RandomSites or None
        None where random sites cannot differ.
    """
    if random_sites is None or not tested.any():
        return RandomSiteControl.of(np.zeros(0))
    key = (digest(weights), tested.tobytes(), random_sites.key)
    passing = _cache.get(key, lambda: passing_random_sites(weights, tested, random_sites, LEVEL, CONTROL_SITES))
    return RandomSiteControl.of(passing)
