"""A run that is one small array of float32: of value norms, of probabilities; each kind is a class of its own."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from allo_core.errors import StoreError
from allo_core.runs.layout import META
from allo_core.runs.meta import HOLDS, RunKind
from allo_core.runs.meta_file import opening, read_meta_file

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["ArrayRun"]


class ArrayRun:
    """One array beside meta.json, small enough to be read and checked whole; as with `AttentionMaps` no file stays open.

    A subclass names its kind, the file of the array, what meta.json says of it (a TypedDict) and what its check sum is called there.

    Parameters
    ----------
    folder : Path
        A committed run; use what finds runs of this kind in `allo_core.runs.store`.

    Raises
    ------
    StoreError
        A file is missing or not as it was written, or meta.json cannot be read.
    OtherVersionError
        Another version of AlloScope made it; only meta.json was looked at.

    Attributes
    ----------
    meta : RunMeta
    folder : Path
    nbytes : int
        What the run takes on the disk.
    """

    kind: ClassVar[RunKind]
    file: ClassVar[str]
    stored: ClassVar[type]
    checksum: ClassVar[str]

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        with opening(self.folder):
            self.meta, said = read_meta_file(self.folder, self.stored)
            if self.meta.kind != self.kind:
                raise ValueError(f"{META} does not describe {HOLDS[self.kind]}")
            self._shape = self._opened(said)
            self._crc32: int = said[self.checksum]
            self.nbytes = self._read().nbytes + (self.folder / META).stat().st_size

    def _opened(self, said: Mapping[str, Any]) -> tuple[int, ...]:
        """The shape of the array, once what else meta.json says is taken; ValueError if that cannot be."""
        raise NotImplementedError

    def _read(self) -> Float32[np.ndarray, "*shape"]:
        raw = np.fromfile(self.folder / self.file, dtype=np.uint8)
        size = 4 * int(np.prod(self._shape))
        if raw.size != size:
            raise ValueError(f"{self.file} has {raw.size} bytes, expected {size}")
        if zlib.crc32(raw.data) != self._crc32:
            raise ValueError(f"the checksum of {self.file} does not match")
        return raw.view(np.float32).reshape(self._shape)

    def values(self) -> Float32[np.ndarray, "*shape"]:
        """The array; StoreError if the file is gone or damaged."""
        try:
            return self._read()
        except (OSError, ValueError) as error:
            raise StoreError(
                f"The kept run {self.meta.key[:12]} cannot be read: {error}; delete {self.folder} and run the model again."
            ) from error
