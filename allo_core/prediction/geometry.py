"""What the structure alone says of each residue: burial, how much of a pocket lies before it, and how far the orthosteric site is.

All of it is told from CB positions (CA of glycine), because those are known for every receptor with generic numbers.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from allo_core.prediction.examples import OrthostericSite
from allo_core.structure.geometry import neighbour_counts

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["GEOMETRY", "burial", "orthosteric_distance", "pocketness", "structure_features"]

GEOMETRY = ("burial", "pocketness", "distance to the orthosteric site")

_NEIGHBOUR = 10.0  # Å; the contact number of Pollastri et al., Proteins 47, 142 (2002), takes 8 to 14
# A probe point is free if no CB is nearer than _WALL: a side chain and a ligand's atom lie between them.
_SPACING, _WALL = 2.0, 5.0  # Å
_REACH = 12.0  # Å; how far a probe looks for protein
_CONE = np.cos(np.deg2rad(25.0))  # half the angle between two of the 26 directions, about
_BEFORE = 7.0  # Å; probes so near to a residue's CB are before it
_DIRECTIONS = np.array([step for step in product((-1.0, 0.0, 1.0), repeat=3) if any(step)])
_DIRECTIONS /= np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True)
_AT_ONCE = 1000  # probes, so that working arrays stay at some ten MB


def structure_features(positions: Float64[np.ndarray, "L 3"] | None, length: int, orthosteric: OrthostericSite | None) -> np.ndarray:
    """All three, shape (L, 3), in the order of `GEOMETRY`; a column is NaN where what it needs is not known.

    A residue without a position (disordered, pLDDT below 50) is neither buried nor in a pocket, and as far away as any other.
    """
    if positions is None:
        return np.full((length, len(GEOMETRY)), np.nan)
    far = np.full(length, np.nan) if orthosteric is None else orthosteric_distance(positions, orthosteric.residues)
    return np.stack([burial(positions), pocketness(positions), far], axis=1)


def burial(positions: Float64[np.ndarray, "L 3"]) -> Float64[np.ndarray, " L"]:
    """Number of other residues whose CB lies within 10 Å, shape (L,); 0 without a position."""
    return np.nan_to_num(neighbour_counts(positions, _NEIGHBOUR))


def pocketness(positions: Float64[np.ndarray, "L 3"]) -> Float64[np.ndarray, " L"]:
    """How enclosed the space before each residue is, 0 to 1, shape (L,); 0 without a position, or where no space is.

    Probe points stand on a grid wherever there is room.  The enclosure of a point is the share of 26 directions in which protein lies
    within 12 Å, as in LIGSITE (Hendlich, Rippmann and Barnickel, J. Mol. Graph. Model. 15, 359 (1997)), but with CB for all atoms.  A
    residue takes the highest of the points within 7 Å of its CB.
    """
    from scipy.spatial import cKDTree

    known = np.isfinite(positions).all(axis=1)
    found = np.zeros(len(positions))
    cb = positions[known]
    if not len(cb):
        return found
    tree = cKDTree(cb)
    # From the centre, so that the grid moves with the protein.
    low, high = cb.min(axis=0) - _BEFORE - cb.mean(axis=0), cb.max(axis=0) + _BEFORE - cb.mean(axis=0)
    axes = [np.arange(np.floor(start / _SPACING), np.ceil(stop / _SPACING) + 1) * _SPACING for start, stop in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) + cb.mean(axis=0)
    nearest, _ = tree.query(grid, distance_upper_bound=_BEFORE)
    probes = grid[(nearest >= _WALL) & np.isfinite(nearest)]
    if not len(probes):
        return found
    enclosed = np.concatenate([_enclosure(probes[at : at + _AT_ONCE], cb) for at in range(0, len(probes), _AT_ONCE)])
    before = cKDTree(probes).query_ball_point(cb, _BEFORE)
    found[known] = [enclosed[near].max(initial=0.0) for near in before]
    return found


def orthosteric_distance(positions: Float64[np.ndarray, "L 3"], residues: tuple[int, ...]) -> Float64[np.ndarray, " L"]:
    """Å from each CB to the nearest of the site, shape (L,); the largest of all without a position, NaN if the site has no position."""
    site = positions[list(residues)]
    site = site[np.isfinite(site).all(axis=1)]
    if not len(site):
        return np.full(len(positions), np.nan)
    apart = np.linalg.norm(positions[:, None] - site, axis=-1).min(axis=1)
    return np.where(np.isnan(apart), np.nanmax(apart), apart)


def _enclosure(probes: np.ndarray, cb: np.ndarray) -> np.ndarray:
    """Share of the directions in which a CB lies in a narrow cone, shape (n,)."""
    away = cb - probes[:, None]
    length = np.linalg.norm(away, axis=-1, keepdims=True)
    along = (away / length) @ _DIRECTIONS.T
    return ((along >= _CONE) & (length <= _REACH)).any(axis=1).mean(axis=1)
