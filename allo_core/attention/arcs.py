"""The entries of one head's map above a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Integer

__all__ = ["Arcs"]


@dataclass(frozen=True, eq=False)
class Arcs:
    """The n entries of one head's map above a threshold, the strongest first; equal ones by query, then by key.

    Parameters
    ----------
    queries, keys : ndarray, dtype=int64, shape=(n,)
        0-based rows (who looks) and columns (who is looked at).
    weights : ndarray, dtype=float32, shape=(n,)
        Attention A_ij, as the model computed it.
    threshold : float
    """

    queries: Integer[np.ndarray, " n"]
    keys: Integer[np.ndarray, " n"]
    weights: Float32[np.ndarray, " n"]
    threshold: float

    def __len__(self) -> int:
        return len(self.weights)

    def above(self, threshold: float) -> Arcs:
        """Those above a higher threshold; ScoreError for a lower one, whose arcs are not here."""
        if threshold < self.threshold:
            raise ScoreError(f"These arcs were taken above {self.threshold:g}; take them again for a threshold of {threshold:g}.")
        # A plain float is compared in float32, as everywhere; the weights descend.
        n = int(np.count_nonzero(self.weights > float(threshold)))
        return Arcs(self.queries[:n], self.keys[:n], self.weights[:n], float(threshold))
