"""Block sparse attention: which blocks see which, and the same numbers as dense attention with that mask."""

from random import Random

import pytest
import torch

from allo_core.trunk import sparse
from allo_core.trunk.sparse import SparsePattern, attend_sparsely, visible_blocks


def dense_mask(length, pattern):
    """[length, length]: which token sees which."""
    block_of = torch.arange(length) // pattern.block
    seen = visible_blocks(int(block_of[-1]) + 1, pattern.seed)
    blocks = torch.tensor([[other in each for other in range(len(seen))] for each in seen])
    return blocks[block_of][:, block_of]


@pytest.mark.parametrize("seed", range(3))
def test_a_block_sees_its_neighbours_the_first_and_drawn_ones(seed):
    seen = visible_blocks(40, seed)
    assert all({0, max(0, block - 1), block, min(39, block + 1)} <= set(each) for block, each in enumerate(seen))
    drawn = [set(each) - {0, block - 1, block, block + 1} for block, each in enumerate(seen)]
    assert all(block in seen[other] for block, others in enumerate(drawn) for other in others)
    assert all(any(other < block for other in drawn[block]) for block in range(3, 40))
    assert sum(map(len, seen)) / 40**2 < 0.2
    assert visible_blocks(40, seed + 1) != seen


def test_more_blocks_are_seen_in_addition():
    """So that padding, whose tokens may not be seen, changes nothing."""
    few, many = visible_blocks(9, 4), visible_blocks(20, 4)
    assert [[other for other in each if other < 9] for each in many[:9]] == few


def test_few_blocks_all_see_each_other():
    assert visible_blocks(1, 0) == [[0]]
    assert visible_blocks(3, 0) == [[0, 1], [0, 1, 2], [0, 1, 2]]


def test_what_is_drawn_is_the_same_in_every_version_of_python():
    """Weights of a trunk are worth nothing with other blocks; random() of a seed is the part of the module that may not change."""
    assert Random(1).random() == pytest.approx(0.13436424411240122)
    assert visible_blocks(8, 1) == [
        [0, 1],
        [0, 1, 2, 3, 4],
        [0, 1, 2, 3, 5],
        [0, 1, 2, 3, 4, 6],
        [0, 1, 3, 4, 5, 7],
        [0, 2, 4, 5, 6],
        [0, 3, 5, 6, 7],
        [0, 4, 6, 7],
    ]


@pytest.mark.parametrize("length", [64, 61, 5, 1])
@pytest.mark.parametrize("masked", [False, True])
def test_it_is_dense_attention_with_the_mask_of_the_blocks(length, masked):
    pattern, generator = SparsePattern(4, 1), torch.Generator().manual_seed(length)
    given = [torch.randn(3, 2, length, 4, generator=generator) for _ in range(4)]
    weights = given.pop()
    mask = torch.rand(3, length, generator=generator) < 0.4 if masked else None
    ours, dense = ([each.clone().requires_grad_() for each in given] for _ in range(2))
    found = attend_sparsely(*ours, mask, pattern)
    seen = dense_mask(length, pattern)[None, None]
    seen = seen if mask is None else seen & mask[:, None, None]
    scores = dense[0] @ dense[1].transpose(-2, -1) / 2
    shares = scores.masked_fill(~seen, -1e9).softmax(-1).masked_fill(~seen, 0.0)
    expected = shares @ dense[2]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    for one, other in zip(ours, dense, strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-5, rtol=0)


def test_blocks_that_are_put_side_by_side_are_not_kept(monkeypatch):
    """What the backward pass keeps is each token's query, key, value and what it received, not keys and values once for each block."""
    pattern, kept = SparsePattern(4, 1), []
    given = [torch.randn(2, 2, 400, 4, requires_grad=True) for _ in range(3)]
    put = sparse._side_by_side
    monkeypatch.setattr(sparse, "_side_by_side", lambda each: kept.append(each) or put(each))
    attend_sparsely(*given, None, pattern).sum().backward()
    assert sum(isinstance(each, list) for each in kept) == 2 * 100  # keys and values of each block
    tensors = [tensor for each in kept for tensor in (each if isinstance(each, list) else [each])]
    memory = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    assert sum(memory.values()) < 5 * given[0].nbytes
