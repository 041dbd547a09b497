"""What random sites would get: moments, p and q values, and how many heads pass by chance.

The uniform null is the matched one with a single stratum, so there is one code for both.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from allo_core.attention.draws import RandomSites, random_weights
from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = [
    "FEWEST_ARCS",
    "Null",
    "benjamini_hochberg",
    "check_null",
    "codes_of",
    "default_draws",
    "encode_strata",
    "exceedance_p",
    "lowest_first",
    "moments",
    "most_reaching",
    "passing_random_sites",
    "published_moments",
    "q_values",
    "smallest_q",
    "tail_p",
    "tie_bar",
    "upper_tail",
]

Null = Literal["uniform", "matched", "pocket", "published"]

FEWEST_ARCS = 10  # a head with fewer arcs is flagged and takes no part in the q values
_FEWEST_DRAWS = 20_000
# With at least 40 draws a head the smallest q that one head alone can reach is 1/40, below the usual 0.05.
_DRAWS_PER_HEAD = 40
# Standard deviations below this share of the mean are rounding, not spread.
_NO_SPREAD = 1e-12
_SINGLE_EPSILON = float(np.finfo(np.float32).eps)


def check_null(null: str) -> Null:
    """The null of this name; ScoreError unless it is one of the known ones."""
    for known in get_args(Null):
        if null == known:
            return known
    raise ScoreError(f"The null {null!r} is unknown; choose one of {', '.join(get_args(Null))}.")


def default_draws(heads: int) -> int:
    """B, enough that a single head of `heads` can reach q < 0.05."""
    return max(_FEWEST_DRAWS, _DRAWS_PER_HEAD * heads)


def encode_strata(strata: Iterable[Hashable] | None, length: int) -> Integer[np.ndarray, " L"]:
    """Strata as numbers from 0 in order of appearance, ndarray, dtype=int64, shape=(L,); None is one stratum of all residues.

    Raises
    ------
    ScoreError
        Strata of the wrong length, or NaN among them.
    """
    if strata is None:
        return np.zeros(length, dtype=np.int64)
    labels = list(strata)
    if len(labels) != length:
        raise ScoreError(f"There are {len(labels)} strata for {length} residues; give one for each residue.")
    for index, label in enumerate(labels):
        if label != label:  # NaN alone differs from itself; as a stratum it would be a new one at every residue
            raise ScoreError(f"The stratum of residue index {index} is NaN; give every residue a stratum.")
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)


def codes_of(null: Null, strata: Iterable[Hashable] | None, length: int) -> Integer[np.ndarray, " L"] | None:
    """The stratum of each residue that random sites are drawn within; None for the published null, which draws from unmarked residues.

    Parameters
    ----------
    null : {"uniform", "matched", "pocket", "published"}
    strata : iterable of hashable, length L, or None
        The matched null needs them.  The pocket null takes an SNR within them, and without them one over the whole sequence.
    length : int
        L.

    Raises
    ------
    ScoreError
        An unknown null, strata that are missing or do not fit.
    """
    if check_null(null) == "published":
        return None
    if null == "matched" and strata is None:
        raise ScoreError("The matched null needs a stratum for each residue; choose uniform where no generic numbers are known.")
    return encode_strata(None if null == "uniform" else strata, length)


def moments(
    weights: Float[np.ndarray, "... L"], codes: Integer[np.ndarray, " L"], counts: Integer[np.ndarray, " S"]
) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean and standard deviation of the weight of a random site.

    For each stratum of N residues with n of them drawn without replacement: mean n mean(c), variance n var(c) (N - n) / (N - 1)
    (hypergeometric sampling, e.g. Cochran 1977, Sampling Techniques, theorem 2.2); both add over strata.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(..., L)
        Column weights.
    codes : ndarray, dtype=int, shape=(L,)
        Stratum of each residue.
    counts : ndarray, dtype=int, shape=(S,)
        Residues drawn from each stratum.

    Returns
    -------
    mu, sigma : ndarray, dtype=float64, shape=(...)
    """
    mu, variance = np.zeros(weights.shape[:-1]), np.zeros(weights.shape[:-1])
    for stratum in np.flatnonzero(counts):
        inside, drawn = weights[..., codes == stratum], counts[stratum]
        size = inside.shape[-1]
        mu += drawn * inside.mean(axis=-1)
        if drawn < size:
            variance += drawn * inside.var(axis=-1) * (size - drawn) / (size - 1)
    return mu, _without_rounding(np.sqrt(variance), mu)


