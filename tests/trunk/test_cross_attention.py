"""Attention between the two tracks, and keys that are compressed."""

import pytest
import torch

from allo_core.trunk.cross_attention import CrossAttention


def attention(compression=1):
    torch.manual_seed(0)
    return CrossAttention(8, 2, compression, 0.0)


def drawn(*shape, seed=1):
    return torch.randn(*shape, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("compression", [1, 2, 4, 5])
def test_every_token_sees_every_token_of_the_other_track(compression):
    """Also with a ratio that divides the 10 keys of a row, and one that does not."""
    module, x, context = attention(compression), drawn(1, 3, 3), drawn(1, 2, 10, seed=2)
    given = module(x, None, context, None)
    for at in range(10):
        other = context.clone()
        other[:, 1, at] = -other[:, 1, at]
        assert ((module(x, None, other, None) - given).abs().amax(-1) > 1e-7).all()
    assert ((module(-x, None, context, None) - given).abs().amax(-1) > 1e-7).all()


@pytest.mark.parametrize(("compression", "keys"), [(1, 20), (2, 10), (4, 6), (5, 4), (16, 2)])
def test_so_many_keys_are_left_of_two_rows_of_ten(compression, keys):
    key, value, seen = attention(compression)._keys(drawn(1, 2, 10), torch.ones(1, 2, 10, dtype=torch.bool))
    assert key.shape == value.shape == (1, 2, keys, 4)
    assert seen.tolist() == [[True] * keys]


def test_a_compressed_key_may_be_seen_if_any_of_its_parts_may():
    mask = torch.tensor([[[True] * 5 + [False] * 5, [False] * 9 + [True]]])
    assert attention(4)._keys(drawn(1, 2, 10), mask)[2].tolist() == [[True, True, False, False, False, True]]


def test_compression_is_the_convolution_of_each_head():
    """By hand: two successive keys of four numbers times the weights of their head."""
    module, context = attention(2), drawn(1, 1, 3)
    plain = module.to_key_value(module.context_norm(context))[0, 0, :, :8]
    key, _, _ = module._keys(context, None)
    weights, bias = module.compress.weight.view(2, 4, 4, 2), module.compress.bias.view(2, 4)
    together = torch.cat([plain, torch.zeros(1, 8)]).view(2, 2, 2, 4)  # key, part, head, number
    torch.testing.assert_close(key[0], torch.einsum("hoip,kphi->hko", weights, together) + bias[:, None])


@pytest.mark.parametrize("compression", [1, 3])
def test_what_may_not_be_seen_changes_nothing(compression):
    module, x, context = attention(compression), drawn(1, 3, 3), drawn(1, 2, 10, seed=2)
    mask = torch.ones(1, 2, 10, dtype=torch.bool)
    mask[:, :, 7:] = False
    other = context.clone()
    other[:, :, 7:] = 100.0
    assert torch.equal(module(x, None, context, mask), module(x, None, other, mask))
    torch.testing.assert_close(module(x, None, context, mask), module(x, None, context[:, :, :7], None))


def test_the_other_track_has_a_normalisation_of_its_own():
    module, x, context = attention(), drawn(1, 3, 3), drawn(1, 2, 10, seed=2)
    given = module(x, None, context, None)
    torch.nn.init.constant_(module.context_norm.weight, 3.0)
    assert (module(x, None, context, None) - given).abs().max() > 1e-3
    module(x, None, context, None).sum().backward()
    assert module.norm.weight.grad.abs().max() > 0
    assert module.context_norm.weight.grad.abs().max() > 0


def test_nothing_that_may_be_seen_leaves_the_bias():
    module, x, context = attention(3), drawn(1, 3, 3), drawn(1, 2, 10, seed=2)
    context.requires_grad_()
    received = module(x, None, context, torch.zeros(1, 2, 10, dtype=torch.bool))
    torch.testing.assert_close(received, module.to_out.bias.expand(1, 3, 3, 8))
    received.sum().backward()
    assert not context.grad.any()
