"""Whether heads look at a site more than at other places that hang together like it, and whether the model as a whole does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.control import CONTROL_SITES, LEVEL
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import FEWEST_ARCS, benjamini_hochberg, lowest_first, most_reaching, q_values, tail_p, upper_tail
from allo_core.attention.pockets import places_like
from allo_core.attention.tails import SAME, needed_by_tail, tail_of
from allo_core.attention.threads import in_threads

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = ["PlaceKind", "SiteRank", "rank_by_tail", "rank_site", "rank_statistics", "rank_weights", "standardised_sites"]

_HEADS = 32  # at a time: their working arrays stay below 20 MB
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
    needed_snr : ndarray, dtype=float64, shape=(heads,)
        The SNR above which a head would have q < 0.05 although no other does; NaN where it is not tested, or the places are too few.
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
    found = places_like(site, length, positions, seed)
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
    needed, reaching = np.full(n_heads, np.nan), most_reaching(int(tested.sum()), n_places, LEVEL)
    for head in np.flatnonzero(tested):
        p[[head]], sampled[[head]], exceeds, top = _rank(places[[head]], own[[head]], sample)
        low += exceeds[0]
        needed[head] = top[0, -1 - reaching] + SAME if reaching >= 0 else np.nan
    return _result("pocket", p, tested, low, sampled, n_distinct, needed, float("nan"))


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
    needed = np.full(len(own), np.nan)
    if tested.any():
        needed[tested] = needed_by_tail(places[tested], LEVEL / int(tested.sum()))
    return _result(kind, p, tested, (every[tested] <= LEVEL).sum(axis=0), every, places.shape[1], needed, overlap)


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
    tops: list[tuple[np.ndarray, np.ndarray]] = []
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
    needed = np.full(n_heads, np.nan)
    reaching = most_reaching(int(tested.sum()), n_places, LEVEL)
    for heads, top in tops if reaching >= 0 else ():
        needed[heads] = top[:, -1 - reaching] + SAME
    n_distinct = len(np.unique(places.members, axis=0))
    overlap = float(np.isin(places.members, site).mean())
    return _result("pocket", p, tested, sum(low, np.zeros(n_places, dtype=np.int64)), sampled, n_distinct, needed, overlap)


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


def _result(kind, p, tested, low, sampled, n_places, needed, overlap) -> SiteRank:
    """From p of the site, for each place the number of heads with a low p, and p of a sample of places in each head."""
    q = q_values(p)
    if not tested.any():
        return SiteRank(kind, n_places, tested, p, q, 0, float("nan"), float("nan"), 0, needed, overlap)
    n_low = int((p[tested] <= LEVEL).sum())
    passing = (benjamini_hochberg(sampled[tested]) < LEVEL).sum(axis=0)
    global_p = (1 + int((low >= n_low).sum())) / (1 + len(low))
    share, most = float((passing > 0).mean()), int(passing.max())
    return SiteRank(kind, n_places, tested, p, q, n_low, min(1.0, global_p), share, most, needed, overlap)
