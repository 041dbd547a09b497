"""Whether heads look at a site more than at other places that hang together like it, and whether the model as a whole does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.control import CONTROL_SITES, LEVEL
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import FEWEST_ARCS, benjamini_hochberg, most_reaching, tail_p, upper_tail
from allo_core.attention.pockets import Kind, places_like
from allo_core.attention.threads import in_threads

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = ["SiteRank", "rank_site", "standardised_sites"]

# Below this skewness the fitted tail is as good as normal, and the gamma function would need too many digits.
_LEAST_SKEW = 0.05
_HEADS = 32  # at a time: their working arrays stay below 20 MB
_NO_SPREAD = 1e-6  # of the largest weight: what sums of float32 lose
_SAME = 1e-4  # SNR that differ by less are ties, which count against the site


@dataclass(frozen=True)
class SiteRank:
    """How a site stands among places like it.

    Parameters
    ----------
    kind : {"pocket", "stretch"}
        Pockets of the site's size and shape, or the site moved along the chain.
    n_places : int
        Such places, all different.
    tested : ndarray, dtype=bool, shape=(heads,)
        Heads with at least 10 arcs and a spread over the places.
    p_value, q_value : ndarray, dtype=float64, shape=(heads,)
        Of a matched (else uniform) SNR as large as the site's, at such a place; NaN where the head is not tested.  For pockets the share of
        places; for stretches, of which there are few, a gamma distribution (Pearson III) with the mean, deviation and skewness of the
        head's SNR over all of them.
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

    kind: Kind
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
    site = np.sort(np.asarray(site))
    length = columns.weights.shape[-1]
    weights = columns.weights.reshape(-1, length)
    enough = columns.arcs.reshape(-1, length).sum(axis=1) >= FEWEST_ARCS
    found = places_like(site, length, positions, seed)
    if found is None:
        return None
    kind, places = found
    return (_among_stretches if kind == "stretch" else _among_pockets)(weights, enough, site, codes, places)


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
    sample = np.linspace(0, n_places - 1, CONTROL_SITES).astype(np.int64)
    sampled = np.full((n_heads, CONTROL_SITES), np.nan)
    low: list[np.ndarray] = []
    tops: list[tuple[np.ndarray, np.ndarray]] = []
    candidates = np.flatnonzero(enough)
    spread = _spread(codes, places)
    n_low = int(LEVEL * (n_places + 1)) - 1  # the places with p <= 0.05 by the rule for the site

    def score(start: int) -> None:
        heads = candidates[start : start + _HEADS]
        snr = _standardised(weights[heads], codes, places, spread)
        differ = snr.max(axis=1) > snr.min(axis=1)
        heads, snr = heads[differ], snr[differ]
        tested[heads] = True
        p[heads] = (1 + np.count_nonzero(snr >= standardised_sites(weights[heads], codes, own) - _SAME, axis=1)) / (1 + n_places)
        top = upper_tail(snr, LEVEL)
        low.append((snr >= top[:, -n_low, None]).sum(axis=0))
        tops.append((heads, top))
        sampled[heads] = tail_p(top, snr[:, sample] - _SAME, n_places)

    in_threads(score, range(0, len(candidates), _HEADS))
    needed = np.full(n_heads, np.nan)
    reaching = most_reaching(int(tested.sum()), n_places, LEVEL)
    for heads, top in tops if reaching >= 0 else ():
        needed[heads] = top[:, -1 - reaching] + _SAME
    n_distinct = len(np.unique(places.members, axis=0))
    overlap = float(np.isin(places.members, site).mean())
    return _result("pocket", p, tested, sum(low, np.zeros(n_places, dtype=np.int64)), sampled, n_distinct, needed, overlap)


def _among_stretches(weights, enough, site, codes, places: RandomSites) -> SiteRank:
    snr = standardised_sites(weights, codes, places).astype(np.float64)
    deviation = snr.std(axis=1)
    tested = enough & (deviation > 0)
    every, needed = np.full(snr.shape, np.nan), np.full(len(snr), np.nan)
    mean = snr.mean(axis=1)
    scaled = (snr[tested] - mean[tested, None]) / deviation[tested, None]
    skewness = (scaled**3).mean(axis=1)
    every[tested] = _gamma_tail(scaled, skewness[:, None])
    if tested.any():
        needed[tested] = mean[tested] + deviation[tested] * _gamma_quantile(LEVEL / tested.sum(), skewness)
    here = int(site[0])
    overlap = float(np.isin(places.members, site).mean())
    return _result("stretch", every[:, here], tested, (every[tested] <= LEVEL).sum(axis=0), every, len(places), needed, overlap)


def _result(kind, p, tested, low, sampled, n_places, needed, overlap) -> SiteRank:
    """From p of the site, for each place the number of heads with a low p, and p of a sample of places in each head."""
    q = np.full(len(p), np.nan)
    if not tested.any():
        return SiteRank(kind, n_places, tested, p, q, 0, float("nan"), float("nan"), 0, needed, overlap)
    q[tested] = benjamini_hochberg(p[tested])
    n_low = int((p[tested] <= LEVEL).sum())
    passing = (benjamini_hochberg(sampled[tested]) < LEVEL).sum(axis=0)
    global_p = (1 + int((low >= n_low).sum())) / (1 + len(low))
    share, most = float((passing > 0).mean()), int(passing.max())
    return SiteRank(kind, n_places, tested, p, q, n_low, min(1.0, global_p), share, most, needed, overlap)


def _gamma_tail(z: np.ndarray, skewness: np.ndarray) -> np.ndarray:
    """Upper tail of the Pearson III distribution with mean 0, deviation 1 and this (positive) skewness."""
    from scipy.special import gammaincc  # for stretches alone

    shape = _gamma_shape(skewness)
    return gammaincc(shape, np.maximum(shape + z * np.sqrt(shape), 0))


def _gamma_quantile(p: float, skewness: np.ndarray) -> np.ndarray:
    """Where the upper tail of the same distribution is p."""
    from scipy.special import gammainccinv

    shape = _gamma_shape(skewness)
    return (gammainccinv(shape, p) - shape) / np.sqrt(shape)


def _gamma_shape(skewness: np.ndarray) -> np.ndarray:
    return 4 / np.maximum(skewness, _LEAST_SKEW) ** 2
