"""How a run lies on disk: the files, their sizes, and one layer's attention cut into them.

maps.f16      residue maps, float16, [layers, heads, L, L]
entries.bin   for each layer, in the order of arrival: every entry above FLOOR as compressed sparse rows, float32
sums.f32      column sums, float32, [layers, heads, L]
meta.json     everything else; written last
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # a kept run is read without torch
    from torch import Tensor

__all__ = ["ENTRIES", "FLOOR", "MAPS", "META", "SUMS", "EncodedLayer", "Entries", "LayerEncoder", "entries_nbytes", "index_dtype"]

MAPS, ENTRIES, SUMS, META = "maps.f16", "entries.bin", "sums.f32", "meta.json"

# Smallest threshold that is exact: entries above it are kept in float32.  Rows sum to 1, so a row has at most 1 / FLOOR of them.
FLOOR = 0.01

# Entries are searched in groups of heads of about this many bytes: the work stays in the processor's caches, temporaries stay small.
_GROUP_BYTES = 4 << 20
# Layers wait for each other up to this many bytes: three layers of 20 heads over 412 residues.
_WAITING_BYTES = 64 << 20


@dataclass(frozen=True)
class Entries:
    """Entries above FLOOR of one layer (or of some of its heads) as sparse rows.

    Parameters
    ----------
    values : ndarray, dtype=float32, shape=(entries,)
    columns : ndarray, dtype=uint16 or uint32, shape=(entries,)
        The key of each entry.
    row_counts : ndarray, dtype as `columns`, shape=(heads * L,)
        Entries in each row (query), in the order of `values`.
    """

    values: np.ndarray
    columns: np.ndarray
    row_counts: np.ndarray


def index_dtype(length: int) -> type[np.unsignedinteger]:
    """The smaller integer that can hold a position in, and a count over, `length` residues."""
    return np.uint16 if length < 1 << 16 else np.uint32


def entries_nbytes(entries: int, heads: int, length: int) -> int:
    """Bytes of one layer's block in entries.bin."""
    index_bytes = np.dtype(index_dtype(length)).itemsize
    return entries * (4 + index_bytes) + heads * length * index_bytes


@dataclass(frozen=True)
class EncodedLayer:
    """One layer: float16 maps [heads, L, L], float32 column sums [heads, L], entries above FLOOR by groups of heads."""

    layer: int
    maps: np.ndarray
    sums: np.ndarray
    entries: list[Entries]


class LayerEncoder:
    """Cuts attention to residues and encodes it, several layers in one go where they are small.

    Torch keeps its helper threads spinning for some milliseconds after each of its parallel operations.  Encoding and writing do not use
    them, so every interruption of the forward pass wastes that time on every other core; with several layers a go there are fewer.
    Working memory serves the whole run, because fresh memory costs more time (page faults) than the arithmetic.

    Parameters
    ----------
    heads, length : int
    """

    def __init__(self, heads: int, length: int):
        size = heads * length * length
        capacity = max(1, _WAITING_BYTES // (6 * size))
        self._maps = np.empty((capacity, heads, length, length), dtype=np.float16)
        self._sums = np.empty((capacity, heads, length), dtype=np.float32)
        # A layer that does not wait is encoded where the model has left it.
        self._exact = np.empty((capacity if capacity > 1 else 0, heads, length, length), dtype=np.float32)
        self._waiting: list[tuple[int, np.ndarray]] = []

    @property
    def full(self) -> bool:
        """Whether `take` must come before the next `add`, and before the model overwrites the last layer."""
        return len(self._waiting) == len(self._maps)

    def add(self, layer: int, probabilities: "Tensor", first: int) -> np.ndarray:
        """Take over one layer and return its column sums, float32 [heads, L].

        Parameters
        ----------
        probabilities : Tensor, dtype=float32, shape=(heads, T, T)
            After softmax, over all tokens, on any device.
        first : int
            The residues are tokens ``first`` to ``first + length - 1``.
        """
        import torch

        slot, last = len(self._waiting), first + self._maps.shape[-1]
        residues = probabilities[:, first:last, first:last].cpu()
        # numpy converts to float16 a hundred times slower than torch.
        torch.from_numpy(self._maps[slot]).copy_(residues)
        torch.sum(residues, dim=1, out=torch.from_numpy(self._sums[slot]))
        if len(self._exact):
            torch.from_numpy(self._exact[slot]).copy_(residues)
        self._waiting.append((layer, self._exact[slot] if len(self._exact) else residues.numpy()))
        return self._sums[slot]

    def take(self) -> Iterator[EncodedLayer]:
        """The layers that were added since the last time; their arrays are valid until the next `add`."""
        for slot, (layer, attention) in enumerate(self._waiting):
            step = max(1, _GROUP_BYTES // attention[0].nbytes)
            groups = (np.ascontiguousarray(attention[start : start + step]) for start in range(0, len(attention), step))
            yield EncodedLayer(layer, self._maps[slot], self._sums[slot], [_entries(group) for group in groups])
        self._waiting.clear()


def _entries(attention: np.ndarray) -> Entries:
    length = attention.shape[-1]
    above = attention > np.float32(FLOOR)
    # The row sums of a mask as bytes are several times faster than count_nonzero along an axis.
    row_counts = above.view(np.uint8).sum(axis=-1, dtype=index_dtype(length)).ravel()
    flat = np.flatnonzero(above)
    row_starts = np.arange(0, attention.size, length)
    columns = (flat - np.repeat(row_starts, row_counts)).astype(index_dtype(length))
    return Entries(attention.reshape(-1).take(flat), columns, row_counts)
