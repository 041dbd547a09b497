"""Random sites that hang together, as what people mark does: pockets grown around random centres, and stretches of the chain.

Attention is smooth along the chain and in space, so the few heads that like a neighbourhood like all of it.  Sites that are scattered over
their strata do not know of this; these do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.attention.columns import index_dtype
from allo_core.attention.draws import BoundedCache, RandomSites, digest, indicator
from allo_core.attention.nulls import default_draws
from allo_core.attention.threads import in_threads
from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer, Num

__all__ = [
    "FEWEST_PLACES",
    "MOST_POCKETS",
    "POCKETS",
    "Kind",
    "Shape",
    "grown_pockets",
    "has_positions",
    "is_stretch",
    "places_like",
    "pockets_for",
    "pockets_like",
    "shapes_of",
    "shifted_stretches",
]

Kind = Literal["pocket", "stretch"]

FEWEST_PLACES = 60
POCKETS = 20_500  # what `pockets_for` gives up to 500 heads
MOST_POCKETS = 200_000  # growing them takes ten seconds
_SPARE = 40  # one more for so many, since a few are the same
_PROPOSALS = 3  # times as many, of which those are taken whose shape is most like the site's
# A site within a window of twice its size is a stretch: it is compared with itself, moved along the chain.
_WIDEST_STRETCH = 2.0
_FEWEST_POSITIONS = 0.8  # share of a site's residues that must have a position
_CENTRE_SPREAD = 1.5  # Å, of a pocket's centre around a residue
_LONGEST_AXIS = 4.0  # times the others
_LOOSEST = 3.0  # spread of the logarithm by which squared distances are disturbed: at 0 a pocket is full, at 3 its residues lie apart
_BAND = 4  # sizes up to the next multiple take their pockets from the same growing
_NEAREST = 10  # times that size: the residues that a pocket may take
_FEWEST_NEAREST = 60
_ROWS = 4096
# What counts as one step away in shape: one pair of chain neighbours, and 0.6 Å of the radius.
_STEP = (1.0, 0.6)

_cache = BoundedCache(64 << 20)


class Shape(NamedTuple):
    """How a site hangs together: pairs of neighbours along the chain, and the radius of gyration in Å."""

    adjacent: Num[np.ndarray, " B"]
    radius: Float[np.ndarray, " B"]


def is_stretch(site: Integer[np.ndarray, " n"]) -> bool:
    """Whether the residues (0-based, ascending) lie within a window of twice their number."""
    return len(site) > 1 and int(site[-1]) - int(site[0]) + 1 <= _WIDEST_STRETCH * len(site)


def has_positions(site: Integer[np.ndarray, " n"], positions: Float[np.ndarray, "L 3"]) -> bool:
    """Whether enough of a site's residues have a position for pockets like it: four fifths."""
    return bool(np.isfinite(positions[site]).all(axis=1).mean() >= _FEWEST_POSITIONS)


def shifted_stretches(site: Integer[np.ndarray, " n"], length: int) -> RandomSites:
    """The site at every place of the chain where it fits, in order; its own place among them.

    Parameters
    ----------
    site : ndarray, dtype=int, shape=(n,)
        0-based, ascending.
    length : int
        L.
    """
    pattern = np.asarray(site) - site[0]
    starts = np.arange(length - int(pattern[-1]))
    members = (starts[:, None] + pattern).astype(index_dtype(length))
    return RandomSites(members, length, ("stretch", pattern.tobytes(), length))


