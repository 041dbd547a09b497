"""Points whose distances come near given ones: stress majorisation with weights (SMACOF).

De Leeuw, in Recent Developments in Statistics (1977), 133; Borg and Groenen, Modern Multidimensional Scaling (2005), chapter 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["Descent"]

_ENOUGH = 1e-4  # a step that lowers the stress by a smaller share of itself is the last one
_NOTHING = 1e-10  # of the stress of all points in one place: below it the distances fit
_ONE_PLACE = 1e-9  # Å: two points nearer than this have no direction between them


class Descent:
    """Steps that never raise the stress: the sum over pairs of weight times (distance - given distance)².

    A step is the Guttman transform X <- V⁺ B(X) X, with V⁺ the pseudo-inverse of V, which holds minus the weights and on its diagonal the
    sums of their rows.  1 / N stands in its place for equal weights alone.

    Parameters
    ----------
    distances : ndarray, dtype=float64, shape=(N, N)
        Å, symmetric.
    weights : ndarray, dtype=float64, shape=(N, N)
        Symmetric, 0 on the diagonal; pairs above 0 join all points.
    """

    def __init__(self, distances: Float64[np.ndarray, "N N"], weights: Float64[np.ndarray, "N N"]):
        self._distances, self._weights = distances, weights
        self._products = weights * distances
        v = np.diag(weights.sum(axis=1)) - weights
        # Where the points are joined this can be inverted, and gives what V⁺ gives for columns that sum to 0.
        self._factor = cho_factor(v + v.trace() / len(v) ** 2, overwrite_a=True)

    def points(self, start: Float64[np.ndarray, "N 3"], most: int) -> Iterator[tuple[Float64[np.ndarray, "N 3"], float]]:
        """The points after each step, with their stress in Å², until it does not fall any more.

        Parameters
        ----------
        start : ndarray, dtype=float64, shape=(N, 3)
        most : int
            Steps.
        """
        xyz, apart = start, cdist(start, start)
        last, enough = np.inf, _NOTHING * self._stress(np.zeros_like(apart))
        for _ in range(most):
            xyz = self._moved(xyz, apart)
            apart = cdist(xyz, xyz)
            stress = self._stress(apart)
            yield xyz, stress
            if last - stress <= _ENOUGH * stress or stress <= enough:
                return
            last = stress

    def _moved(self, xyz: np.ndarray, apart: np.ndarray) -> np.ndarray:
        """The Guttman transform of points that are so far apart, shape (N, 3)."""
        pull = np.divide(self._products, apart, out=np.zeros_like(apart), where=apart > _ONE_PLACE)
        moved = cho_solve(self._factor, pull.sum(axis=1)[:, None] * xyz - pull @ xyz)
        return moved - moved.mean(axis=0)

    def _stress(self, apart: np.ndarray) -> float:
        off = apart - self._distances
        off *= off
        return float(np.vdot(self._weights, off)) / 2