def published_moments(weights: np.ndarray, sites: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over random sites among the unmarked residues, what the published scripts estimate with 1000 draws.

    Both are NaN where fewer residues are unmarked than marked, since no such site exists.
    """
    unmarked = np.delete(weights, sites, axis=-1)
    if unmarked.shape[-1] < len(sites):
        nothing = np.full(weights.shape[:-1], np.nan)
        return nothing, nothing
    return moments(unmarked, np.zeros(unmarked.shape[-1], dtype=np.int64), np.array([len(sites)]))


def exceedance_p(
    weights: Float[np.ndarray, "heads L"], observed: Float[np.ndarray, " heads"], random_sites: RandomSites
) -> Float64[np.ndarray, " heads"]:
    """One-sided p = (1 + #{w_random >= w_S}) / (1 + B) of each head, ndarray, dtype=float64, shape=(heads,).

    Random weights are float32 sums of n terms that are not negative, so they are off by a relative (n + 1) 2^-24 at most.  A random weight
    that is smaller than w_S by less than (n + 2) 2^-23 counts as equal: ties are never lost, and p can only come out too large.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(heads, L)
        Column weights.
    observed : ndarray, dtype=float, shape=(heads,)
        w_S.
    """
    bar = tie_bar(observed, random_sites)
    counts = np.empty(len(observed))
    for heads, block in random_weights(weights, random_sites):
        counts[heads] = np.count_nonzero(block >= bar[heads, None], axis=1)
    return (1 + counts) / (1 + len(random_sites))


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """q values (Benjamini and Hochberg 1995, step-up) along the first axis; `p` has no NaN."""
    # Not scipy.stats.false_discovery_control, which gives the same: importing scipy.stats takes 0.7 s.
    count = p.shape[0]
    order = np.argsort(p, axis=0)
    ranks = np.arange(1, count + 1).reshape(-1, *[1] * (p.ndim - 1))
    scaled = np.take_along_axis(p, order, axis=0) * count / ranks
    q = np.empty(p.shape)
    np.put_along_axis(q, order, np.minimum.accumulate(scaled[::-1], axis=0)[::-1], axis=0)
    return np.minimum(q, 1)


def q_values(p: Float[np.ndarray, " heads"]) -> Float64[np.ndarray, " heads"]:
    """The same for the heads that are tested, ndarray, dtype=float64, shape=(heads,); NaN where p is."""
    q, tested = np.full(len(p), np.nan), ~np.isnan(p)
    q[tested] = benjamini_hochberg(p[tested])
    return q


def lowest_first(q: Float[np.ndarray, " heads"], level: float) -> Integer[np.ndarray, " k"]:
    """The heads with q below a level, the smallest first; NaN is below none.  ndarray, dtype=int, shape=(k,)."""
    return np.argsort(np.where(np.isnan(q), np.inf, q), kind="stable")[: int((q < level).sum())]


def smallest_q(heads: int, draws: int) -> float:
    """Smallest q that one head alone among `heads` tested ones can reach with `draws` draws; NaN where none is tested."""
    return min(1.0, heads / (1 + draws)) if heads else float("nan")


def most_reaching(heads: int, draws: int, level: float) -> int:
    """How many draws may reach a head that has q < `level` though no other of `heads` tested ones does; -1 where not even none suffices."""
    if not heads:
        return -1
    most = int(level * (1 + draws) / heads)
    while most >= 0 and (1 + most) / (1 + draws) * heads >= level:  # q as `benjamini_hochberg` gives it
        most -= 1
    return most


def passing_random_sites(
    weights: Float[np.ndarray, "heads L"], tested: Bool[np.ndarray, " heads"], random_sites: RandomSites, level: float, count: int
) -> Integer[np.ndarray, " count"]:
    """Score the first `count` random sites against the others as if they were marked, and count the heads with q < `level` for each.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(heads, L)
        Column weights.
    tested : ndarray, dtype=bool, shape=(heads,)
        Heads that take part in the q values.

    Returns
    -------
    ndarray, dtype=int64, shape=(count,)
    """
    count = min(count, len(random_sites))
    if not tested.any():
        return np.zeros(count, dtype=np.int64)
    p = np.empty((len(weights), count))
    for heads, block in random_weights(weights, random_sites):
        p[heads] = _p_among_themselves(block, random_sites, level, count)
    return (benjamini_hochberg(p[tested]) < level).sum(axis=0)


def tie_bar(observed: np.ndarray, random_sites: RandomSites) -> np.ndarray:
    """What a random weight must reach to count against an observed one: that, less what float32 sums may lose."""
    tolerance = (random_sites.members.shape[1] + 2) * _SINGLE_EPSILON
    return (observed * (1 - tolerance)).astype(np.float32)


def _p_among_themselves(block: np.ndarray, random_sites: RandomSites, level: float, count: int) -> np.ndarray:
    """p of the first `count` random sites, shape (heads, count); 1 where it is above `level`, which changes no q below `level`."""
    return tail_p(upper_tail(block, level), tie_bar(block[:, :count], random_sites), block.shape[1])


def upper_tail(block: Float[np.ndarray, "heads B"], level: float) -> Float[np.ndarray, "heads most"]:
    """The largest values of each head, ascending: a share of `level` of them and one more."""
    draws = block.shape[1]
    most = min(draws, int(level * draws) + 1)
    return np.sort(np.partition(block, draws - most, axis=1)[:, draws - most :], axis=1)


def tail_p(top: Float[np.ndarray, "heads most"], bar: Float[np.ndarray, "heads count"], draws: int) -> Float[np.ndarray, "heads count"]:
    """p of some of the draws among all of them; 1 where it is above the level of `upper_tail`, which changes no q below it.

    Parameters
    ----------
    top : ndarray, dtype=float, shape=(heads, most)
        As from `upper_tail`.
    bar : ndarray, dtype=float, shape=(heads, count)
        What a draw must reach to count against one of them: its value, less what counts as a tie.
    draws : int
        B.
    """
    most = top.shape[1]
    reached = most - np.stack([np.searchsorted(best, values) for best, values in zip(top, bar, strict=True)])
    # A site is one of the draws, so it counts itself: (1 + others) / (1 + (B - 1)).
    return np.where(reached < most, reached / draws, 1.0)


def _without_rounding(sigma: np.ndarray, mu: np.ndarray) -> np.ndarray:
    return np.where(sigma <= _NO_SPREAD * np.abs(mu), 0.0, sigma)
