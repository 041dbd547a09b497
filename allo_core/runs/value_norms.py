"""The value norms of one kept run: |v_j W_O| of each residue in each head, with which attention becomes value-weighted attention."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import StoreError
from allo_core.runs.layout import META, NORMS
from allo_core.runs.meta_file import StoredNorms, opening, read_meta_file

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["ValueNorms"]


class ValueNorms:
    """Value norms of every head of one run; as with `AttentionMaps` no file stays open.

    Parameters
    ----------
    folder : Path
        A committed run; use `allo_core.runs.store.find_norms`.

    Raises
    ------
    StoreError
        A file is missing or not as it was written (it is small enough to be checked whole), or meta.json cannot be read.
    OtherVersionError
        Another version of AlloScope made it; only meta.json was looked at.

    Attributes
    ----------
    meta : RunMeta
    folder : Path
    special_share : ndarray, dtype=float64, shape=(layers, heads)
        Mean share of value-weighted attention that residues spend on special tokens.
    nbytes : int
        What the run takes on the disk.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        with opening(self.folder):
            self._open()

    def _open(self) -> None:
        self.meta, stored = read_meta_file(self.folder, StoredNorms)
        layers, heads = self.meta.shape[:2]
        self.special_share = np.array(stored["special_share"], dtype=np.float64)
        self._crc32 = stored["norms_crc32"]
        if self.meta.kind != "value_norms" or self.special_share.shape != (layers, heads):
            raise ValueError("meta.json does not describe value norms of every layer and head")
        self.nbytes = self._read().nbytes + (self.folder / META).stat().st_size

    def _read(self) -> Float32[np.ndarray, "layers heads L"]:
        raw = np.fromfile(self.folder / NORMS, dtype=np.uint8)
        layers, heads, length, _ = self.meta.shape
        if raw.size != 4 * layers * heads * length:
            raise ValueError(f"{NORMS} has {raw.size} bytes, expected {4 * layers * heads * length}")
        if zlib.crc32(raw.data) != self._crc32:
            raise ValueError(f"the checksum of {NORMS} does not match")
        return raw.view(np.float32).reshape(layers, heads, length)

    def norms(self) -> Float32[np.ndarray, "layers heads L"]:
        """|v_j W_O|, ndarray, dtype=float32; StoreError if the file is gone or damaged."""
        try:
            return self._read()
        except (OSError, ValueError) as error:
            raise StoreError(
                f"The kept run {self.meta.key[:12]} cannot be read: {error}; delete {self.folder} and run the model again."
            ) from error
