"""Attention within aligned sequences, each alone or all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from allo_core.trunk.attend import by_rows
from allo_core.trunk.attention import SelfAttention

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["MsaAttention"]


class MsaAttention(nn.Module):
    """What residues of aligned sequences receive of each other.

    Parameters
    ----------
    width, heads : int
    together : bool
        True: all residues of all sequences see each other; False: those of the same sequence.
    dropout : float
    """

    def __init__(self, width: int, heads: int, together: bool, dropout: float) -> None:
        super().__init__()
        self.together = together
        self.norm = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, msa: Float[Tensor, "B M L width"], mask: Bool[Tensor, "B M L"] | None, chunk: int | None = None
    ) -> Float[Tensor, "B M L width"]:
        """What is to be added to each residue.

        Parameters
        ----------
        msa : Tensor, shape=(B, M, L, width)
        mask : Tensor, dtype=bool, shape=(B, M, L), optional
            Residues that may be seen.
        chunk : int, optional
            At most how many tokens are worked out at a time where each sequence is alone; None: all, with gradients.
        """
        if self.together:
            x = self.attention(self.norm(msa).flatten(1, 2), None if mask is None else mask.flatten(1, 2)).view_as(msa)
        else:
            x = by_rows(lambda part: self._alone(msa[:, part], None if mask is None else mask[:, part]), msa, chunk)
        return self.dropout(x)

    def _alone(self, msa: Tensor, mask: Tensor | None) -> Tensor:
        seen = None if mask is None else mask.flatten(0, 1)
        return self.attention(self.norm(msa).flatten(0, 1), seen).view_as(msa)
