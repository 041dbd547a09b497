"""Block sparse attention: which blocks of tokens see which, and attention over these alone.

After the variable pattern of DeepSpeed (Child et al. 2019, doi:10.48550/arXiv.1904.10509): a block sees itself, its neighbours, the first
block of all, and blocks drawn at random; which are drawn does not depend on the length, so that padding changes nothing.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

import torch

from allo_core.trunk.attend import attend

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["SparsePattern", "attend_sparsely", "visible_blocks"]

_NEIGHBOURS = 1  # on either side


class SparsePattern(NamedTuple):
    """Which tokens of a row see each other.

    Parameters
    ----------
    block : int
        Tokens of a block; the last one of a row has the rest.
    seed : int
        Which blocks are drawn.
    """

    block: int
    seed: int


def visible_blocks(blocks: int, seed: int) -> list[list[int]]:
    """For each block the blocks that it sees, in their order.

    Each block draws one of those before it that are neither its neighbour nor the first one; the two see each other.

    Parameters
    ----------
    blocks : int
    seed : int
    """
    seen = [{0, *range(max(0, block - _NEIGHBOURS), min(blocks, block + _NEIGHBOURS + 1))} for block in range(blocks)]
    # random() of a seed is the same in every version of Python; how other methods use it is not promised.
    random = Random(seed)
    for block in range(blocks):
        draw, choices = random.random(), range(1, block - _NEIGHBOURS)
        if choices:
            drawn = choices[int(draw * len(choices))]
            seen[block].add(drawn)
            seen[drawn].add(block)
    return [sorted(each) for each in seen]


def attend_sparsely(
    query: Float[Tensor, "rows heads T size"],
    key: Float[Tensor, "rows heads T size"],
    value: Float[Tensor, "rows heads T size"],
    mask: Bool[Tensor, "rows T"] | None,
    pattern: SparsePattern,
) -> Float[Tensor, "rows heads T size"]:
    """As `attend` gives it where no token sees others than those of the blocks that its own block sees.

    Parameters
    ----------
    query, key, value : Tensor, shape=(rows, heads, T, size)
    mask : Tensor, dtype=bool, shape=(rows, T), optional
        Tokens that may be seen.
    pattern : SparsePattern
    """
    queries, keys, values = (part.contiguous().split(pattern.block, dim=2) for part in (query, key, value))
    masks = None if mask is None else mask.split(pattern.block, dim=1)
    parts = []
    for asking, seen in zip(queries, visible_blocks(len(queries), pattern.seed), strict=True):
        given = None if masks is None else torch.cat([masks[other] for other in seen], dim=1)
        parts.append(_attend_blocks(asking, [keys[other] for other in seen], [values[other] for other in seen], given))
    return torch.cat(parts, dim=2)


def _attend_blocks(query: Tensor, keys: list[Tensor], values: list[Tensor], mask: Tensor | None) -> Tensor:
    """Attention to blocks put side by side, which are put so once more in the backward pass: kept, they would be several times all keys."""
    key, value = torch.cat(keys, dim=2), torch.cat(values, dim=2)
    blocks = {_place(key): [block.detach() for block in keys], _place(value): [block.detach() for block in values]}
    with torch.autograd.graph.saved_tensors_hooks(lambda kept: blocks.get(_place(kept), kept), _side_by_side):
        return attend(query, key, value, mask)


def _place(x: Tensor) -> tuple[int, torch.Size, tuple[int, ...]]:
    """The same for tensors that are the same numbers in the same order in memory."""
    return x.data_ptr(), x.shape, x.stride()


def _side_by_side(kept: Tensor | list[Tensor]) -> Tensor:
    return torch.cat(kept, dim=2) if isinstance(kept, list) else kept
