"""The attention of one kept run, read from disk as it is needed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.arcs import Arcs
from allo_core.attention.columns import LARGEST_THRESHOLD, Columns, check_positions, check_threshold, index_dtype
from allo_core.attention.threads import in_threads
from allo_core.errors import ScoreError, StoreError
from allo_core.runs.layout import ENTRIES, FLOOR, MAPS, META, SUMS, Entries, entries_nbytes, entry_columns
from allo_core.runs.meta_file import Block, Stored, opening, read_meta_file

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float16, Float32, Float64

__all__ = ["AttentionMaps"]


class AttentionMaps:
    """Attention over residues of every head of one run.

    Nothing is held in memory and no file stays open: each access reads what it needs, so a run can be deleted while this object lives.

    Parameters
    ----------
    folder : Path
        A committed run; use `allo_core.runs.store.find_run`.

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
        Mean share of attention that residues spend on special tokens (BOS, EOS and the like).
    nbytes : int
        What the run takes on the disk.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        with opening(self.folder):
            self._open()
        self._checked: set[tuple[str, int | None]] = set()

    def _open(self) -> None:
        self.meta, stored = read_meta_file(self.folder, Stored)
        layers, heads, length, _ = self.meta.shape
        self.special_share = np.array(stored["special_share"], dtype=np.float64)
        self._blocks = stored["layers"]
        self._sums_crc32 = stored["sums_crc32"]
        if self.special_share.shape != (layers, heads) or len(self._blocks) != layers:
            raise ValueError("meta.json does not list every layer and head")
        sizes = {
            MAPS: 2 * layers * heads * length * length,
            SUMS: 4 * layers * heads * length,
            ENTRIES: sum(self._block_nbytes(block) for block in self._blocks),
        }
        for name, size in sizes.items():
            actual = (self.folder / name).stat().st_size
            if actual != size:
                raise ValueError(f"{name} has {actual} bytes, expected {size}")
        if any(not 0 <= block["offset"] <= sizes[ENTRIES] - self._block_nbytes(block) for block in self._blocks):
            raise ValueError(f"a layer does not lie inside {ENTRIES}")
        self.nbytes = sum(sizes.values()) + (self.folder / META).stat().st_size

    def _block_nbytes(self, block: Block) -> int:
        _, heads, length, _ = self.shape
        if block["entries"] < 0:
            raise ValueError(f"a layer has {block['entries']} entries")
        return entries_nbytes(block["entries"], heads, length)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(layers, heads, L, L)."""
        return self.meta.shape

    def __getitem__(self, where: tuple[int, int]) -> Float32[np.ndarray, "L L"]:
        """Attention of one head, ndarray, dtype=float32, shape=(L, L); within 2.5e-4 of what the model computed (stored as float16)."""
        layer, head = self._index(*where)
        return self._maps(layer)[head].astype(np.float32)

    def received(self, layer: int, head: int) -> Float64[np.ndarray, " L"]:
        """Attention that each residue receives from one head: column sums, ndarray, dtype=float64, shape=(L,)."""
        layer, head = self._index(layer, head)
        return self._sums()[layer, head].astype(np.float64)

    def columns(self, threshold: float, queries: Iterable[int] | None = None) -> Columns:
        """Column weights of all heads.

        Parameters
        ----------
        threshold : float
            0, or 0.01 to 0.95.  From 0.01 up they are exact (float32 entries); 0 reads the float32 column sums and, with `queries`,
            the float16 maps.
        queries : iterable of int, optional
            0-based residues; only their rows count.

        Returns
        -------
        Columns
            Both arrays have the shape (layers, heads, L).

        Raises
        ------
        ScoreError
            A threshold that is not kept, or queries that do not exist.
        StoreError
            A damaged layer.
        """
        threshold = check_threshold(threshold, smallest=FLOOR)
        layers, heads, length, _ = self.shape
        rows = np.arange(length) if queries is None else check_positions(queries, length, "query")
        if threshold == 0:
            weights = self._sums().astype(np.float64) if queries is None else self._row_sums(rows)
            return Columns(weights, np.full((layers, heads, length), len(rows)), 0.0)
        wanted = None if queries is None else np.isin(np.arange(length), rows)
        weights = np.empty((layers, heads * length))
        arcs = np.empty((layers, heads * length), dtype=np.int64)

        def fill(layer: int) -> None:
            weights[layer], arcs[layer] = entry_columns(self._entries(layer), heads, length, threshold, wanted)

        in_threads(fill, range(layers))
        return Columns(weights.reshape(layers, heads, length), arcs.reshape(layers, heads, length), threshold)

    def above(self, layer: int, threshold: float) -> Float32[np.ndarray, "heads L L"]:
        """One layer's attention above a threshold, 0 elsewhere, ndarray, dtype=float32, shape=(heads, L, L).

        Thresholds and errors as `columns`: exact from 0.01 up, 0 gives all of it as it is kept (float16).
        """
        threshold = check_threshold(threshold, smallest=FLOOR)
        layer, _ = self._index(layer, 0)
        if threshold == 0:
            return self._maps(layer).astype(np.float32)
        _, heads, length, _ = self.shape
        maps = np.zeros((heads, length, length), dtype=np.float32)
        self._put_entries(maps, layer, threshold)
        return maps

    def halves(self, layer: int) -> Float16[np.ndarray, "heads L L"]:
        """One layer's attention as it is kept, ndarray, dtype=float16, shape=(heads, L, L), read from the disk where it is looked at.

        Raises
        ------
        StoreError
            A damaged layer.
        """
        return self._maps(self._index(layer, 0)[0])

    def finest(self, layer: int) -> Float32[np.ndarray, "heads L L"]:
        """One layer's attention as exactly as it is kept, ndarray, dtype=float32, shape=(heads, L, L).

        What is above 0.01 is what the model computed, all else is rounded to float16.  Errors as `halves`.
        """
        maps = self.halves(layer).astype(np.float32)
        self._put_entries(maps, layer, FLOOR)
        return maps

    def entries(self, layer: int) -> Entries:
        """One layer's entries above 0.01 as sparse rows, exact (float32); errors as `halves`."""
        return self._entries(self._index(layer, 0)[0])

    def n_entries(self, layer: int) -> int:
        """How many `entries` a layer has, without reading them."""
        return self._blocks[self._index(layer, 0)[0]]["entries"]

    def _put_entries(self, maps: np.ndarray, layer: int, threshold: float) -> None:
        """Write one layer's entries above a threshold into its maps (heads, L, L)."""
        _, heads, length, _ = self.shape
        entries = self._entries(layer)
        kept = entries.values > threshold
        rows = np.repeat(np.arange(heads * length), entries.row_counts)[kept]
        maps.reshape(heads * length, length)[rows, entries.columns[kept]] = entries.values[kept]

    def arcs(self, layer: int, head: int, threshold: float, queries: Iterable[int] | None = None) -> Arcs:
        """One head's entries above a threshold, exact (float32).

        Parameters
        ----------
        threshold : float
            0.01 to 0.95; entries below 0.01 are not kept.
        queries : iterable of int, optional
            0-based residues; only their rows count.

        Raises
        ------
        ScoreError
            A threshold that is not kept (0 included: it would take every entry), or queries that do not exist.
        StoreError
            A damaged layer.
        """
        threshold = check_threshold(threshold, smallest=FLOOR)
        if threshold == 0:
            raise ScoreError(f"There are no arcs at threshold 0, where every entry counts; choose from {FLOOR} to {LARGEST_THRESHOLD}.")
        layer, head = self._index(layer, head)
        length = self.shape[-1]
        keys, weights, row_counts = self._head_entries(layer, head)
        rows = np.repeat(np.arange(length), row_counts)
        kept = weights > threshold
        if queries is not None:
            kept &= np.isin(np.arange(length), check_positions(queries, length, "query"))[rows]
        at = np.flatnonzero(kept)
        at = at[np.argsort(-weights[at], kind="stable")]  # entries lie row by row, so a stable sort leaves equal ones in that order
        return Arcs(rows[at], keys[at].astype(np.int64), weights[at], threshold)

    def _index(self, layer: int, head: int) -> tuple[int, int]:
        layers, heads = self.shape[:2]
        if not (0 <= layer < layers and 0 <= head < heads):
            raise IndexError(f"layer {layer}, head {head}: this run has layers 0 to {layers - 1} and heads 0 to {heads - 1}")
        return int(layer), int(head)

    def _row_sums(self, rows: np.ndarray) -> np.ndarray:
        layers = range(self.shape[0])
        return np.stack([self._maps(layer)[:, rows].astype(np.float32).sum(axis=1, dtype=np.float64) for layer in layers])

    def _maps(self, layer: int) -> np.ndarray:
        _, heads, length, _ = self.shape
        offset = layer * heads * length * length * 2
        try:
            maps = np.memmap(self.folder / MAPS, dtype=np.float16, mode="r", offset=offset, shape=(heads, length, length))
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error
        self._check(MAPS, layer, maps, self._blocks[layer]["maps_crc32"])
        return maps

    def _entries(self, layer: int) -> Entries:
        block = self._blocks[layer]
        raw = self._read(ENTRIES, block["offset"], self._block_nbytes(block))
        self._check(ENTRIES, layer, raw, block["entries_crc32"])
        index = index_dtype(self.shape[-1])
        values_end = 4 * block["entries"]
        columns_end = values_end + block["entries"] * np.dtype(index).itemsize
        return Entries(raw[:values_end].view(np.float32), raw[values_end:columns_end].view(index), raw[columns_end:].view(index))

    def _head_entries(self, layer: int, head: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One head's part of its layer's entries: keys and values of shape (entries,), entries in each row of shape (L,)."""
        _, heads, length, _ = self.shape
        entries = self._entries(layer)
        row_counts = entries.row_counts.reshape(heads, length)
        start, size = int(row_counts[:head].sum(dtype=np.int64)), int(row_counts[head].sum(dtype=np.int64))
        part = slice(start, start + size)
        return entries.columns[part], entries.values[part], row_counts[head]

    def _sums(self) -> np.ndarray:
        layers, heads, length, _ = self.shape
        raw = self._read(SUMS, 0, 4 * layers * heads * length)
        self._check(SUMS, None, raw, self._sums_crc32)
        return raw.view(np.float32).reshape(layers, heads, length)

    def _read(self, name: str, offset: int, size: int) -> np.ndarray:
        try:
            raw = np.fromfile(self.folder / name, dtype=np.uint8, count=size, offset=offset)
        except OSError as error:
            raise self._unreadable(error) from error
        if raw.size != size:
            raise self._unreadable(f"{name} is truncated")
        return raw

    def _check(self, name: str, layer: int | None, data: np.ndarray, expected: int) -> None:
        if (name, layer) in self._checked:
            return
        if zlib.crc32(data.data) != expected:
            what = "the column sums" if layer is None else f"layer {layer}"
            raise self._unreadable(f"the checksum of {what} in {name} does not match")
        self._checked.add((name, layer))

    def _unreadable(self, reason: object) -> StoreError:
        return StoreError(f"The kept run {self.meta.key[:12]} cannot be read: {reason}; delete {self.folder} and run the model again.")
