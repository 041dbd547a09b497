"""Whether heads look at a site more than at other places that hang together like it, and whether the model as a whole does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.control import CONTROL_SITES, LEVEL
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import FEWEST_ARCS, benjamini_hochberg, lowest_first, most_reaching, q_values, tail_p, upper_tail
from allo_core.attention.pockets import places_like, pockets_for
from allo_core.attention.tails import SAME, needed_by_tail, tail_of
from allo_core.attention.threads import in_threads

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = ["PlaceKind", "SiteRank", "rank_by_tail", "rank_site", "rank_statistics", "rank_weights", "standardised_sites"]

_HEADS = 64  # at a time: their working arrays stay below 20 MB
_NO_SPREAD = 1e-6  # of the largest weight: what sums of float32 lose


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
        Of a matched (else uniform) SNR as large as the site's, at such a place; NaN where the head is not tested.  For pockets p is the
        share of places; for all others, of which there are few, that share where ten or more of them reach the site, else a tail that is
        fitted to them (`tail_of`).  q is Benjamini and Hochberg's over heads, and never below the share of places at which some head has as
        small a q: heads depend on each other, and a tail can be fitted too light.
    n_low : int
        Tested heads with p <= 0.05: the statistic of the global test, fixed beforehand.
    global_p : float
        Share of places with as many such heads or more; NaN where no head is tested.
    passing_share : float
        Share of places for which at least one head passes against the others: what the test gives where nothing is marked.
    most_passing : int
        The most heads at one of these places.
    needed_snr : ndarray, dtype=float64, shape=(heads,)
        The SNR above which a head would pass although no other does; NaN where it is not tested, or the places are too few.
    overlap : float
        Mean share of the residues of these places that are those of the site.
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
    needed_snr: Float64[np.ndarray, " heads"] = field(repr=False)
    overlap: float

    @property
    def passing(self) -> Integer[np.ndarray, " k"]:
        """Heads (layer * heads + head) with q < 0.05, the smallest first; ndarray, dtype=int, shape=(k,)."""
        return lowest_first(self.q_value, LEVEL)


def rank_site(
    columns: Columns,
    site: Integer[np.ndarray, " n"],
    codes: Integer[np.ndarray, " L"],
    positions: Float[np.ndarray, "L 3"] | None,
    seed: int = 0,
    draws: int | None = None,
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
    draws : int, optional
        How many different pockets, by default as many as `default_draws` has for these heads; a stretch has as many places as fit.

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
    return rank_weights(columns.weights.reshape(-1, length), enough, site, codes, positions, seed, draws)


def rank_weights(
    weights: Float[np.ndarray, "heads L"],
    enough: Bool[np.ndarray, " heads"],
    site: Integer[np.ndarray, " n"],
    codes: Integer[np.ndarray, " L"],
    positions: Float[np.ndarray, "L 3"] | None,
    seed: int = 0,
    draws: int | None = None,
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
    found = places_like(site, length, positions, seed, pockets_for(len(weights), draws))
    if found is None:
        return None
    kind, places = found
    return (_among_stretches if kind == "stretch" else _among_pockets)(weights, enough, site, codes, places)


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
    tops = []
    for head in np.flatnonzero(tested):
        p[[head]], sampled[[head]], exceeds, top = _rank(places[[head]], own[[head]], sample)
        low += exceeds[0]
        tops.append(([head], top))
    return _result("pocket", p, tested, low, sampled, n_distinct, float("nan"), lambda bar: _needed_by_count(tops, tested, n_places, bar))


def rank_by_tail(
    kind: PlaceKind,
    own: Float[np.ndarray, " heads"],
    places: Float[np.ndarray, "heads B"],
    enough: Bool[np.ndarray, " heads"],
    overlap: float = float("nan"),
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

    def needed_at(bar: float) -> np.ndarray:
        needed = np.full(len(own), np.nan)
        needed[tested] = needed_by_tail(places[tested], bar / int(tested.sum()))
        return needed

    return _result(kind, p, tested, (every[tested] <= LEVEL).sum(axis=0), every, places.shape[1], overlap, needed_at)


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
    cells = codes[places.members] * len(places) + np.arange(len(places))[:, None]
    counts = np.bincount(cells.ravel(), minlength=len(size) * len(places)).reshape(len(size), -1)
    return (counts * (size - counts) / np.maximum(size - 1, 1)).astype(np.float32)


def _standardised(weights: np.ndarray, codes: np.ndarray, places: RandomSites, spread: np.ndarray) -> np.ndarray:
    stratum = np.eye(int(codes.max()) + 1, dtype=np.float32)[codes]
    size = stratum.sum(axis=0)
    above = (weights - ((weights @ stratum) / size)[:, codes]).astype(np.float32, copy=False)
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
    tops: list[tuple[Sequence[int] | np.ndarray, np.ndarray]] = []
    candidates = np.flatnonzero(enough)
    spread = _spread(codes, places)

    def score(start: int) -> None:
        heads = candidates[start : start + _HEADS]
        snr = _standardised(weights[heads], codes, places, spread)
        differ = snr.max(axis=1) > snr.min(axis=1)
        heads, snr = heads[differ], snr[differ]
        tested[heads] = True
        p[heads], sampled[heads], exceeds, top = _rank(snr, standardised_sites(weights[heads], codes, own)[:, 0], sample)
        low.append(exceeds.sum(axis=0))
        tops.append((heads, top))

    in_threads(score, range(0, len(candidates), _HEADS))
    n_distinct = len({row.tobytes() for row in places.members})
    overlap = float(np.isin(places.members, site).mean())
    lows = sum(low, np.zeros(n_places, dtype=np.int64))
    return _result("pocket", p, tested, lows, sampled, n_distinct, overlap, lambda bar: _needed_by_count(tops, tested, n_places, bar))


def _sample(n_places: int) -> np.ndarray:
    """The places for which it is worked out how many heads pass."""
    return np.linspace(0, n_places - 1, CONTROL_SITES).astype(np.int64)


def _rank(places: np.ndarray, own: np.ndarray, sample: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of heads [h] with statistics at places [h, B]: p of the site [h], p of sampled places [h, s], where p <= 0.05 [h, B]; the tail."""
    n_places = places.shape[1]
    p = (1 + np.count_nonzero(places >= own[:, None] - SAME, axis=1)) / (1 + n_places)
    top = upper_tail(places, LEVEL)
    n_low = int(LEVEL * (n_places + 1)) - 1  # the places with p <= 0.05 by the rule for the site
    return p, tail_p(top, places[:, sample] - SAME, n_places), places >= top[:, -n_low, None], top


