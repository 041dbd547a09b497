"""Are the asked residues special to their own receptors, or would the sites of other receptors, at the same generic numbers, do as well?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.control import LEVEL
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import encode_strata, lowest_first, q_values
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.attention.site_rank import standardised_sites
from allo_core.family.consensus import Consensus
from allo_core.family.members import Member
from allo_core.family.profile import commonest_class

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["SwapControl", "swap_control"]

_FEWEST_RECEPTORS = 6  # 720 orders: below them p cannot become small enough for one of a hundred heads
_FEWEST_CARRIED = 2 / 3  # of a site's numbered residues
_ORDERS = 20_000
_ROUNDING = 1e-5


@dataclass(frozen=True)
class SwapControl:
    """Every receptor's own site beside the sites of the others, carried over by generic number.

    Parameters
    ----------
    receptor_class : str
    receptors : int
        How many receptors of that class took part.
    own, others : ndarray, dtype=float64, shape=(heads,)
        Weighted mean over receptors of the SNR on the own site, and of the mean SNR on the sites of the others; NaN where the head is not
        tested.
    p_value, q_value : ndarray, dtype=float64, shape=(heads,)
        One-sided: the share of random orders, in which the sites are handed out to the receptors, whose mean is as large as that of the
        own sites.
    """

    receptor_class: str
    receptors: int
    own: Float[np.ndarray, " heads"] = field(repr=False)
    others: Float[np.ndarray, " heads"] = field(repr=False)
    p_value: Float[np.ndarray, " heads"] = field(repr=False)
    q_value: Float[np.ndarray, " heads"] = field(repr=False)

    @property
    def passing(self) -> Integer[np.ndarray, " k"]:
        """Heads (layer * heads + head) with q < 0.05, the smallest first; ndarray, dtype=int, shape=(k,)."""
        return lowest_first(self.q_value, LEVEL)


def swap_control(found: Consensus, columns: Sequence[Columns], orders: int = _ORDERS) -> SwapControl | str:
    """Hand the sites of the commonest class out to its receptors in random orders.

    A site is carried over by the generic numbers of its residues; those that have none take no part, in the own receptor either.

    Parameters
    ----------
    found : Consensus
        Where each member has residues of its own.
    columns : sequence of Columns, length R
        Those that it was made from.
    orders : int
        Random orders.

    Returns
    -------
    SwapControl or str
        In words why there is none, where there is none.
    """
    if found.joint:
        return "the same positions are asked about in every receptor, so there is nothing to swap"
    name, chosen = commonest_class(found.members)
    sites = {at: found.members[at].asked_positions for at in chosen}
    chosen = [at for at in chosen if len(sites[at]) >= FEWEST_RESIDUES]
    if len(chosen) < _FEWEST_RECEPTORS:
        return f"{len(chosen)} receptors of one class have sites of {FEWEST_RESIDUES} numbered residues; {_FEWEST_RECEPTORS} are needed"
    snr = np.stack([_snr(found.members[at], columns[at], [sites[other] for other in chosen]) for at in chosen])
    tested = np.isfinite(found.snr[chosen])
    weights = found.weights[chosen, None] * tested
    weights = np.divide(weights, weights.sum(axis=0), out=np.zeros(weights.shape), where=weights.sum(axis=0) > 0)
    possible = np.isfinite(snr[:, :, 0])
    given = _orders(possible, orders, found.seed)
    if not len(given):
        return "the sites cannot be carried over to the other receptors"
    rows = np.arange(len(chosen))
    filled = np.nan_to_num(snr)
    own = np.einsum("rh,rh->h", weights, filled[rows, rows])
    reached = np.zeros(len(own), dtype=np.int64)
    for start in range(0, len(given), 1_000):
        total = sum(weights[row] * filled[row, given[start : start + 1_000, row]] for row in rows)
        reached += (total >= own - _ROUNDING).sum(axis=0)
    strange = possible & ~np.eye(len(chosen), dtype=bool)
    other = np.einsum("rsh,rs->rh", filled, strange) / np.maximum(strange.sum(axis=1), 1)[:, None]
    enough = np.isfinite(found.frame["p_value"].to_numpy()) & (weights.sum(axis=0) > 0)
    p = np.where(enough, (1 + reached) / (1 + len(given)), np.nan)
    others = np.einsum("rh,rh->h", weights, other)
    return SwapControl(name, len(chosen), np.where(enough, own, np.nan), np.where(enough, others, np.nan), p, q_values(p))


def _snr(member: Member, columns: Columns, sites: Sequence[frozenset[str]]) -> np.ndarray:
    """SNR of every site in one receptor, shape (sites, heads); NaN where too little of it is there."""
    place = {number: at for at, number in enumerate(member.numbered.gpcrdb) if number}
    length = len(member.protein)
    weights, codes = columns.weights.reshape(-1, length), encode_strata(member.strata(), length)
    found = np.full((len(sites), len(weights)), np.nan)
    for row, site in enumerate(sites):
        here = np.array(sorted(place[number] for number in site if number in place), dtype=np.intp)
        if len(here) >= max(1, _FEWEST_CARRIED * len(site)):
            found[row] = standardised_sites(weights, codes, RandomSites(here[None], length, ("swap", here.tobytes())))[:, 0]
    return found


def _orders(possible: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Random orders of the sites in which every receptor can have the one that it is given; shape (orders, receptors)."""
    drawn = np.random.default_rng(seed).permuted(np.tile(np.arange(len(possible)), (count, 1)), axis=1)
    return drawn[possible[np.arange(len(possible)), drawn].all(axis=1)]
