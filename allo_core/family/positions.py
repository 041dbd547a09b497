"""Random sets of generic positions, the same ones in every receptor of a class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import encode_strata, exceedance_p, passing_random_sites
from allo_core.family.members import Member, ReceptorSet
from allo_core.family.standard import Standardised, standardised
from allo_core.protein.numbering import ResidueNumbers

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["PositionDraws", "Universe", "along_the_sequence", "universe_of"]

# Random sets are drawn from positions that nearly all members have, as all have those asked about.
_COMMON = 0.9


@dataclass(frozen=True)
class Universe:
    """The generic positions that random sets are drawn from.

    Parameters
    ----------
    positions : tuple of str, length P
        GPCRdb numbers in the order of the sequence.
    codes : ndarray, dtype=int, shape=(P,)
        Stratum of each: segment x tertile of family conservation, as in `ResidueNumbers.strata`.
    place : ndarray, dtype=int, shape=(R, P)
        0-based residue of each member at each position, -1 where it has none.
    asked : ndarray, dtype=int, shape=(n,)
        Which of the positions are asked about.
    """

    positions: tuple[str, ...]
    codes: Integer[np.ndarray, " P"]
    place: Integer[np.ndarray, "R P"]
    asked: Integer[np.ndarray, " n"]

    @property
    def counts(self) -> np.ndarray:
        """How many positions of each stratum are asked about, ndarray, dtype=int."""
        return np.bincount(self.codes[self.asked], minlength=self.codes.max() + 1)


def universe_of(asked: ReceptorSet) -> Universe:
    """The positions that at least nine tenths of the members have, and their strata."""
    found = Counter(number for member in asked.members for number in set(member.numbered.gpcrdb) if number)
    common = {number for number, count in found.items() if count >= _COMMON * len(asked.members)} | set(asked.positions)
    positions = tuple(sorted(common, key=along_the_sequence))
    place = np.array([_place(member.numbered, positions) for member in asked.members])
    index = {position: at for at, position in enumerate(positions)}
    strata = _strata(asked.members, positions, place)
    return Universe(positions, encode_strata(strata, len(positions)), place, np.array([index[position] for position in asked.positions]))


class PositionDraws:
    """B random sets of positions, and what they weigh over all receptors.

    The statistic is linear in the columns, so one matrix stands for all receptors: at each position the weighted mean of c / sigma over the
    members that have it.

    Parameters
    ----------
    universe : Universe
    columns : sequence of Columns, length R
    weights : ndarray, dtype=float, shape=(R,)
    draws, seed : int

    Attributes
    ----------
    scores : tuple of Standardised, length R
    combined : ndarray, dtype=float64, shape=(heads, P)
        Weighted mean of c / sigma at each position.
    """

    def __init__(self, universe: Universe, columns: Sequence[Columns], weights: np.ndarray, draws: int, seed: int):
        self._universe = universe
        self.scores = tuple(self._standardise(each, place) for each, place in zip(columns, universe.place, strict=True))
        self.combined = self._combine(columns, weights)
        self._random = draw_sites(universe.codes, universe.counts, draws, seed)

    def p_values(self) -> Float[np.ndarray, " heads"]:
        """One-sided p of each head, ndarray, dtype=float, shape=(heads,)."""
        return exceedance_p(self.combined, self.combined[:, self._universe.asked].sum(axis=1), self._random)

    def passing(self, tested: np.ndarray, level: float, count: int) -> np.ndarray:
        """Heads with q < `level` for each of `count` random sets, as `passing_random_sites`."""
        return passing_random_sites(self.combined, tested, self._random, level, count)

    def _standardise(self, columns: Columns, place: np.ndarray) -> Standardised:
        here = place >= 0
        asked = np.searchsorted(np.flatnonzero(here), self._universe.asked)
        return standardised(columns, place[here], self._universe.codes[here], asked)

    def _combine(self, columns: Sequence[Columns], weights: np.ndarray) -> np.ndarray:
        heads, size = len(self.scores[0].snr), len(self._universe.positions)
        total, share = np.zeros((heads, size)), np.zeros((heads, size))
        for each, score, place, weight in zip(columns, self.scores, self._universe.place, weights, strict=True):
            here = place >= 0
            tested = np.isfinite(score.snr)
            flat = each.weights.reshape(heads, -1)[:, place[here]]
            total[:, here] += weight * np.where(tested[:, None], flat / np.where(tested, score.sigma, 1)[:, None], 0)
            share[:, here] += weight * tested[:, None]
        return np.divide(total, share, out=np.zeros_like(total), where=share > 0)


def along_the_sequence(position: str) -> tuple[int, str]:
    """Sort key: 12x50 (ICL1) lies between 1x and 2x, 45x50 (ECL2) between 4x and 5x; bulges (5x461) stand behind 5x46."""
    segment, number = position.split("x")
    return int(segment) * (10 if len(segment) == 1 else 1), number


def _place(numbers: ResidueNumbers, positions: tuple[str, ...]) -> list[int]:
    index = {number: at for at, number in enumerate(numbers.gpcrdb) if number}
    return [index.get(position, -1) for position in positions]


def _strata(members: Sequence[Member], positions: tuple[str, ...], place: np.ndarray) -> tuple[str, ...]:
    """Those of a receptor that has just these positions: the commonest segment of each, its conservation over the class."""
    segments, conserved = [], []
    for column in range(len(positions)):
        where = [(member.numbered, index) for member, index in zip(members, place[:, column], strict=True) if index >= 0]
        segments.append(Counter(numbers.segment[index] for numbers, index in where).most_common(1)[0][0])
        conserved.append(where[0][0].family_conservation[where[0][1]])
    family = np.array(conserved)
    nobody = members[0].numbered
    return ResidueNumbers(
        "",
        nobody.receptor_class,
        1.0,
        (None,) * len(positions),
        tuple(segments),
        positions,
        positions,
        family,
        np.full(len(family), np.nan),
    ).strata()