def shapes_of(members: Integer[np.ndarray, "B n"], positions: Float[np.ndarray, "L 3"]) -> Shape:
    """The shape of each site; residues without a position (NaN) do not count for the radius.

    Parameters
    ----------
    members : ndarray, dtype=int, shape=(B, n)
        0-based, ascending in each row.
    positions : ndarray, dtype=float, shape=(L, 3)
        In Å.
    """
    known = np.isfinite(positions).all(axis=1)
    around = np.zeros_like(positions)
    around[known] = positions[known] - positions[known].mean(axis=0) if known.any() else 0
    # Sums over a site of x, y, z, their squares, and how many are known, in one step: the radius is what a direct sum gives to 1e-7 Å.
    summed = np.column_stack([around, (around**2).sum(axis=1), known])
    sums, adjacent = np.empty((len(members), summed.shape[1])), np.empty(len(members), dtype=np.intp)

    def fill(start: int) -> None:
        rows = members[start : start + _ROWS]
        sums[start : start + _ROWS] = indicator(rows, len(positions), np.float64) @ summed
        adjacent[start : start + _ROWS] = np.count_nonzero(rows[:, 1:] == rows[:, :-1] + 1, axis=1)

    in_threads(fill, range(0, len(members), _ROWS))
    count = np.maximum(sums[:, 4], 1)
    square = sums[:, 3] / count - ((sums[:, :3] / count[:, None]) ** 2).sum(axis=1)
    return Shape(adjacent, np.sqrt(np.maximum(square, 0)))


def grown_pockets(
    positions: Float[np.ndarray, "L 3"], size: int, count: int = _PROPOSALS * POCKETS, seed: int = 0
) -> Integer[np.ndarray, "B n"]:
    """Pockets of many shapes: full or loose, round or elongated, each around a random residue.

    A pocket takes the residues with the smallest distance from its centre, where distances along a random axis count less (by a factor
    from 1 to 4) and are disturbed (log-normal, of a random strength).  One residue more is one of the nearest more: most sizes need no new
    growing.

    Parameters
    ----------
    positions : ndarray, dtype=float, shape=(L, 3)
        In Å; residues without one (NaN) are in no pocket.
    size : int
        n.
    count : int
        B.
    seed : int

    Returns
    -------
    ndarray, dtype=uint16 or uint32, shape=(B, n)
        0-based, ascending in each row; kept for the next call.

    Raises
    ------
    ScoreError
        Fewer than twice as many residues have a position.
    """
    known = np.flatnonzero(np.isfinite(positions).all(axis=1))
    if len(known) < 2 * size:
        raise ScoreError(f"{len(known)} residues have a position, too few for pockets of {size}; choose another structure.")
    return _cache.get(("pockets", digest(positions), size, count, seed), lambda: _pockets(positions, known, size, count, seed))


def pockets_like(site: Integer[np.ndarray, " n"], positions: Float[np.ndarray, "L 3"], count: int = POCKETS, seed: int = 0) -> RandomSites:
    """The pockets of the site's size whose shape is most like its own.

    Parameters
    ----------
    site : ndarray, dtype=int, shape=(n,)
        0-based, ascending.
    positions : ndarray, dtype=float, shape=(L, 3)
        In Å; NaN where there is none.
    count : int
        How many are taken, of three times as many.
    seed : int

    Raises
    ------
    ScoreError
        A fifth of the site or more has no position, or too few residues have one.
    """
    if not has_positions(site, positions):
        missing = (~np.isfinite(positions[site]).all(axis=1)).sum()
        raise ScoreError(f"{missing} of the {len(site)} marked residues have no position, so there are no pockets like theirs.")
    proposals = _PROPOSALS * count
    grown = grown_pockets(positions, len(site), proposals, seed)
    own = shapes_of(np.asarray(site)[None], positions)
    shapes = Shape(*_cache.get(("shapes", digest(positions), len(site), proposals, seed), lambda: np.stack(shapes_of(grown, positions))))
    away = ((shapes.adjacent - own.adjacent[0]) / _STEP[0]) ** 2 + ((shapes.radius - own.radius[0]) / _STEP[1]) ** 2
    nearest = np.sort(np.argpartition(away, count - 1)[:count])
    key = ("pockets", digest(positions), len(site), int(own.adjacent[0]), round(float(own.radius[0]), 6), count, seed)
    return RandomSites(grown[nearest], len(positions), key)


def pockets_for(heads: int, draws: int | None = None) -> int:
    """How many pockets are taken so that about `draws` of them are different, by default as many as so many heads need."""
    wanted = draws or default_draws(heads)
    return wanted + wanted // _SPARE


