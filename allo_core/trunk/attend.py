"""Attention of queries to keys.

Scores are never held for all of them at once: torch's fused attention works them out piece by piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:  # the app need not wait for it
    from collections.abc import Callable

    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["attend", "by_rows", "heads_first", "heads_last"]


def attend(
    query: Float[Tensor, "rows heads T size"],
    key: Float[Tensor, "rows heads S size"],
    value: Float[Tensor, "rows heads S size"],
    mask: Bool[Tensor, "rows S"] | None,
) -> Float[Tensor, "rows heads T size"]:
    """Attention over the keys that may be seen (True); zeros, with gradients of zero, where there is none.

    Values at keys that may not be seen must be finite.
    """
    if mask is None:
        return scaled_dot_product_attention(query, key, value)
    empty = ~mask.any(dim=-1, keepdim=True)
    # A softmax over no keys is undefined, so such a row sees all and is set to zero afterwards.
    context = scaled_dot_product_attention(query, key, value, attn_mask=(mask | empty)[:, None, None])
    return context.masked_fill(empty[:, None, None], 0.0) if empty.any() else context


def heads_first(x: Float[Tensor, "rows T width"], heads: int) -> Float[Tensor, "rows heads T size"]:
    """The numbers of each head apart."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def heads_last(x: Float[Tensor, "rows heads T size"]) -> Float[Tensor, "rows T width"]:
    """The numbers of all heads side by side."""
    return x.transpose(1, 2).flatten(2)


def by_rows(work: Callable[[slice], Tensor], like: Tensor, chunk: int | None) -> Tensor:
    """What ``work`` gives for all rows (axis 1), some at a time.

    Parameters
    ----------
    work : callable
        Of a slice of rows; gives the part of the result for them.
    like : Tensor, shape=(B, R, T, width)
        Of the shape of the result.
    chunk : int or None
        At most how many tokens at a time, but at least one row of each of the B; None: all at once, with gradients.
    """
    rows = like.shape[1] if chunk is None else max(1, chunk // max(1, like.shape[0] * like.shape[2]))
    if rows >= like.shape[1]:
        return work(slice(None))
    out = torch.empty_like(like)
    for start in range(0, like.shape[1], rows):
        part = slice(start, start + rows)
        out[:, part] = work(part)
    return out
