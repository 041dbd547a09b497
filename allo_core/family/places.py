"""Whether heads look at a set's residues more than at other places that hang together like them, over all receptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from allo_core.analysis.places import Places, places_of
from allo_core.attention.columns import Columns
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import encode_strata
from allo_core.attention.pockets import POCKETS, has_positions, is_stretch, pockets_like, shifted_stretches
from allo_core.attention.site_rank import SiteRank, rank_statistics, rank_weights, standardised_sites
from allo_core.errors import ScoreError
from allo_core.family.consensus import Consensus
from allo_core.family.members import Member

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["SetPlaces", "rank_set", "same_places"]

_FEWEST_WEIGHT = 0.5  # of all weight, on receptors with positions
_SHARED = 0.3  # of the geometric mean of two sites' sizes: as sums over shared columns they correlate by as much


@dataclass(frozen=True)
class SetPlaces:
    """How the asked residues stand among places like them.

    Parameters
    ----------
    rank : SiteRank
    source : str
        The structure that pockets of generic positions are grown on, or "" where each receptor has its own.
    receptors : int
        How many took part: those whose residues have positions.
    groups : int
        How many groups of receptors were moved independently: in a group are homologues, and receptors whose sites share places.
    """

    rank: SiteRank
    source: str
    receptors: int
    groups: int = field(default=1)


def rank_set(found: Consensus, columns: Sequence[Columns]) -> SetPlaces | str:
    """Compare what heads do at the asked residues with what they do at random places that hang together like them.

    Generic positions: pockets or stretches of positions, the same in every receptor, grown on the structure of the member with most of the
    positions; the statistic is what lies on them in the mean over receptors, standardised by the place's own strata.  Residues of each
    receptor's own: a pocket of the site's size and shape in each receptor, on its own structure; homologues, and receptors whose sites
    share places, get pockets round the same generic position, since chance moves them together.

    Parameters
    ----------
    found : Consensus
    columns : sequence of Columns, length R
        Those that it was made from.

    Returns
    -------
    SetPlaces or str
        In words why that is not known, where it is not.
    """
    try:
        return _positions(found) if found.universe is not None else _own_residues(found, columns)
    except ScoreError as error:
        return str(error).rstrip(".")


def same_places(members: Sequence[Member]) -> Integer[np.ndarray, " R"]:
    """Number of the group of each member, in which sites share generic positions (single linkage); ndarray, dtype=int, shape=(R,).

    Two sites of one class share places if those in both are at least 0.3 of the geometric mean of their sizes.
    """
    named = [{member.numbers.gpcrdb[at] for at in member.sites} - {None} if member.numbers else set() for member in members]
    classes = [member.numbers.receptor_class if member.numbers else None for member in members]
    table = np.zeros((len(members), len(members)), dtype=bool)
    for i, one in enumerate(named):
        for j, other in enumerate(named[:i]):
            shared = len(one & other)
            table[i, j] = bool(shared) and classes[i] == classes[j] and shared >= _SHARED * np.sqrt(len(one) * len(other))
    return connected_components(table, directed=False)[1]


def _positions(found: Consensus) -> SetPlaces | str:
    universe, combined = found.universe, found.combined
    assert universe is not None, "generic positions are asked about"
    assert combined is not None, "they come together"
    tested = np.isfinite(found.frame["p_value"].to_numpy())
    most = np.lexsort(([member.name for member in found.members], -(universe.place >= 0).sum(axis=1)))
    for at in most.tolist():
        if (places := places_of(found.members[at].subject)) is not None:
            break
    else:
        return "no receptor of the set has a structure here"
    there = universe.place[at]
    positions = np.where(there[:, None] >= 0, places.positions[there], np.nan)
    rank = rank_weights(combined, tested, universe.asked, universe.codes, positions, found.seed)
    return "such a stretch fits at too few places" if rank is None else SetPlaces(rank, places.source, len(found.members))


def _own_residues(found: Consensus, columns: Sequence[Columns]) -> SetPlaces | str:
    with_places = {at: places for at, member in enumerate(found.members) if (places := _placed(member)) is not None}
    weight = found.weights[list(with_places)].sum()
    if weight < _FEWEST_WEIGHT:
        return "most of the receptors have no structure here"
    groups = _groups(found, list(with_places))
    heads = len(found.frame)
    own, random, share = np.zeros(heads), np.zeros((heads, POCKETS), dtype=np.float32), np.zeros(heads)
    for number, group in enumerate(groups):
        moved = _Moved([(found.members[at], with_places[at]) for at in group], found.seed, number)
        for at, taken, sites in zip(group, moved.taken, moved.sites, strict=True):
            tested = np.isfinite(found.snr[at])
            codes = encode_strata(found.members[at].strata(), len(found.members[at].protein))
            snr = standardised_sites(columns[at].weights.reshape(heads, -1), codes, sites)
            random += np.where(tested, found.weights[at], 0).astype(np.float32)[:, None] * snr[:, taken]
            own += np.where(tested, found.weights[at] * np.nan_to_num(found.snr[at]), 0)
            share += np.where(tested, found.weights[at], 0)
    enough = np.isfinite(found.frame["p_value"].to_numpy()) & (share > 0)
    scale = np.divide(1, share, out=np.zeros(heads), where=share > 0)
    rank = rank_statistics(own * scale, random * scale[:, None].astype(np.float32), enough, POCKETS)
    return SetPlaces(rank, "", len(with_places), len(groups))


def _placed(member: Member) -> Places | None:
    """Positions of a member of which enough residues have one."""
    places = places_of(member.subject)
    known = places is not None and member.numbers is not None and has_positions(np.array(member.sites), places.positions)
    return places if known else None


def _groups(found: Consensus, chosen: list[int]) -> list[list[int]]:
    """Which of the chosen members are moved together."""
    members = [found.members[at] for at in chosen]
    alike = same_places(members)
    clusters = found.clusters[chosen]
    together = (alike[:, None] == alike) | (clusters[:, None] == clusters)
    number = connected_components(together, directed=False)[1]
    return [[chosen[at] for at in np.flatnonzero(number == each)] for each in range(number.max() + 1)]


def _like(member: Member, places: Places, seed: int) -> RandomSites:
    site = np.array(member.sites)
    return shifted_stretches(site, len(member.protein)) if is_stretch(site) else pockets_like(site, places.positions, seed=seed)


class _Moved:
    """Places of the members of one group, moved together.

    Attributes
    ----------
    sites : list of RandomSites
        Of each member, the places there are.
    taken : list of ndarray, dtype=int, shape=(B,)
        Which of them each draw takes: places whose middle has the same generic number, or is nearest to it.
    """

    def __init__(self, members: Sequence[tuple[Member, Places]], seed: int, number: int):
        generator = np.random.default_rng([seed, number])
        self.sites = [_like(member, places, seed) for member, places in members]
        self.taken: list[np.ndarray] = []
        (first, its_places), *others = members
        drawn = generator.integers(len(self.sites[0]), size=POCKETS)
        self.taken.append(drawn)
        if not others:
            return
        numbers, middle = _middles(first, its_places, self.sites[0])
        wanted = middle[drawn]
        here = _number_positions(first, its_places, numbers)
        for (member, places), sites in zip(others, self.sites[1:], strict=True):
            theirs, at = _middles(member, places, sites)
            self.taken.append(_matching(wanted, numbers, here, theirs, at, generator))


def _middles(member: Member, places: Places, sites: RandomSites) -> tuple[list[str], np.ndarray]:
    """The generic numbers of a member that have positions, and which of them is nearest to the middle of each place."""
    named = [at for at, number in enumerate(member.numbered.gpcrdb) if number and np.isfinite(places.positions[at]).all()]
    if not named:
        raise ScoreError(f"No numbered residue of {member.name} has a position.")
    middle = np.nanmean(places.positions[sites.members.astype(np.intp)], axis=1)
    square = ((middle[:, None] - places.positions[named][None]) ** 2).sum(axis=-1)
    return [member.numbered.gpcrdb[at] or "" for at in named], np.nan_to_num(square, nan=np.inf).argmin(axis=1)


def _number_positions(member: Member, places: Places, numbers: list[str]) -> Float[np.ndarray, "k 3"]:
    index = {number: at for at, number in enumerate(member.numbered.gpcrdb) if number}
    return places.positions[[index[number] for number in numbers]]


def _matching(
    wanted: np.ndarray, numbers: list[str], here: np.ndarray, theirs: list[str], at: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """For each draw one of a member's places, at random among those whose middle has the wanted number, else the nearest one they have."""
    order = np.argsort(at, kind="stable")
    starts = np.searchsorted(at[order], np.arange(len(theirs) + 1))
    available = {number: column for column, number in enumerate(theirs) if starts[column + 1] > starts[column]}
    shared = [row for row, number in enumerate(numbers) if number in available]
    if not shared:
        return generator.integers(len(at), size=len(wanted))
    apart = ((here[:, None] - here[shared][None]) ** 2).sum(axis=-1)
    nearest = np.array([available[numbers[shared[column]]] for column in apart.argmin(axis=1)])
    column = nearest[wanted]
    return order[starts[column] + (generator.random(len(wanted)) * (starts[column + 1] - starts[column])).astype(np.intp)]
