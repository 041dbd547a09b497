"""ESM-2's feed-forward layer in place, against that of transformers."""

import copy

import pytest
import torch
from transformers.models.esm.modeling_esm import EsmConfig, EsmIntermediate

from allo_core.models.feed_forward import in_place
from tests.models.tiny import FAMILIES, random_model


def pair(width, inner):
    """transformers' own layer and ours, with the same weights."""
    torch.manual_seed(0)
    plain = EsmIntermediate(EsmConfig(hidden_size=width, intermediate_size=inner))
    ours = copy.deepcopy(plain)
    in_place(ours)
    assert type(ours) is not type(plain)
    return plain, ours


# Tokens and numbers that do not divide by what is worked out at a time, here or in the processor.
@pytest.mark.parametrize(("tokens", "width", "inner"), [(5, 32, 64), (150, 48, 131), (414, 320, 1280), (130, 64, 5120)])
def test_the_same_as_transformers(tokens, width, inner):
    plain, ours = pair(width, inner)
    states = 3 * torch.randn(1, tokens, width)
    with torch.inference_mode():
        expected, given = plain(states), ours(states)
    assert expected.std() > 0.1
    # Bit for bit, but where the last numbers of a part do not fill a register of the processor.
    torch.testing.assert_close(given, expected, atol=1e-6, rtol=1e-6)
    if inner % 16 == 0:
        assert torch.equal(given, expected)


def test_what_it_is_given_stays_and_gradients_are_those_of_transformers():
    plain, ours = pair(32, 64)
    states = torch.randn(1, 70, 32)
    before = states.clone()
    with torch.no_grad():
        ours(states)
    assert torch.equal(states, before)
    gradients = []
    for layer in (plain, ours):
        layer(states).pow(2).sum().backward()
        gradients.append(layer.dense.weight.grad)
    assert gradients[0].abs().max() > 0
    assert torch.equal(*gradients)


def test_every_layer_of_esm2_is_one_and_a_copy_is_one_of_its_own():
    model = random_model(FAMILIES[0])
    layers = [part for part in model.module.modules() if isinstance(part, EsmIntermediate)]
    assert len(layers) == 3
    assert EsmIntermediate not in {type(part) for part in layers}
    other = copy.deepcopy(model.module)
    assert other.state_dict().keys() == model.module.state_dict().keys()
    assert not {id(part) for part in other.modules()} & {id(part) for part in model.module.modules()}
