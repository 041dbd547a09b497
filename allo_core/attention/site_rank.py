"""Whether heads look at a site more than at other places that hang together like it, and whether the model as a whole does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.control import CONTROL_SITES, LEVEL
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import FEWEST_ARCS, benjamini_hochberg, tail_p, upper_tail
from allo_core.attention.pockets import is_stretch, pockets_like, shifted_stretches
from allo_core.attention.threads import in_threads

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = ["PlaceKind", "SiteRank", "rank_by_tail", "rank_site", "rank_statistics", "rank_weights", "standardised_sites", "tail_of"]

# Below this skewness the fitted tail is as good as normal, and the gamma function would need too many digits.
_LEAST_SKEW = 0.05
_LEAST_KURTOSIS = 0.1
_FEWEST_REACHED = 10  # places, for their share to be p (Knijnenburg et al. 2009, Bioinformatics 25:i161)
_HEADS = 32  # at a time: their working arrays stay below 20 MB
_FEWEST_PLACES = 60
_NO_SPREAD = 1e-6  # of the largest weight: what sums of float32 lose
_SAME = 1e-4  # SNR that differ by less are ties, which count against the site


PlaceKind = Literal["pocket", "stretch", "pair", "shift"]


@dataclass(frozen=True)
class SiteRank:
    """How a site stands among places like it.

    Parameters
    ----------
    kind : {"pocket", "stretch", "pair", "shift"}
        Pockets of the site's size and shape, or the site moved along the chain; of a coupling, pairs of such pockets, or both sets moved
        together.
    n_places : int
        Such places, all different.
    tested : ndarray, dtype=bool, shape=(heads,)
        Heads with at least 10 arcs and a spread over the places.
    p_value, q_value : ndarray, dtype=float64, shape=(heads,)
        Of a matched (else uniform) SNR as large as the site's, at such a place; NaN where the head is not tested.  For pockets the share of
        places; for all others, of which there are few, that share where ten or more of them reach the site, else a tail that is fitted to
        them (`tail_of`).
    n_low : int
        Tested heads with p <= 0.05: the statistic of the global test, fixed beforehand.
    global_p : float
        Share of places with as many such heads or more; NaN where no head is tested.
    passing_share : float
        Share of places for which at least one head has q < 0.05 against the others: what the test gives where nothing is marked.
    most_passing : int
        The most heads at one of these places.
    """

    kind: PlaceKind
    n_places: int
    tested: Bool[np.ndarray, " heads"] = field(repr=False)
    p_value: Float64[np.ndarray, " heads"] = field(repr=False)
    q_value: Float64[np.ndarray, " heads"] = field(repr=False)
    n_low: int
    global_p: float
    passing_share: float
    most_passing: int

    @property
    def passing(self) -> Integer[np.ndarray, " k"]:
        """Heads (layer * heads + head) with q < 0.05, the smallest first; ndarray, dtype=int, shape=(k,)."""
        order = np.argsort(np.where(self.tested, self.q_value, np.inf), kind="stable")
        return order[: int((self.q_value[self.tested] < LEVEL).sum())]


def rank_site(
    columns: Columns,
    site: Integer[np.ndarray, " n"],
    codes: Integer[np.ndarray, " L"],
    positions: Float[np.ndarray, "L 3"] | None,
    seed: int = 0,
) -> SiteRank | None:
    """Compare a site with places like it, in the SNR of each head.

    Parameters
    ----------
    columns : Columns
        Shape (layers, heads, L).
    site : ndarray, dtype=int, shape=(n,)
        0-based, distinct.
    codes : ndarray, dtype=int, shape=(L,)
        Stratum of each residue, as from `encode_strata`: what a place's kinds of residues explain does not count for it.
    positions : ndarray, dtype=float, shape=(L, 3), or None
        In Å, NaN where there is none; not needed for a stretch.
    seed : int

    Returns
    -------
    SiteRank or None
        None where there is nothing to compare with: a site that is no stretch, without positions, or a stretch with fewer than 60 places.

    Raises
    ------
    ScoreError
        Positions that are too few for pockets like this.
    """
    length = columns.weights.shape[-1]
    enough = columns.arcs.reshape(-1, length).sum(axis=1) >= FEWEST_ARCS
    return rank_weights(columns.weights.reshape(-1, length), enough, site, codes, positions, seed)


def rank_weights(
    weights: Float[np.ndarray, "heads L"],
    enough: Bool[np.ndarray, " heads"],
    site: Integer[np.ndarray, " n"],
    codes: Integer[np.ndarray, " L"],
    positions: Float[np.ndarray, "L 3"] | None,
    seed: int = 0,
) -> SiteRank | None:
    """The same for any weights that are summed over a site; parameters and errors as `rank_site`.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(heads, L)
    enough : ndarray, dtype=bool, shape=(heads,)
        Heads that may be tested.
    """
    site = np.sort(np.asarray(site))
    length = weights.shape[-1]
    if is_stretch(site):
        places = shifted_stretches(site, length)
        return _among_stretches(weights, enough, site, codes, places) if len(places) >= _FEWEST_PLACES else None
    if positions is None:
        return None
    return _among_pockets(weights, enough, site, codes, pockets_like(site, positions, seed=seed))


def rank_statistics(
    own: Float[np.ndarray, " heads"], places: Float[np.ndarray, "heads B"], enough: Bool[np.ndarray, " heads"], n_distinct: int
) -> SiteRank:
    """Rank statistics that are known for a site and for places like it.

    Parameters
    ----------
    own : ndarray, dtype=float, shape=(heads,)
    places : ndarray, dtype=float32, shape=(heads, B)
    enough : ndarray, dtype=bool, shape=(heads,)
        Heads that may be tested.
    n_distinct : int
        How many of the places are different.
    """
    n_heads, n_places = places.shape
    p, tested = np.full(n_heads, np.nan), enough & (places.max(axis=1) > places.min(axis=1))
    sample = _sample(n_places)
    sampled, low = np.full((n_heads, len(sample)), np.nan), np.zeros(n_places, dtype=np.int64)
    for head in np.flatnonzero(tested):
        p[[head]], sampled[[head]], exceeds = _rank(places[[head]], own[[head]], sample)
        low += exceeds[0]
    return _result("pocket", p, tested, low, sampled, n_distinct)


def rank_by_tail(
    kind: PlaceKind, own: Float[np.ndarray, " heads"], places: Float[np.ndarray, "heads B"], enough: Bool[np.ndarray, " heads"]
) -> SiteRank:
    """The same where there are too few places to count: p is the upper tail of a distribution that is fitted to them (`tail_of`).

    Parameters
    ----------
    kind : {"stretch", "pair", "shift"}
    own, places, enough
        As `rank_statistics`.
    """
    tested = enough & (places.max(axis=1) > places.min(axis=1))
    p, every = np.full(len(own), np.nan), np.full(places.shape, np.nan)
    p[tested], every[tested] = tail_of(own[tested, None], places[tested])[:, 0], tail_of(places[tested], places[tested])
    return _result(kind, p, tested, (every[tested] <= LEVEL).sum(axis=0), every, places.shape[1])


def tail_of(values: Float[np.ndarray, "h k"], places: Float[np.ndarray, "h B"], two_sided: bool = False) -> Float64[np.ndarray, "h k"]:
    """p of values among few places: the share of places that reach them, and where fewer than ten do, a tail that is fitted to the places.

    One-sided: a Pearson III distribution with their mean, deviation and (at least slightly positive) skewness.  Two-sided, for differences:
    Student's t, whose degrees of freedom give their kurtosis.  Neither exceeds the share at which ten places reach a value.

    Parameters
    ----------
    values : ndarray, dtype=float, shape=(h, k)
    places : ndarray, dtype=float, shape=(h, B)

    Returns
    -------
    ndarray, dtype=float64, shape=(h, k)
    """
    from scipy.special import gammaincc, stdtr  # pockets need none of it

    known = places.astype(np.float64)
    mean, deviation = known.mean(axis=1, keepdims=True), known.std(axis=1, keepdims=True)
    z, others = (values - mean) / deviation, (known - mean) / deviation
    if two_sided:
        z, others = np.abs(z), np.abs(others)
        freedom = 4 + 6 / np.maximum((others**4).mean(axis=1, keepdims=True) - 3, _LEAST_KURTOSIS)
        fitted = 2 * stdtr(freedom, -z * np.sqrt(freedom / (freedom - 2)))
    else:
        shape = 4 / np.maximum((others**3).mean(axis=1, keepdims=True), _LEAST_SKEW) ** 2
        fitted = gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0))
    reached = np.empty(z.shape, dtype=np.int64)
    for row, (ascending, bar) in enumerate(zip(np.sort(others, axis=1), z - _SAME / deviation, strict=True)):
        reached[row] = len(ascending) - np.searchsorted(ascending, bar)
    counted = (1 + reached) / (1 + known.shape[1])
    return np.where(reached >= _FEWEST_REACHED, counted, np.minimum(fitted, (1 + _FEWEST_REACHED) / (1 + known.shape[1])))


def standardised_sites(
    weights: Float[np.ndarray, "heads L"], codes: Integer[np.ndarray, " L"], places: RandomSites
) -> Float[np.ndarray, "heads B"]:
    """SNR of many sites, each against random residues of the strata that it has itself.

    Exactly (w_S - mu) / sigma of `allo_core.attention.nulls.moments`; where sigma is 0 the SNR is 0.

    Returns
    -------
    ndarray, dtype=float32, shape=(heads, B)
    """
    return _standardised(weights, codes, places, _spread(codes, places))


def _spread(codes: np.ndarray, places: RandomSites) -> np.ndarray:
    """n (N - n) / (N - 1) of each stratum in each place, which its variance is multiplied by; shape (strata, B)."""
    size = np.bincount(codes)[:, None]
    counts = np.zeros((len(size), len(places)))
    np.add.at(counts, (codes[places.members], np.arange(len(places))[:, None]), 1)
    return counts * (size - counts) / np.maximum(size - 1, 1)


def _standardised(weights: np.ndarray, codes: np.ndarray, places: RandomSites, spread: np.ndarray) -> np.ndarray:
    stratum = np.eye(int(codes.max()) + 1)[codes]
    size = stratum.sum(axis=0)
    above = weights - ((weights @ stratum) / size)[:, codes]
    sigma = np.sqrt(((above**2) @ stratum / size) @ spread)
    floor = _NO_SPREAD * np.abs(weights).max(axis=1, initial=0)[:, None]
    weighed = places.weigh(above)
    return np.divide(weighed, sigma, out=np.zeros_like(weighed), where=sigma > floor)


def _among_pockets(weights, enough, site, codes, places: RandomSites) -> SiteRank:
    n_heads, n_places = len(weights), len(places)
    own = RandomSites(site[None].astype(places.members.dtype), places.length, ("site", site.tobytes()))
    p, tested = np.full(n_heads, np.nan), np.zeros(n_heads, dtype=bool)
    sample = _sample(n_places)
    sampled = np.full((n_heads, len(sample)), np.nan)
    low: list[np.ndarray] = []
    candidates = np.flatnonzero(enough)
    spread = _spread(codes, places)

    def score(start: int) -> None:
        heads = candidates[start : start + _HEADS]
        snr = _standardised(weights[heads], codes, places, spread)
        differ = snr.max(axis=1) > snr.min(axis=1)
        heads, snr = heads[differ], snr[differ]
        tested[heads] = True
        p[heads], sampled[heads], exceeds = _rank(snr, standardised_sites(weights[heads], codes, own)[:, 0], sample)
        low.append(exceeds.sum(axis=0))

    in_threads(score, range(0, len(candidates), _HEADS))
    n_distinct = len(np.unique(places.members, axis=0))
    return _result("pocket", p, tested, sum(low, np.zeros(n_places, dtype=np.int64)), sampled, n_distinct)


def _sample(n_places: int) -> np.ndarray:
    """The places for which it is worked out how many heads pass."""
    return np.linspace(0, n_places - 1, CONTROL_SITES).astype(np.int64)


def _rank(places: np.ndarray, own: np.ndarray, sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of heads [h] with statistics at places [h, B]: p of the site [h], p of a sample of places [h, s], where p <= 0.05 [h, B]."""
    n_places = places.shape[1]
    p = (1 + np.count_nonzero(places >= own[:, None] - _SAME, axis=1)) / (1 + n_places)
    top = upper_tail(places, LEVEL)
    n_low = int(LEVEL * (n_places + 1)) - 1  # the places with p <= 0.05 by the rule for the site
    return p, tail_p(top, places[:, sample] - _SAME, n_places), places >= top[:, -n_low, None]


def _among_stretches(weights, enough, site, codes, places: RandomSites) -> SiteRank:
    snr = standardised_sites(weights, codes, places)
    return rank_by_tail("stretch", snr[:, int(site[0])], snr, enough)


def _result(kind, p, tested, low, sampled, n_places) -> SiteRank:
    """From p of the site, for each place the number of heads with a low p, and p of a sample of places in each head."""
    q = np.full(len(p), np.nan)
    if not tested.any():
        return SiteRank(kind, n_places, tested, p, q, 0, float("nan"), float("nan"), 0)
    q[tested] = benjamini_hochberg(p[tested])
    n_low = int((p[tested] <= LEVEL).sum())
    passing = (benjamini_hochberg(sampled[tested]) < LEVEL).sum(axis=0)
    global_p = (1 + int((low >= n_low).sum())) / (1 + len(low))
    return SiteRank(kind, n_places, tested, p, q, n_low, min(1.0, global_p), float((passing > 0).mean()), int(passing.max()))
