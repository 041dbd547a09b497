"""Random pairs of sites that lie to each other as two marked sets do: as far apart in space and along the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.attention.pockets import pockets_like

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["Pairs", "pairs_like", "shifted_pairs"]

PAIRS = 1_000
_FIRSTS = 2_500  # pockets like the first set, each with as many like the second at about the right distance as below
_SECONDS = 20
_ROWS = 250
_SAME_DISTANCE = 1.5  # Å
# What counts as one step away: so many residues of the second set within so many of the first along the chain.
_NEAR_STEPS = ((0, 1.0), (4, 1.5), (16, 2.0), (64, 3.0))


class Pairs(NamedTuple):
    """B pairs of sites, 0-based residues.

    Parameters
    ----------
    first : ndarray, dtype=int, shape=(B, n)
    second : ndarray, dtype=int, shape=(B, m)
    """

    first: Integer[np.ndarray, "B n"]
    second: Integer[np.ndarray, "B m"]


def shifted_pairs(first: Integer[np.ndarray, " n"], second: Integer[np.ndarray, " m"], length: int) -> Pairs:
    """Both sets moved together by every step along the chain, closed to a ring; each distance along it stays.

    Parameters
    ----------
    first, second : ndarray, dtype=int
        0-based.
    length : int
        L; there are L - 1 steps.
    """
    steps = np.arange(1, length)[:, None]
    return Pairs((np.asarray(first) + steps) % length, (np.asarray(second) + steps) % length)


def pairs_like(
    first: Integer[np.ndarray, " n"],
    second: Integer[np.ndarray, " m"],
    positions: Float[np.ndarray, "L 3"],
    count: int = PAIRS,
    seed: int = 0,
) -> Pairs:
    """Pairs of pockets, each of the size and shape of its set, whose distance is most like that of the sets.

    Alike means: the distance of the centres, and how many residues of the second lie in the first, and within 4, 16 and 64 of it along
    the chain.

    Parameters
    ----------
    first, second : ndarray, dtype=int
        0-based, distinct.
    positions : ndarray, dtype=float, shape=(L, 3)
        In Å; NaN where there is none.
    count : int
        B.
    seed : int

    Raises
    ------
    ScoreError
        Too few residues of a set have a position, or too few of the protein.
    """
    first, second = np.sort(np.asarray(first)), np.sort(np.asarray(second))
    firsts = pockets_like(first, positions, seed=seed).members
    seconds = pockets_like(second, positions, seed=seed).members
    at, to = _at_distance(_centres(firsts, positions), _centres(seconds, positions), _distance(first, second, positions), seed)
    near = _nearness(firsts, seconds, at, to, len(positions))
    own = _nearness(first[None], second[None], np.zeros(1, dtype=int), np.zeros(1, dtype=int), len(positions))
    away = ((near - own) ** 2).sum(axis=1)
    taken = np.sort(np.argpartition(away, count - 1)[:count]) if count < len(away) else np.arange(len(away))
    return Pairs(firsts[at[taken]].astype(np.intp), seconds[to[taken]].astype(np.intp))


def _centres(members: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return np.nanmean(positions[members.astype(np.intp)], axis=1)


def _distance(first: np.ndarray, second: np.ndarray, positions: np.ndarray) -> float:
    return float(np.linalg.norm(_centres(first[None], positions) - _centres(second[None], positions)))


def _at_distance(first: np.ndarray, second: np.ndarray, wanted: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random pairs (index of the first, of the second) of centres whose distance is about the wanted one, else nearest to it."""
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(first), min(_FIRSTS, len(first)), replace=False)
    others = second.astype(np.float32)
    to = np.empty((len(chosen), _SECONDS), dtype=np.intp)
    for start in range(0, len(chosen), _ROWS):
        rows = slice(start, start + _ROWS)
        here = first[chosen[rows]].astype(np.float32)
        square = (here**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * here @ others.T
        off = np.abs(np.sqrt(np.maximum(square, 0)) - wanted) / _SAME_DISTANCE
        # Of those within one step any is as good as another.
        off = np.where(off < 1, generator.random(off.shape, dtype=np.float32), off)
        to[rows] = np.argpartition(off, _SECONDS - 1, axis=1)[:, :_SECONDS]
    return np.repeat(chosen, _SECONDS), to.ravel()


def _nearness(firsts: np.ndarray, seconds: np.ndarray, at: np.ndarray, to: np.ndarray, length: int) -> np.ndarray:
    """For each pair and each reach, residues of the second within it of the first along the chain, in steps; shape (pairs, reaches)."""
    inside = np.zeros((len(firsts), length), dtype=bool)
    np.put_along_axis(inside, firsts.astype(np.intp), True, axis=1)
    before = np.concatenate([np.zeros((len(firsts), 1), dtype=np.int32), np.cumsum(inside, axis=1, dtype=np.int32)], axis=1)
    found = []
    for reach, step in _NEAR_STEPS:
        low = np.maximum(np.arange(length) - reach, 0)
        high = np.minimum(np.arange(length) + reach + 1, length)
        near = (before[:, high] - before[:, low]) > 0
        found.append(near[at[:, None], seconds[to].astype(np.intp)].sum(axis=1) / step)
    return np.stack(found, axis=1)
