"""Contacts between residues, and the bonds of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from allo_core.networks.points import RULES, Points

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float64, Integer

__all__ = ["NOISE", "Edges", "edges_of", "moved"]

# Å, standard deviation along each axis.  Coordinates of a structure at 2.5 to 3 Å resolution are not better than that.
NOISE = 0.3


class Edges(NamedTuple):
    """E edges between residues, in ascending order.

    Parameters
    ----------
    pairs : ndarray, dtype=int, shape=(E, 2)
        0-based residues, the lower first.
    atoms : ndarray, dtype=int, shape=(E,)
        Pairs of atoms in contact; 0 of chain neighbours, whose contacts are not counted.
    bonded : ndarray, dtype=bool, shape=(E,)
        Chain bonds.
    """

    pairs: Integer[np.ndarray, "E 2"]
    atoms: Integer[np.ndarray, " E"]
    bonded: Bool[np.ndarray, " E"]


def edges_of(points: Points) -> Edges:
    """Contacts by the rule of the points, and chain bonds where the rule has them."""
    rule, length = RULES[points.rule], len(points)
    near = cKDTree(points.positions).query_pairs(rule.farthest, output_type="ndarray")
    one, other = points.residue[near[:, 0]], points.residue[near[:, 1]]
    counted = np.abs(one - other) >= rule.apart
    if rule.nearest:
        apart = np.linalg.norm(points.positions[near[:, 0]] - points.positions[near[:, 1]], axis=1)
        counted &= apart >= rule.nearest
    low, high = np.minimum(one, other)[counted], np.maximum(one, other)[counted]
    keys, atoms = np.unique(low.astype(np.int64) * length + high, return_counts=True)
    bonds = points.bonds[:, 0].astype(np.int64) * length + points.bonds[:, 1] if rule.bonds else np.zeros(0, dtype=np.int64)
    every = np.union1d(keys, bonds)
    count = np.zeros(len(every), dtype=np.int64)
    count[np.searchsorted(every, keys)] = atoms
    return Edges(np.column_stack(np.divmod(every, length)), count, np.isin(every, bonds))


def moved(points: Points, generator: np.random.Generator, distance: float = NOISE) -> Points:
    """The points with each residue moved as one body by a normal step.

    Parameters
    ----------
    generator : numpy.random.Generator
    distance : float
        Å, standard deviation along each axis.
    """
    steps: Float64[np.ndarray, "L 3"] = generator.normal(scale=distance, size=(len(points), 3))
    return Points(points.rule, points.positions + steps[points.residue], points.residue, points.nodes, points.bonds, points.places + steps)
