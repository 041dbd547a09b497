"""Attention of the tokens of a row to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from allo_core.trunk.attend import attend, heads_first, heads_last
from allo_core.trunk.sparse import attend_sparsely

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float
    from torch import Tensor

    from allo_core.trunk.sparse import SparsePattern

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    """Tokens of each row see each other.

    Queries, keys and values have no bias, the output has one; scores are divided by the square root of the width of a head (Vaswani et al.
    2017, doi:10.48550/arXiv.1706.03762).

    Parameters
    ----------
    width, heads : int
    sparse : SparsePattern, optional
        Which tokens of a row see each other; None: all.
    """

    def __init__(self, width: int, heads: int, sparse: SparsePattern | None = None) -> None:
        super().__init__()
        self.heads, self.sparse = heads, sparse
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.to_out = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "rows T width"], mask: Bool[Tensor, "rows T"] | None) -> Float[Tensor, "rows T width"]:
        """What each token receives; ``mask``: the tokens that may be seen."""
        query, key, value = (heads_first(part, self.heads) for part in self.to_qkv(x).chunk(3, dim=-1))
        context = attend(query, key, value, mask) if self.sparse is None else attend_sparsely(query, key, value, mask, self.sparse)
        return self.to_out(heads_last(context))
