"""The feed-forward of the trunk: a gated linear unit with GELU (GEGLU; Shazeer 2020, doi:10.48550/arXiv.2002.05202)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.functional import gelu

from allo_core.trunk.attend import by_rows

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["FeedForward"]


class FeedForward(nn.Module):
    """What each token makes of itself.

    Parameters
    ----------
    width : int
    expansion : int
        The hidden width is ``expansion * width``.
    dropout : float
    """

    def __init__(self, width: int, expansion: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.to_hidden = nn.Linear(width, 2 * expansion * width)
        self.to_out = nn.Linear(expansion * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "B R T width"], mask: Bool[Tensor, "B R T"] | None, chunk: int | None = None
    ) -> Float[Tensor, "B R T width"]:
        """What is to be added to each token.

        Parameters
        ----------
        x : Tensor, shape=(B, R, T, width)
        mask : Tensor, dtype=bool, shape=(B, R, T), optional
            Not needed, since no token sees another.
        chunk : int, optional
            At most how many tokens are worked out at a time; None: all, with gradients.
        """
        return self.dropout(by_rows(lambda part: self._transform(x[:, part]), x, chunk))

    def _transform(self, x: Tensor) -> Tensor:
        hidden, gate = self.to_hidden(self.norm(x)).chunk(2, dim=-1)
        return self.to_out(hidden * gelu(gate))
