"""Attention between the track of pairs and that of aligned sequences, with fewer keys if wanted.

Every token of one track sees all of the other.  Compression (Liu et al. 2018, doi:10.48550/arXiv.1801.10198) turns successive keys and
values of a row into one by a convolution whose stride is its width, each head apart; a row is filled up with zeros to a multiple of it,
and a compressed key may be seen if any of its parts may.  Keys of different rows are never mixed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import pad

from allo_core.trunk.attend import attend, by_rows, heads_first, heads_last

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["CrossAttention"]


class CrossAttention(nn.Module):
    """What tokens of one track receive of those of another.

    Parameters
    ----------
    width, heads : int
    compression : int
        How many successive keys become one; 1: all keys are seen as they are.
    dropout : float
    """

    def __init__(self, width: int, heads: int, compression: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.compression = heads, compression
        self.norm = nn.LayerNorm(width)
        self.context_norm = nn.LayerNorm(width)
        self.to_query = nn.Linear(width, width, bias=False)
        self.to_key_value = nn.Linear(width, 2 * width, bias=False)
        self.compress = nn.Conv1d(width, width, compression, stride=compression, groups=heads) if compression > 1 else None
        self.to_out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "B R T width"],
        mask: Bool[Tensor, "B R T"] | None,
        context: Float[Tensor, "B Q S width"],
        context_mask: Bool[Tensor, "B Q S"] | None,
        chunk: int | None = None,
    ) -> Float[Tensor, "B R T width"]:
        """What is to be added to each token of ``x``.

        Parameters
        ----------
        x : Tensor, shape=(B, R, T, width)
        mask : Tensor, dtype=bool, shape=(B, R, T), optional
            Not needed, since no token of ``x`` is seen.
        context : Tensor, shape=(B, Q, S, width)
            The other track.
        context_mask : Tensor, dtype=bool, shape=(B, Q, S), optional
            Which tokens of it may be seen.
        chunk : int, optional
            At most how many tokens of ``x`` are worked out at a time; None: all, with gradients.
        """
        key, value, seen = self._keys(context, context_mask)

        def ask(part: slice) -> Tensor:
            rows = x[:, part]
            query = heads_first(self.to_query(self.norm(rows)).flatten(1, 2), self.heads)
            return self.to_out(heads_last(attend(query, key, value, seen))).view(rows.shape)

        return self.dropout(by_rows(ask, x, chunk))

    def _keys(self, context: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Keys and values, each [B, heads, keys, size], and which of them may be seen."""
        key, value = self.to_key_value(self.context_norm(context)).chunk(2, dim=-1)
        if self.compress is not None:
            key, value = (_compressed(self.compress, part, mask) for part in (key, value))
            mask = None if mask is None else _any_of(mask, self.compression)
        key, value = (heads_first(part.flatten(1, 2), self.heads) for part in (key, value))
        return key, value, None if mask is None else mask.flatten(1)


def _compressed(compress: nn.Conv1d, x: Tensor, mask: Tensor | None) -> Tensor:
    """[B, Q, S, width] -> [B, Q, S / ratio rounded up, width]."""
    if mask is not None:
        x = x.masked_fill(~mask[..., None], 0.0)  # what may not be seen is not mixed into what may
    rows = pad(x, (0, 0, 0, -x.shape[-2] % compress.stride[0])).flatten(0, 1).transpose(1, 2)
    return compress(rows).transpose(1, 2).unflatten(0, x.shape[:2])


def _any_of(mask: Tensor, ratio: int) -> Tensor:
    """[B, Q, S] -> [B, Q, S / ratio rounded up]."""
    return pad(mask, (0, -mask.shape[-1] % ratio)).unflatten(-1, (-1, ratio)).any(dim=-1)
