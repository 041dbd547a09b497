"""The encoder of the models of pairs, written out so that the attention that is shown is the one that the answer came from.

torch's own encoder has a fast path that keeps no attention; with the same parameters both give the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["EncoderLayer"]


class _Attention(nn.Module):
    """Self-attention; parameters are named as in torch.nn.MultiheadAttention, and begin as there."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        pairs, tokens, width = x.shape
        projected = functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        # [3, pairs, heads, tokens, width of a head]
        query, key, value = projected.view(pairs, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(width // self.heads), dim=-1)
        mixed = functional.dropout(weights, self.dropout, self.training) @ value
        return self.out_proj(mixed.transpose(1, 2).reshape(pairs, tokens, width)), weights


class EncoderLayer(nn.Module):
    """One layer: the norm first, ReLU, no positions; parameters are named as in torch.nn.TransformerEncoderLayer, and begin as there.

    Parameters
    ----------
    width, heads, feed_forward : int
    dropout : float
        Of attention, of the feed-forward's inner values, and of what both give.
    """

    def __init__(self, width: int, heads: int, feed_forward: int, dropout: float):
        super().__init__()
        self.dropout = dropout
        self.self_attn = _Attention(width, heads, dropout)
        self.linear1, self.linear2 = nn.Linear(width, feed_forward), nn.Linear(feed_forward, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(
        self, x: Float[Tensor, "pairs tokens width"]
    ) -> tuple[Float[Tensor, "pairs tokens width"], Float[Tensor, "pairs heads tokens tokens"]]:
        """What the next layer is given, and the attention of each head before dropout; its rows (queries) sum to 1.

        Parameters
        ----------
        x : Tensor, dtype=float32, shape=(pairs, tokens, width)
        """
        attended, weights = self.self_attn(self.norm1(x))
        x = x + self._dropped(attended)
        inner = self._dropped(functional.relu(self.linear1(self.norm2(x))))
        return x + self._dropped(self.linear2(inner)), weights

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training)
