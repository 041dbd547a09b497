"""At which threshold heads have enough arcs to be tested."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.nulls import FEWEST_ARCS

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["highest_testable"]


def highest_testable(
    arcs_at: Callable[[float], Integer[np.ndarray, "layers heads L"]], thresholds: Sequence[float], share: float = 0.5
) -> float:
    """The highest threshold at which at least a share of the heads has 10 arcs; the lowest one where none has.

    Arcs only become fewer as the threshold rises, so a few of the thresholds are looked at.

    Parameters
    ----------
    arcs_at : callable(threshold) -> ndarray, dtype=int, shape=(layers, heads, L)
        Arcs that end at each residue (`Columns.arcs`).
    thresholds : sequence of float
        Ascending.
    share : float
        Of the heads.
    """

    def too_few(threshold: float) -> bool:
        return (arcs_at(threshold).sum(axis=-1) >= FEWEST_ARCS).mean() < share

    return thresholds[max(bisect_left(thresholds, True, key=too_few) - 1, 0)]
