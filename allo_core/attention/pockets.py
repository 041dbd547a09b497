"""Random sites that hang together, as what people mark does: pockets grown around random centres, and stretches of the chain.

Attention is smooth along the chain and in space, so the few heads that like a neighbourhood like all of it.  Sites that are scattered over
their strata do not know of this; these do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.attention.columns import index_dtype
from allo_core.attention.draws import BoundedCache, RandomSites, digest
from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer, Num

__all__ = [
    "FEWEST_PLACES",
    "Kind",
    "Shape",
    "grown_pockets",
    "has_positions",
    "is_stretch",
    "places_like",
    "pockets_like",
    "shapes_of",
    "shifted_stretches",
]

Kind = Literal["pocket", "stretch"]

FEWEST_PLACES = 60
PROPOSALS = 60_000  # of which those are taken whose shape is most like the site's
POCKETS = 20_000
# A site within a window of twice its size is a stretch: it is compared with itself, moved along the chain.
_WIDEST_STRETCH = 2.0
_FEWEST_POSITIONS = 0.8  # share of a site's residues that must have a position
_CENTRE_SPREAD = 1.5  # Å, of a pocket's centre around a residue
_LONGEST_AXIS = 4.0  # times the others
_LOOSEST = 3.0  # spread of the logarithm by which squared distances are disturbed: at 0 a pocket is full, at 3 its residues lie apart
_NEAREST = 10  # times the size: the residues that a pocket may take
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
    places = positions[members]
    known = np.isfinite(places[..., :1])
    count = np.maximum(known.sum(axis=1), 1)
    centre = np.where(known, places, 0).sum(axis=1) / count
    square = np.where(known, (places - centre[:, None]) ** 2, 0).sum(axis=(1, 2)) / count[:, 0]
    return Shape((np.diff(members.astype(np.int64), axis=1) == 1).sum(axis=1), np.sqrt(square))


def grown_pockets(positions: Float[np.ndarray, "L 3"], size: int, count: int = PROPOSALS, seed: int = 0) -> Integer[np.ndarray, "B n"]:
    """Pockets of many shapes: full or loose, round or elongated, each around a random residue.

    A pocket takes the residues with the smallest distance from its centre, where distances along a random axis count less (by a factor
    from 1 to 4) and are disturbed (log-normal, of a random strength).

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
    key = ("grown", digest(positions), size, count, seed)
    return _cache.get(key, lambda: _grow(positions[known].astype(np.float32), known, size, count, seed, len(positions)))


def pockets_like(
    site: Integer[np.ndarray, " n"], positions: Float[np.ndarray, "L 3"], count: int = POCKETS, proposals: int = PROPOSALS, seed: int = 0
) -> RandomSites:
    """The pockets of the site's size whose shape is most like its own.

    Parameters
    ----------
    site : ndarray, dtype=int, shape=(n,)
        0-based, ascending.
    positions : ndarray, dtype=float, shape=(L, 3)
        In Å; NaN where there is none.
    count, proposals : int
        How many are taken, of how many.
    seed : int

    Raises
    ------
    ScoreError
        A fifth of the site or more has no position, or too few residues have one.
    """
    if not has_positions(site, positions):
        missing = (~np.isfinite(positions[site]).all(axis=1)).sum()
        raise ScoreError(f"{missing} of the {len(site)} marked residues have no position, so there are no pockets like theirs.")
    grown = grown_pockets(positions, len(site), proposals, seed)
    own = shapes_of(np.asarray(site)[None], positions)
    shapes = shapes_of(grown, positions)
    away = ((shapes.adjacent - own.adjacent[0]) / _STEP[0]) ** 2 + ((shapes.radius - own.radius[0]) / _STEP[1]) ** 2
    nearest = np.sort(np.argpartition(away, count - 1)[:count])
    key = ("pockets", digest(positions), len(site), int(own.adjacent[0]), round(float(own.radius[0]), 6), count, proposals, seed)
    return RandomSites(grown[nearest], len(positions), key)


def places_like(
    site: Integer[np.ndarray, " n"], length: int, positions: Float[np.ndarray, "L 3"] | None, seed: int = 0
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
    return None if positions is None else ("pocket", pockets_like(site, positions, seed=seed))


def _grow(places: np.ndarray, known: np.ndarray, size: int, count: int, seed: int, length: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    reach = min(len(places), max(_NEAREST * size, _FEWEST_NEAREST))
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    near = np.argpartition(apart, reach - 1, axis=1)[:, :reach]
    middle = generator.integers(len(places), size=count)
    pockets = np.empty((count, size), dtype=index_dtype(length))
    for start in range(0, count, _ROWS):
        rows = slice(start, start + _ROWS)
        candidates = near[middle[rows]]
        distance = _disturbed(places[candidates], places[middle[rows]], generator)
        taken = np.take_along_axis(candidates, np.argpartition(distance, size - 1, axis=1)[:, :size], axis=1)
        pockets[rows] = np.sort(known[taken], axis=1)
    return pockets


def _disturbed(candidates: np.ndarray, middle: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Logarithms of squared distances of candidates [rows, reach, 3] from random centres near the middles [rows, 3]."""
    rows = len(middle)
    centre = middle + generator.normal(0, _CENTRE_SPREAD, (rows, 3)).astype(np.float32)
    axis = generator.normal(size=(rows, 3)).astype(np.float32)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    longer = np.exp(generator.uniform(0, np.log(_LONGEST_AXIS), rows)).astype(np.float32)
    loose = generator.uniform(0, _LOOSEST, rows).astype(np.float32)
    offset = candidates - centre[:, None]
    along = np.einsum("rkx,rx->rk", offset, axis)
    square = np.einsum("rkx,rkx->rk", offset, offset) - along**2 * (1 - longer[:, None] ** -2)
    return np.log(np.maximum(square, 1e-3)) + loose[:, None] * generator.normal(size=square.shape).astype(np.float32)
