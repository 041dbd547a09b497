"""Whether heads look at a set's residues more than at other places that hang together like them, over all receptors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from allo_core.analysis.places import Places, places_of
from allo_core.attention.columns import Columns
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import encode_strata
from allo_core.attention.pockets import POCKETS, has_positions, places_like
from allo_core.attention.site_rank import SiteRank, rank_statistics, rank_weights, standardised_sites
from allo_core.errors import ScoreError
from allo_core.family.consensus import Consensus
from allo_core.family.members import Member

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["SetPlaces", "rank_set", "same_places", "table_with_places"]

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
    groups: int = 1


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


def table_with_places(found: Consensus, places: SetPlaces | str | None) -> pd.DataFrame:
    """The table of heads with the columns p_places and q_places: those of places like the asked residues, NaN where that is not known."""
    unknown = np.full(len(found.frame), np.nan)
    rank = None if places is None or isinstance(places, str) else places.rank
    of_places = (unknown, unknown) if rank is None else (rank.p_value, rank.q_value)
    return found.frame.assign(p_places=of_places[0], q_places=of_places[1])


def same_places(members: Sequence[Member]) -> Integer[np.ndarray, " R"]:
    """Number of the group of each member, in which sites share generic positions (single linkage); ndarray, dtype=int, shape=(R,).

    Two sites of one class share places if those in both are at least 0.3 of the geometric mean of their sizes.
    """
    named = [member.asked_positions for member in members]
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
    movable = {at: places for at, member in enumerate(found.members) if (places := _movable(member, found.seed)) is not None}
    if found.weights[list(movable)].sum() < _FEWEST_WEIGHT:
        return "most of the receptors have no structure here"
    groups = _groups(found, list(movable))
    heads = len(found.frame)
    own, random, share = np.zeros(heads), np.zeros((heads, POCKETS), dtype=np.float32), np.zeros(heads)
    for number, group in enumerate(groups):
        for at, taken in zip(group, _moved_together([movable[at] for at in group], [found.seed, number]), strict=True):
            tested = np.isfinite(found.snr[at])
            codes = encode_strata(found.members[at].strata(), len(found.members[at].protein))
            snr = standardised_sites(columns[at].weights.reshape(heads, -1), codes, movable[at].sites)
            random += np.where(tested, found.weights[at], 0).astype(np.float32)[:, None] * snr[:, taken]
            own += np.where(tested, found.weights[at] * np.nan_to_num(found.snr[at]), 0)
            share += np.where(tested, found.weights[at], 0)
    enough = np.isfinite(found.frame["p_value"].to_numpy()) & (share > 0)
    scale = np.divide(1, share, out=np.zeros(heads), where=share > 0)
    rank = rank_statistics(own * scale, random * scale[:, None].astype(np.float32), enough, POCKETS)
    return SetPlaces(rank, "", len(movable), len(groups))


@dataclass(frozen=True, eq=False)
class _Movable:
    """A receptor, where its residues lie, and the places that its site is moved to."""

    member: Member
    places: Places
    sites: RandomSites


def _movable(member: Member, seed: int) -> _Movable | None:
    """None for a receptor without positions of enough residues."""
    site, places = np.array(member.sites), places_of(member.subject)
    if places is None or member.numbers is None or not has_positions(site, places.positions):
        return None
    found = places_like(site, len(member.protein), places.positions, seed)
    return None if found is None else _Movable(member, places, found[1])


def _groups(found: Consensus, chosen: list[int]) -> list[list[int]]:
    """Which of the chosen members are moved together."""
    members = [found.members[at] for at in chosen]
    alike = same_places(members)
    clusters = found.clusters[chosen]
    together = (alike[:, None] == alike) | (clusters[:, None] == clusters)
    number = connected_components(together, directed=False)[1]
    return [[chosen[at] for at in np.flatnonzero(number == each)] for each in range(number.max() + 1)]


def _moved_together(group: Sequence[_Movable], seed: Sequence[int]) -> list[Integer[np.ndarray, " B"]]:
    """Which of its places each receptor of a group takes in each draw: those whose middle has the same generic number, or is nearest to it.

    Returns
    -------
    list of ndarray, dtype=int, shape=(B,)
        One a receptor.
    """
    generator = np.random.default_rng(seed)
    first, *others = group
    drawn = generator.integers(len(first.sites), size=POCKETS)
    if not others:
        return [drawn]
    numbers, middle = _middles(first)
    index = {number: at for at, number in enumerate(first.member.numbered.gpcrdb) if number}
    here = first.places.positions[[index[number] for number in numbers]]
    return [drawn, *(_matching(middle[drawn], numbers, here, *_middles(other), generator) for other in others)]


def _middles(moved: _Movable) -> tuple[list[str], np.ndarray]:
    """The generic numbers of a receptor that have positions, and which of them is nearest to the middle of each place."""
    numbered, positions = moved.member.numbered.gpcrdb, moved.places.positions
    named = [at for at, number in enumerate(numbered) if number and np.isfinite(positions[at]).all()]
    if not named:
        raise ScoreError(f"No numbered residue of {moved.member.name} has a position.")
    middle = np.nanmean(positions[moved.sites.members.astype(np.intp)], axis=1)
    square = ((middle[:, None] - positions[named][None]) ** 2).sum(axis=-1)
    return [numbered[at] or "" for at in named], np.nan_to_num(square, nan=np.inf).argmin(axis=1)


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
