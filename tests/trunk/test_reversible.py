"""Training without kept activations: the gradients of the ordinary backward pass, with every option."""

import itertools

import pytest
import torch

from allo_core.trunk.trunk import Trunk
from allo_core.trunk.trunk_settings import TrunkSettings

L, M = 9, 3
OPTIONS = [
    *({"sparse": sparse, "dropout": dropout} for sparse in [(), (False, True)] for dropout in (0.0, 0.3)),
    *(
        {"msa": True, "inter_msa": inter_msa, "compression": compression, "dropout": dropout}
        for inter_msa, compression, dropout in itertools.product((False, True), (1, 2), (0.0, 0.3))
    ),
]


def trunk(layers=2, **options):
    torch.manual_seed(0)
    return Trunk(TrunkSettings(width=8, heads=2, layers=layers, block=2, reversible=True, **options))


def inputs(msa=False, **_):
    generator = torch.Generator().manual_seed(1)
    pair = torch.randn(2, L, L, 8, generator=generator, requires_grad=True)
    rows = torch.randn(2, M, L, 8, generator=generator, requires_grad=True) if msa else None
    seen = torch.arange(L) < torch.tensor([[L], [L - 3]])
    return pair, seen[:, :, None] & seen[:, None], rows, seen[:, None].expand(-1, M, -1) if msa else None


def gradients(model, given, seed=5):
    """What the trunk gives, and the gradients of all that enters it and of its weights."""
    torch.manual_seed(seed)
    result = model(*given)
    wanted = [each for each in (given[0], given[2]) if each is not None]
    return [result, *torch.autograd.grad(result.sin().sum(), [*wanted, *(weight for weight in model.parameters() if weight.requires_grad)])]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_gradients_are_those_of_kept_activations(options):
    model, given = trunk(**options), inputs(**options)
    assert model.reversible_in_backward
    found = gradients(model, given)
    model.reversible_in_backward = False
    expected = gradients(model, given)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    assert any((one - other).abs().max() > 1e-2 for one, other in zip(expected, gradients(model, given, 6), strict=True)) == bool(
        options["dropout"]
    )


def test_they_are_accumulated_in_the_weights():
    model, given = trunk(msa=True), inputs(True)
    expected = gradients(model, given)[3:]
    for _ in range(2):
        model(*given).sin().sum().backward()
    for weight, gradient in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(weight.grad, 2 * gradient, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("msa", [False, True])
def test_activations_are_not_kept(msa):
    def kept(layers, reversible_in_backward):
        model, tensors = trunk(layers, msa=msa), {}
        model.reversible_in_backward = reversible_in_backward
        weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}

        def note(tensor):
            if tensor.untyped_storage().data_ptr() not in weights:
                tensors[tensor.untyped_storage().data_ptr()] = (
                    tensor.untyped_storage().nbytes(),
                    tensor,
                )  # held, so that no other takes its place
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            result = model(*inputs(msa))
        del result
        return sum(size for size, _ in tensors.values())

    assert kept(2, True) == kept(6, True)
    assert kept(2, False) > 10 * kept(2, True)
    assert kept(6, False) > 2.5 * kept(2, False)


def test_random_numbers_go_on_as_if_nothing_had_been_drawn_again():
    model, given = trunk(dropout=0.3), inputs()
    result = model(*given)
    before = torch.get_rng_state()
    result.sum().backward()
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_do_not_learn_and_inputs_that_need_no_gradient():
    model, given = trunk(msa=True), inputs(True)
    expected = dict(zip((name for name, _ in model.named_parameters()), gradients(model, given)[3:], strict=True))
    for name, weight in model.named_parameters():
        weight.requires_grad_("norm" not in name)
    pair, pair_mask, msa, msa_mask = given
    model(pair.detach(), pair_mask, msa.detach(), msa_mask).sin().sum().backward()
    for name, weight in model.named_parameters():
        if "norm" in name:
            assert weight.grad is None
        else:
            torch.testing.assert_close(weight.grad, expected[name], atol=1e-5, rtol=1e-5)


def test_it_gives_the_same_without_gradients():
    model, given = trunk(msa=True), inputs(True)
    with torch.no_grad():
        without = model(*given)
    torch.testing.assert_close(model(*given), without, atol=1e-6, rtol=0)


def test_half_precision_where_it_is_on_is_on_again():
    """Worked out in float32, what a step had added would not be what it is undone by."""
    model, given = trunk(msa=True), inputs(True)
    results = []
    for model.reversible_in_backward in (True, False):
        model.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            result = model(*given).sin().sum()
        result.backward()
        results.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
    assert (results[0] - results[1]).norm() < 1e-2 * results[1].norm()


@pytest.mark.parametrize("msa", [False, True])
def test_no_step_reads_what_it_adds_to(msa):
    assert all(step.target not in step.sources for step in trunk(msa=msa)._steps())