def places_like(
    site: Integer[np.ndarray, " n"], length: int, positions: Float[np.ndarray, "L 3"] | None, seed: int = 0, count: int = POCKETS
) -> tuple[Kind, RandomSites] | None:
    """The places that a site is compared with: itself moved along the chain where it is a stretch, else pockets like it.

    Parameters
    ----------
    site : ndarray, dtype=int, shape=(n,)
        0-based, ascending.
    length : int
        L.
    positions : ndarray, dtype=float, shape=(L, 3), or None
        In Å, NaN where there is none; not needed for a stretch.
    seed : int
    count : int
        How many pockets; a stretch has as many places as the chain gives it.

    Returns
    -------
    kind, places
        None where there is nothing to compare with: a site that is no stretch, without positions, or a stretch with fewer than 60 places.

    Raises
    ------
    ScoreError
        Positions that are too few for pockets like this.
    """
    if is_stretch(site):
        places = shifted_stretches(site, length)
        return ("stretch", places) if len(places) >= FEWEST_PLACES else None
    return None if positions is None else ("pocket", pockets_like(site, positions, count, seed))


def _pockets(positions: np.ndarray, known: np.ndarray, size: int, count: int, seed: int) -> np.ndarray:
    most = min(len(known), -(-size // _BAND) * _BAND)
    nearest = _cache.get(
        ("grown", digest(positions), most, count, seed), lambda: _grow(positions[known].astype(np.float32), known, most, count, seed)
    )
    return np.sort(nearest[:, :size], axis=1)


def _grow(places: np.ndarray, known: np.ndarray, most: int, count: int, seed: int) -> np.ndarray:
    """The `most` residues nearest to each random centre, the nearest first; shape (count, most)."""
    reach = min(len(places), max(_NEAREST * most, _FEWEST_NEAREST))
    places = places - places.mean(axis=0)
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    near = np.argpartition(apart, reach - 1, axis=1)[:, :reach]
    nearest = np.empty((count, most), dtype=index_dtype(int(known[-1]) + 1))

    def fill(start: int) -> None:
        generator = np.random.default_rng([seed, start])  # one for each block, whichever thread takes it
        middle = generator.integers(len(places), size=min(_ROWS, count - start))
        candidates = near[middle]
        order = _smallest_first(_disturbed(places, candidates, middle, generator), most)
        nearest[start : start + _ROWS] = known[np.take_along_axis(candidates, order, axis=1)]

    in_threads(fill, range(0, count, _ROWS))
    return nearest


def _disturbed(places: np.ndarray, near: np.ndarray, middle: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Disturbed squared distances of residues `near` [rows, reach] from random centres near the residues `middle` [rows]."""
    rows = len(middle)
    centre = places[middle] + _CENTRE_SPREAD * generator.standard_normal((rows, 3), dtype=np.float32)
    axis = generator.standard_normal((rows, 3), dtype=np.float32)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    longer = np.exp(generator.uniform(0, np.log(_LONGEST_AXIS), rows)).astype(np.float32)
    loose = generator.uniform(0, _LOOSEST, rows).astype(np.float32)
    along = axis @ places.T - (axis * centre).sum(axis=1)[:, None]
    square = (places**2).sum(axis=1) + (centre**2).sum(axis=1)[:, None] - 2 * centre @ places.T
    square -= along**2 * (1 - longer[:, None] ** -2)
    disturbance = np.exp(loose[:, None] * generator.standard_normal(near.shape, dtype=np.float32))
    return np.maximum(np.take_along_axis(square, near, axis=1), 1e-3) * disturbance


def _smallest_first(values: np.ndarray, count: int) -> np.ndarray:
    """Columns of the smallest of positive float32 values in each row, to one part in some thousands, the smallest first."""
    # Positive floats have the order of their bits, and the lowest bits give way to the column: one sort, six times as fast as argpartition.
    columns = np.arange(values.shape[1], dtype=np.uint32)
    low = np.uint32((1 << int(columns[-1]).bit_length()) - 1)
    return (np.sort(values.view(np.uint32) & ~low | columns, axis=1)[:, :count] & low).astype(np.intp)
