"""Attention of queries to keys beside its formula, and where nothing may be seen."""

import pytest
import torch

from allo_core.trunk.attend import attend, by_rows, heads_first, heads_last


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), requires_grad=True)


def by_formula(query, key, value, seen):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return scores.masked_fill(~seen[:, None, None], -torch.inf).softmax(-1) @ value


def test_it_is_the_softmax_over_the_keys_that_may_be_seen():
    query, key, value = drawn(3, 2, 5, 4), drawn(3, 2, 7, 4, seed=1), drawn(3, 2, 7, 4, seed=2)
    mask = torch.arange(7) < torch.tensor([[7], [3], [1]])
    torch.testing.assert_close(attend(query, key, value, mask), by_formula(query, key, value, mask))
    torch.testing.assert_close(attend(query, key, value, None), by_formula(query, key, value, torch.ones_like(mask)))


def test_a_row_in_which_nothing_may_be_seen_gives_zeros_and_learns_nothing():
    query, key, value = drawn(2, 2, 5, 4), drawn(2, 2, 5, 4, seed=1), drawn(2, 2, 5, 4, seed=2)
    mask = torch.tensor([[True] * 5, [False] * 5])
    context = attend(query, key, value, mask)
    assert not context[1].any()
    assert context[0].all()
    context.square().sum().backward()
    for each in (query, key, value):
        assert each.grad[0].all()
        assert not each.grad[1].any()  # nor NaN


def test_heads_are_parted_and_joined_again():
    x = drawn(2, 5, 12)
    parted = heads_first(x, 3)
    assert parted.shape == (2, 3, 5, 4)
    assert torch.equal(parted[1, 2, 4], x[1, 4, 8:])
    assert torch.equal(heads_last(parted), x)


@pytest.mark.parametrize(("chunk", "at_a_time"), [(None, [7]), (1000, [7]), (24, [3, 3, 1]), (1, [1] * 7)])
def test_rows_are_worked_out_some_at_a_time(chunk, at_a_time):
    x, asked = torch.arange(2.0 * 7 * 4 * 3).view(2, 7, 4, 3), []

    def work(part):
        asked.append(x[:, part].shape[1])
        return 2 * x[:, part]

    assert torch.equal(by_rows(work, x, chunk), 2 * x)
    assert asked == at_a_time
