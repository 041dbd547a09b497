"""The value norms of one kept run: |v_j W_O| of each residue in each head, with which attention becomes value-weighted attention."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import OtherVersionError, StoreError
from allo_core.runs.layout import META, NORMS
from allo_core.runs.meta_file import META_DAMAGE, StoredNorms, read_meta_file
from allo_core.storage.plain_json import OtherVersion

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
        A file is missing, has the wrong size, or meta.json cannot be read.
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
        try:
            self._open()
        except OtherVersion as error:
            raise OtherVersionError(
                f"The kept run in {self.folder} was made by another version of AlloScope (written {error}); "
                f"run again, or open it with that version.",
                str(error),
            ) from error
        except META_DAMAGE as error:
            raise StoreError(f"The kept run in {self.folder} is damaged ({error}); delete it and run the model again.") from error

    def _open(self) -> None:
        self.meta, stored = read_meta_file(self.folder, StoredNorms)
        layers, heads, length, _ = self.meta.shape
        self.special_share = np.array(stored["special_share"], dtype=np.float64)
        self._crc32 = stored["norms_crc32"]
        if self.meta.kind != "value_norms" or self.special_share.shape != (layers, heads):
            raise ValueError("meta.json does not describe value norms of every layer and head")
        size, expected = (self.folder / NORMS).stat().st_size, 4 * layers * heads * length
        if size != expected:
            raise ValueError(f"{NORMS} has {size} bytes, expected {expected}")
        self.nbytes = size + (self.folder / META).stat().st_size

    def norms(self) -> Float32[np.ndarray, "layers heads L"]:
        """|v_j W_O|, ndarray, dtype=float32; StoreError if the file is gone or damaged."""
        layers, heads, length, _ = self.meta.shape
        try:
            raw = np.fromfile(self.folder / NORMS, dtype=np.float32)
        except OSError as error:
            raise self._unreadable(error) from error
        if raw.size != layers * heads * length or zlib.crc32(raw.data) != self._crc32:
            raise self._unreadable(f"{NORMS} is not as it was written")
        return raw.reshape(layers, heads, length)

    def _unreadable(self, reason: object) -> StoreError:
        return StoreError(f"The kept run {self.meta.key[:12]} cannot be read: {reason}; delete {self.folder} and run the model again.")
