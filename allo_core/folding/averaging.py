"""Distances that the receptors of a class have in common: mean and spread of each pair of generic numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import pdist, squareform

from allo_core.folding.scaling import Coordinates, scale_distances

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["FEWEST_OF_A_PAIR", "NEAR", "PairDistances", "averaged", "in_chain_order"]

FEWEST_OF_A_PAIR = 3  # receptors that show both residues; below that a spread says nothing
NEAR = 15.0  # Å, as lDDT looks (Mariani et al. 2013): distances within it say how sure a residue is of its surroundings

# The segments of GPCRdb numbers along the chain; 12x, 23x, 34x and 45x are loops (Isberg et al. 2015), 8x is helix 8.
_SEGMENTS = ("1", "12", "2", "23", "3", "34", "4", "45", "5", "56", "6", "67", "7", "78", "8")
_NUMBER = re.compile(r"(\d{1,2})x(\d{2,3})")


@dataclass(frozen=True, eq=False)
class PairDistances:
    """CA distances at P generic numbers of one class, over one structure or more of each of some receptors.

    Parameters
    ----------
    positions : tuple of str, length P
        Generic numbers in the order of the chain.
    mean, sd : ndarray, dtype=float64, shape=(P, P)
        Å; every receptor counts once.  NaN where fewer than three receptors show both residues.
    receptors : tuple of str
        Entry names of those that were averaged.
    """

    positions: tuple[str, ...]
    mean: Float64[np.ndarray, "P P"] = field(repr=False)
    sd: Float64[np.ndarray, "P P"] = field(repr=False)
    receptors: tuple[str, ...] = field(repr=False)

    @property
    def weights(self) -> Float64[np.ndarray, "P P"]:
        """1/(1 + sd)², 0 where nothing is known; ndarray, dtype=float64, shape=(P, P)."""
        return np.where(np.isfinite(self.sd), 1 / (1 + np.nan_to_num(self.sd)) ** 2, 0.0)

    @cached_property
    def coordinates(self) -> Coordinates:
        """The fold whose distances come nearest to the means, [P, 3]; its neighbours in the list are not always neighbours in a chain."""
        return scale_distances(np.nan_to_num(self.mean), self.weights, bond=None)

    @cached_property
    def spread(self) -> Float64[np.ndarray, " P"]:
        """Mean sd in Å of the distances to all residues within 15 Å; NaN where none is known; ndarray, dtype=float64, shape=(P,)."""
        near = (self.mean < NEAR) & ~np.eye(len(self.positions), dtype=bool)
        count = near.sum(axis=1)
        total = np.where(near, np.nan_to_num(self.sd), 0).sum(axis=1)
        return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)

    @cached_property
    def place(self) -> dict[str, int]:
        """Row of each generic number."""
        return {number: row for row, number in enumerate(self.positions)}


def in_chain_order(numbers: Iterable[str]) -> tuple[str, ...]:
    """GPCRdb numbers, each once, along the chain: 1x50 before 12x48, a bulge 5x461 behind 5x46; those of no segment at the end."""

    def place(number: str) -> tuple[int, float, str]:
        parts = _NUMBER.fullmatch(number)
        if parts is None or parts[1] not in _SEGMENTS:
            return len(_SEGMENTS), 0.0, number
        return _SEGMENTS.index(parts[1]), float(f"0.{parts[2]}"), number

    return tuple(sorted(set(numbers), key=place))


def averaged(
    positions: Sequence[str], structures: Sequence[tuple[str, Float[np.ndarray, "P 3"]]], without: Iterable[str] = ()
) -> PairDistances:
    """Mean and standard deviation of each distance; several structures of one receptor share its weight.

    Parameters
    ----------
    positions : sequence of str, length P
    structures : sequence of (str, ndarray of shape (P, 3))
        Entry name of the receptor, and CA positions in Å at the generic numbers, NaN where there is none.
    without : iterable of str
        Receptors that are left out.
    """
    left_out = set(without)
    of_receptor: dict[str, list[np.ndarray]] = {}
    for receptor, points in structures:
        if receptor not in left_out:
            of_receptor.setdefault(receptor, []).append(np.asarray(points, dtype=float))
    weight, first, second = (np.zeros(len(positions) * (len(positions) - 1) // 2) for _ in range(3))
    for copies in of_receptor.values():
        own_weight, own_first, own_second = _moments(copies)
        known = own_weight > 0
        weight += known
        first[known] += own_first[known] / own_weight[known]
        second[known] += own_second[known] / own_weight[known]
    known = weight >= FEWEST_OF_A_PAIR
    mean = np.divide(first, weight, out=np.full(len(weight), np.nan), where=known)
    square = np.divide(second, weight, out=np.full(len(weight), np.nan), where=known)
    sd = np.sqrt(np.maximum(square - mean**2, 0))
    return PairDistances(tuple(positions), _square(mean), _square(sd), tuple(sorted(of_receptor)))


def _moments(copies: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many structures of one receptor show each pair, and the sums of its distances and of their squares, each of shape (pairs,)."""
    distances = np.stack([pdist(points) for points in copies])
    known = np.isfinite(distances)
    filled = np.where(known, distances, 0)
    return known.sum(axis=0), filled.sum(axis=0), (filled**2).sum(axis=0)


def _square(pairs: np.ndarray) -> Float64[np.ndarray, "P P"]:
    """A symmetric matrix, 0 on the diagonal, from its upper triangle row by row."""
    return squareform(pairs, checks=False)
