"""Attention along rows and columns: who sees whom, and what it never holds."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from allo_core.trunk.axial import AxialAttention
from allo_core.trunk.sparse import SparsePattern, visible_blocks

L = 12


def attention(sparse=None):
    torch.manual_seed(0)
    return AxialAttention(8, 2, 0.0, sparse)


def drawn(length=L):
    return torch.randn(1, length, length, 8, generator=torch.Generator().manual_seed(1))


def changed_by(module, at, mask=None):
    """[L, L]: which pairs another pair at a place changes."""
    pair = drawn()
    other = pair.clone()
    other[0, *at] = -other[0, *at]
    return ((module(pair, mask) - module(other, mask)).abs().amax(-1) > 1e-6)[0]


def test_a_pair_sees_its_row_and_its_column():
    expected = torch.zeros(L, L, dtype=torch.bool)
    expected[3], expected[:, 8] = True, True
    assert torch.equal(changed_by(attention(), (3, 8)), expected)


def test_a_pair_that_may_not_be_seen_changes_itself_alone():
    mask = torch.ones(1, L, L, dtype=torch.bool)
    mask[0, 3, 8] = False
    assert changed_by(attention(), (3, 8), mask).nonzero().tolist() == [[3, 8]]


def test_sparse_attention_sees_the_blocks_of_its_row_and_its_column():
    sees = torch.tensor([[other in seen for other in range(L)] for seen in visible_blocks(L, 0)])
    expected = torch.zeros(L, L, dtype=torch.bool)
    expected[3] |= sees[:, 11]
    expected[:, 11] |= sees[:, 3]
    assert torch.equal(changed_by(attention(SparsePattern(1, 0)), (3, 11)), expected)
    assert expected.sum() < L


def test_rows_and_columns_have_weights_of_their_own():
    module, pair = attention(), drawn()
    assert (module(pair, None).transpose(1, 2) - module(pair.transpose(1, 2), None)).abs().max() > 1e-2
    module.along_columns.load_state_dict(module.along_rows.state_dict())
    torch.testing.assert_close(module(pair, None).transpose(1, 2), module(pair.transpose(1, 2), None))


def test_a_row_that_sees_nothing_receives_the_bias_alone():
    module, mask = attention(), torch.zeros(1, L, L, dtype=torch.bool)
    expected = module.along_rows.to_out.bias + module.along_columns.to_out.bias
    torch.testing.assert_close(module(drawn(), mask), expected.expand(1, L, L, 8))


def test_scores_of_all_pairs_are_never_held():
    """No tensor has L x L x L numbers, forwards or backwards."""
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, kinds, arguments=(), named=None):
            nonlocal largest
            result = function(*arguments, **(named or {}))
            largest = max([largest, *(leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor))])
            return result

    mask = torch.ones(1, 64, 64, dtype=torch.bool)
    mask[0, :, 60:] = False
    with Watch():
        attention()(drawn(64), mask).sum().backward()
    assert 64**2 * 8 <= largest < 64**3
