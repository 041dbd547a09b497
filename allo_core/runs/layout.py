"""How a run lies on disk: the files, their sizes, and one layer's attention cut into them.

Of attention:

maps.f16      residue maps, float16, [layers, heads, L, L]
entries.bin   for each layer, in the order of arrival: every entry above FLOOR as compressed sparse rows, float32
sums.f32      column sums, float32, [layers, heads, L]
meta.json     everything else; written last

Of value norms:

norms.f32     |v_j W_O|, float32, [layers, heads, L]
meta.json     as above

Of probabilities:

log_p.f32     log p of the twenty residues, float32, [L, 20]
meta.json     as above
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.attention.columns import index_dtype
from allo_core.errors import NotAttentionError

if TYPE_CHECKING:  # a kept run is read without torch
    from jaxtyping import Bool, Float32, Integer
    from torch import Tensor

__all__ = [
    "ENTRIES",
    "FLOOR",
    "LOG_P",
    "MAPS",
    "META",
    "NORMS",
    "SUMS",
    "Entries",
    "LayerEncoder",
    "entries_nbytes",
    "entry_columns",
    "special_share",
]

MAPS, ENTRIES, SUMS, NORMS, LOG_P, META = "maps.f16", "entries.bin", "sums.f32", "norms.f32", "log_p.f32", "meta.json"

# Smallest threshold that is exact: entries above it are kept in float32.  Rows sum to 1, so a row has at most 1 / FLOOR of them.
FLOOR = 0.01

# Heads are encoded in groups of about this many bytes of float32, so that temporaries stay small.
_GROUP_BYTES = 8 << 20
# Softmax rows sum to 1 within float32 rounding; bfloat16 models compute the softmax in float32, too.
_ROW_SUM_TOLERANCE = 1e-3


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

    values: Float32[np.ndarray, " entries"]
    columns: Integer[np.ndarray, " entries"]
    row_counts: np.ndarray


def entries_nbytes(entries: int, heads: int, length: int) -> int:
    """Bytes of one layer's block in entries.bin."""
    index_bytes = np.dtype(index_dtype(length)).itemsize
    return entries * (4 + index_bytes) + heads * length * index_bytes


def entry_columns(
    entries: Entries, heads: int, length: int, threshold: float, rows: Bool[np.ndarray, " L"] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Column weights (float64) and arcs (int64) above a threshold of at least FLOOR, each of shape (heads * L,).

    Parameters
    ----------
    rows : ndarray, dtype=bool, shape=(L,), optional
        Queries that count; by default all.
    """
    kept = entries.values > threshold
    if rows is not None:
        kept &= np.repeat(np.tile(rows, heads), entries.row_counts)
    at = np.flatnonzero(kept)
    head_ends = entries.row_counts.reshape(heads, length).sum(axis=1).cumsum()
    kept_in_head = np.diff(np.searchsorted(at, head_ends), prepend=0)
    column = np.repeat(np.arange(heads) * length, kept_in_head) + entries.columns[at]
    weights = np.bincount(column, entries.values[at], minlength=heads * length)
    return weights, np.bincount(column, minlength=heads * length)


def special_share(sums: np.ndarray, layer: int) -> np.ndarray:
    """Mean share of attention that residues spend on special tokens, float64 of shape (heads,), from a layer's column sums (heads, L).

    Raises
    ------
    NotAttentionError
        Values that cannot be attention: not finite, or rows that sum to more than 1.
    """
    on_residues = sums.sum(axis=-1, dtype=np.float64) / sums.shape[-1]
    if not (np.isfinite(sums).all() and (on_residues <= 1 + _ROW_SUM_TOLERANCE).all()):
        raise NotAttentionError(f"Layer {layer} gave values that are not attention (rows do not sum to 1); nothing is kept.")
    return np.maximum(1 - on_residues, 0)


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

    def encode(self, probabilities: Tensor, first: int) -> Iterator[tuple[np.ndarray, " Entries"]]:
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