def _among_stretches(weights, enough, site, codes, places: RandomSites) -> SiteRank:
    snr = standardised_sites(weights, codes, places)
    overlap = float(np.isin(places.members, site).mean())
    return rank_by_tail("stretch", snr[:, int(site[0])], snr, enough, overlap)


def _bar(smallest: np.ndarray) -> float:
    """What a q must be below to pass: 0.05, or less where otherwise some head would at 5 % of the places or more.

    From the smallest q at each of a sample of places, ascending.
    """
    allowed = int(np.ceil(LEVEL * (1 + len(smallest)))) - 2  # the most places with (1 + k) / (1 + s) below the level
    return min(LEVEL, float(smallest[allowed])) if allowed >= 0 else 0.0


def _needed_by_count(
    tops: Iterable[tuple[Sequence[int] | np.ndarray, np.ndarray]], tested: np.ndarray, n_places: int, bar: float
) -> np.ndarray:
    """SNR from which on a head passes alone, from the largest at places: (heads, their largest, ascending) in turn; shape (heads,)."""
    needed = np.full(len(tested), np.nan)
    reaching = most_reaching(int(tested.sum()), n_places, bar)
    for heads, top in tops if reaching >= 0 else ():
        needed[heads] = top[:, -1 - reaching] + SAME
    return needed


def _result(kind, p, tested, low, sampled, n_places, overlap, needed_at: Callable[[float], np.ndarray]) -> SiteRank:
    """From p of the site, for each place the number of heads with a low p, p at a sample of places in each head, and the SNR [heads] that a
    head needs to have alone a q below a bar.
    """
    q = q_values(p)
    if not tested.any():
        return SiteRank(kind, n_places, tested, p, q, 0, float("nan"), float("nan"), 0, np.full(len(p), np.nan), overlap)
    n_low = int((p[tested] <= LEVEL).sum())
    elsewhere = benjamini_hochberg(sampled[tested])
    smallest = np.sort(elsewhere.min(axis=0))
    bar = _bar(smallest)
    q[tested] = np.maximum(q[tested], (1 + np.searchsorted(smallest, q[tested], side="right")) / (1 + len(smallest)))
    passing = (elsewhere < bar).sum(axis=0)
    global_p = (1 + int((low >= n_low).sum())) / (1 + len(low))
    share, most = float((passing > 0).mean()), int(passing.max())
    return SiteRank(kind, n_places, tested, p, q, n_low, min(1.0, global_p), share, most, needed_at(bar), overlap)
