"""Axial attention over a square of pairs: along its rows and along its columns (Ho et al. 2019, doi:10.48550/arXiv.1912.12180)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from allo_core.trunk.attend import by_rows
from allo_core.trunk.attention import SelfAttention

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float
    from torch import Tensor

    from allo_core.trunk.sparse import SparsePattern

__all__ = ["AxialAttention"]


class AxialAttention(nn.Module):
    """What pairs receive of the pairs in their row, and in their column, by two sets of weights, summed.

    Parameters
    ----------
    width, heads : int
    dropout : float
    sparse : SparsePattern, optional
        Which pairs of a row or a column see each other; None: all.
    """

    def __init__(self, width: int, heads: int, dropout: float, sparse: SparsePattern | None = None) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.along_rows = SelfAttention(width, heads, sparse)
        self.along_columns = SelfAttention(width, heads, sparse)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, pair: Float[Tensor, "B L L width"], mask: Bool[Tensor, "B L L"] | None, chunk: int | None = None
    ) -> Float[Tensor, "B L L width"]:
        """What is to be added to each pair.

        Parameters
        ----------
        pair : Tensor, shape=(B, L, L, width)
        mask : Tensor, dtype=bool, shape=(B, L, L), optional
            Pairs that may be seen.
        chunk : int, optional
            At most how many tokens are worked out at a time; None: all, with gradients.
        """
        turned, turned_mask = pair.transpose(1, 2), None if mask is None else mask.transpose(1, 2)
        along_rows = by_rows(lambda part: self._attend(self.along_rows, pair, mask, part), pair, chunk)
        along_columns = by_rows(lambda part: self._attend(self.along_columns, turned, turned_mask, part), turned, chunk)
        return self.dropout(along_rows + along_columns.transpose(1, 2))

    def _attend(self, attention: SelfAttention, pair: Tensor, mask: Tensor | None, part: slice) -> Tensor:
        x = self.norm(pair[:, part])
        seen = None if mask is None else mask[:, part].flatten(0, 1)
        return attention(x.flatten(0, 1), seen).unflatten(0, x.shape[:2])
