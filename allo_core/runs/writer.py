"""Writing a run, layer by layer.

A run is written into a temporary folder beside its final place and moved there in one step, so that a run which can be found is complete.
Data files are not flushed to the disk first: sizes and checksums tell a run that a power cut damaged, and computing it again costs less
than waiting for the disk after every run.
"""

import zlib
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from allo_core.models.reading import Layer, Reader, Want
from allo_core.runs.disk import check_disk, disk_errors, runs_folder
from allo_core.runs.layout import ENTRIES, MAPS, SUMS, Entries, LayerEncoder, entries_nbytes, special_share
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.meta import RunMeta
from allo_core.runs.meta_file import Block, Stored, write_meta_file
from allo_core.runs.store import check_replaceable, place_run
from allo_core.storage.temporary import drop_temporary, new_temporary, remove_stale_temporaries

if TYPE_CHECKING:  # a kept run is found without torch
    from torch import Tensor

__all__ = ["RunReader", "RunWriter"]


class RunWriter:
    """Writes one run, layer by layer; nothing can be found before `commit`, and leaving the context without it removes everything.

    Parameters
    ----------
    meta : RunMeta
        Stays changeable as an attribute until `commit`, for what is known only then (seconds, notes); its key must stay the same.

    Raises
    ------
    StoreError
        At the start of the context: the disk is too small, or refuses.
    OtherVersionError
        At the start of the context: another version keeps a run under this key, which is not replaced.

    Examples
    --------
    >>> with RunWriter(meta) as writer:  # doctest: +SKIP
    ...     for layer, probabilities in enumerate(layers):
    ...         writer.write_layer(layer, probabilities, first=1, length=len(meta.sequence))
    ...     maps = writer.commit()
    """

    def __init__(self, meta: RunMeta):
        self.meta = meta
        layers, heads, length, _ = meta.shape
        self._blocks: dict[int, Block] = {}
        self._sums = np.zeros((layers, heads, length), dtype=np.float32)
        self._special_share = np.zeros((layers, heads))
        self._entries_end = 0
        self._encoder = LayerEncoder(heads, length)
        self._size = (layers, heads, length)
        self._disk = partial(disk_errors, layers, heads, length)

    def __enter__(self) -> "RunWriter":
        check_replaceable(self.meta)
        check_disk(*self._size)
        with ExitStack() as cleanup, self._disk():
            folder = runs_folder()
            folder.mkdir(parents=True, exist_ok=True)
            remove_stale_temporaries(folder)
            self._temporary = new_temporary(folder)
            cleanup.callback(drop_temporary, self._temporary)
            self._maps_file = cleanup.enter_context(open(self._temporary / MAPS, "wb", buffering=0))
            self._entries_file = cleanup.enter_context(open(self._temporary / ENTRIES, "wb", buffering=0))
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        self._cleanup.close()  # the files first, then the folder: Windows removes no open file

    def write_layer(self, layer: int, probabilities: "Tensor", first: int, length: int) -> None:
        """Encode and write the attention of one layer; layers may come in any order, each once.

        Parameters
        ----------
        probabilities : Tensor, dtype=float32, shape=(heads, T, T)
            After softmax, over all tokens, on any device.
        first, length : int
            The residues are tokens ``first`` to ``first + length - 1``.

        Raises
        ------
        ValueError
            A layer that does not belong to this run, or comes twice.
        StoreError
            The disk is full, or the values cannot be attention.
        """
        self._check_layer(layer, probabilities, first, length)
        maps_crc32, entries = 0, []
        with self._disk():
            self._maps_file.seek(2 * layer * self.meta.heads * length * length)
            for maps, above in self._encoder.encode(probabilities, first):
                maps_crc32 = zlib.crc32(maps.data, maps_crc32)
                _write(self._maps_file, maps)
                entries.append(above)
            count, entries_crc32 = self._write_entries(entries)
        self._sums[layer] = self._encoder.sums
        self._special_share[layer] = special_share(self._encoder.sums, layer)
        self._blocks[layer] = Block(offset=self._entries_end, entries=count, maps_crc32=maps_crc32, entries_crc32=entries_crc32)
        self._entries_end += entries_nbytes(count, self.meta.heads, length)

    def commit(self) -> AttentionMaps:
        """Move the run to its place and open it; a complete run that another process put there first is kept instead.

        Raises
        ------
        ValueError
            A layer is missing.
        StoreError
            The disk is full.
        OtherVersionError
            Another version has put its own there meanwhile.
        """
        missing = [layer for layer in range(self.meta.layers) if layer not in self._blocks]
        if missing:
            raise ValueError(f"layers {missing} of {self.meta.layers} were not written")
        blocks = [self._blocks[layer] for layer in range(self.meta.layers)]
        stored = Stored(layers=blocks, sums_crc32=zlib.crc32(self._sums.data), special_share=self._special_share.tolist())
        with self._disk():
            self._maps_file.close()
            self._entries_file.close()
            (self._temporary / SUMS).write_bytes(self._sums.data)
            write_meta_file(self._temporary, self.meta, stored)
            return place_run(self._temporary, self.meta, AttentionMaps)

    def _check_layer(self, layer: int, probabilities: "Tensor", first: int, length: int) -> None:
        layers, heads, residues, _ = self.meta.shape
        if layer in self._blocks or not 0 <= layer < layers:
            raise ValueError(f"layer {layer} {'came twice' if layer in self._blocks else f'is none of the {layers} of this run'}")
        tokens = probabilities.shape[-1]
        if length != residues or tuple(probabilities.shape) != (heads, tokens, tokens) or not 0 <= first <= tokens - length:
            given = f"attention of shape {tuple(probabilities.shape)} with {length} residues from token {first}"
            raise ValueError(f"{given} does not fit {heads} heads and {residues} residues")

    def _write_entries(self, entries: list[Entries]) -> tuple[int, int]:
        """Write one layer's block and return (number of entries, crc32)."""
        crc32 = 0
        for part in ("values", "columns", "row_counts"):
            for group in entries:
                data = getattr(group, part)
                crc32 = zlib.crc32(data, crc32)
                _write(self._entries_file, data)
        return sum(len(group.values) for group in entries), crc32


class RunReader(Reader):
    """Writes attention into a run, layer by layer; committing it is left to whoever opened the run."""

    wants: frozenset[Want] = frozenset({"attention"})

    def __init__(self, writer: RunWriter, progress: Callable[[int, int], None] | None = None):
        self._writer, self._progress = writer, progress

    def layer(self, layer: Layer) -> None:
        residues = layer.tokens.span
        self._writer.write_layer(layer.index, layer.attention, residues.start, residues.stop - residues.start)
        if self._progress is not None:
            self._progress(layer.index + 1, self._writer.meta.layers)


def _write(file, data: np.ndarray) -> None:
    remaining = data.data.cast("B") if data.size else b""
    while remaining:  # an unbuffered file may write less than it was given, e.g. just before the disk is full
        remaining = remaining[file.write(remaining) :]
