"""The value norms of one kept run: |v_j W_O| of each residue in each head, with which attention becomes value-weighted attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from allo_core.runs.array_run import ArrayRun
from allo_core.runs.layout import META, NORMS
from allo_core.runs.meta_file import StoredNorms

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["ValueNorms"]


class ValueNorms(ArrayRun):
    """Value norms of every head of one run; use `allo_core.runs.store.find_norms`.

    Attributes
    ----------
    special_share : ndarray, dtype=float64, shape=(layers, heads)
        Mean share of value-weighted attention that residues spend on special tokens.
    """

    kind = "value_norms"
    file = NORMS
    stored = StoredNorms
    checksum = "norms_crc32"

    def _opened(self, said: Mapping[str, Any]) -> tuple[int, ...]:
        self.special_share = np.array(said["special_share"], dtype=np.float64)
        if self.special_share.shape != self.meta.shape[:2]:
            raise ValueError(f"{META} does not describe value norms of every layer and head")
        return self.meta.shape[:3]

    def norms(self) -> Float32[np.ndarray, "layers heads L"]:
        """|v_j W_O|, ndarray, dtype=float32; StoreError if the file is gone or damaged."""
        return self.values()
