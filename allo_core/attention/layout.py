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

__all__ = ["ENTRIES", "FLOOR", "MAPS", "META", "SUMS", "Entries", "LayerEncoder", "entries_nbytes", "index_dtype"]

MAPS, ENTRIES, SUMS, META = "maps.f16", "entries.bin", "sums.f32", "meta.json"

# Smallest threshold that is exact: entries above it are kept in float32.  Rows sum to 1, so a row has at most 1 / FLOOR of them.
FLOOR = 0.01

# Heads are encoded in groups of about this many bytes of float32, so that temporaries stay small.
_GROUP_BYTES = 8 << 20


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


class LayerEncoder:
    """Cuts the attention of layers of one shape to residues and encodes it, a few heads at a time.

    Its working memory serves all layers, because fresh memory costs more time (page faults) than the arithmetic.

    Parameters
    ----------
    heads, length : int
    """

    def __init__(self, heads: int, length: int):
        self.sums = np.empty((heads, length), dtype=np.float32)
        shape = (min(heads, max(1, _GROUP_BYTES // (4 * length * length))), length, length)
        self._maps = np.empty(shape, dtype=np.float16)
        self._exact = np.empty(shape, dtype=np.float32)
        self._above = np.empty(shape, dtype=bool)

    def encode(self, probabilities: "Tensor", first: int) -> Iterator[tuple[np.ndarray, Entries]]:
        """Fill `sums`, and yield for each group of heads its maps (float16 [heads, L, L], overwritten by the next) and entries above FLOOR.

        Parameters
        ----------
        probabilities : Tensor, dtype=float32, shape=(heads, T, T)
            After softmax, over all tokens, on any device.
        first : int
            The residues are tokens ``first`` to ``first + length - 1``.
        """
        import torch

        last = first + self.sums.shape[-1]
        residues = probabilities[:, first:last, first:last].cpu()
        torch.sum(residues, dim=1, out=torch.from_numpy(self.sums))
        for group in residues.split(len(self._maps)):
            maps, exact = self._maps[: len(group)], self._exact[: len(group)]
            torch.from_numpy(maps).copy_(group)  # numpy converts to float16 a hundred times slower
            np.copyto(exact, group.numpy())
            yield maps, _entries(exact, self._above[: len(group)])


def _entries(attention: np.ndarray, above: np.ndarray) -> Entries:
    """Entries of contiguous maps [heads, L, L]; `above` is memory for their mask."""
    length = attention.shape[-1]
    np.greater(attention, np.float32(FLOOR), out=above)
    # The row sums of a mask as bytes are several times faster than count_nonzero along an axis.
    row_counts = above.view(np.uint8).sum(axis=-1, dtype=index_dtype(length)).ravel()
    flat = np.flatnonzero(above)
    row_starts = np.arange(0, attention.size, length)
    columns = (flat - np.repeat(row_starts, row_counts)).astype(index_dtype(length))
    return Entries(attention.reshape(-1).take(flat), columns, row_counts)
