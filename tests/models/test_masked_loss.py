"""Losses at masked residues, passes that begin at a later layer, and gradients by gates, on tiny random models of each family."""

import numpy as np
import pytest
import torch

from allo_core.models.capture import Intervention, layer_stack
from allo_core.models.masked_loss import gate_gradients, masked_losses
from allo_core.models.readers import EntriesReader, StatesReader
from allo_core.models.reading import read
from allo_core.models.resumed import Entry, skipped_layers
from allo_core.models.tokens import VOCABULARIES, encode
from allo_core.protein.sequence import AMINO_ACIDS
from tests.models.tiny import FAMILIES, random_model, random_protein

PROTEIN = random_protein(40, seed=3)
RESIDUES = (2, 7, 11, 30, 39)


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda spec: spec.family)
def model(request):
    return random_model(request.param, seed=4)


def test_the_loss_is_that_of_the_logits_among_the_twenty(model):
    from allo_core.models.readers import LogitsReader

    logits = LogitsReader()
    read(model, encode(model.spec.family, PROTEIN).masked(RESIDUES), [logits])
    columns = [VOCABULARIES[model.spec.family].index(letter) for letter in AMINO_ACIDS]
    for residue, loss in zip(RESIDUES, masked_losses(model, PROTEIN, RESIDUES), strict=True):
        own = logits.logits[residue, columns].double().numpy()
        wanted = np.log(np.exp(own).sum()) - own[AMINO_ACIDS.index(PROTEIN.sequence[residue])]
        assert loss == pytest.approx(wanted, abs=1e-5)


def test_gates_of_ones_change_nothing(model):
    gates = Intervention(torch.ones(model.spec.layers, model.spec.heads))
    np.testing.assert_array_equal(masked_losses(model, PROTEIN, RESIDUES), masked_losses(model, PROTEIN, RESIDUES, (), gates))


def test_a_pass_from_a_later_layer_is_the_whole_pass(model):
    entries = EntriesReader()
    whole = masked_losses(model, PROTEIN, RESIDUES, [entries])
    assert [entry.layer for entry in entries.entries] == list(range(model.spec.layers))
    for entry in entries.entries:
        np.testing.assert_allclose(masked_losses(model, PROTEIN, RESIDUES, entry=entry), whole, atol=1e-5)
        gates = torch.ones(model.spec.layers, model.spec.heads)
        gates[entry.layer, 1] = 0
        removed = Intervention(gates)
        part, all_of_it = (masked_losses(model, PROTEIN, RESIDUES, (), removed, entry=begin) for begin in (entry, None))
        np.testing.assert_allclose(part, all_of_it, atol=1e-5)
        assert np.abs(part - whole).max() > 1e-4
    # The layers are as they were: nothing of the earlier pass is left.
    np.testing.assert_array_equal(masked_losses(model, PROTEIN, RESIDUES), whole)


def test_layers_before_the_entry_are_not_computed(model):
    entries, calls = EntriesReader(), []
    masked_losses(model, PROTEIN, RESIDUES, [entries])
    hooks = [
        part.register_forward_hook(lambda *_, at=at: calls.append(at))
        for at, layer in enumerate(layer_stack(model.module))
        for part in [next(one for one in layer.modules() if isinstance(one, torch.nn.Linear))]
    ]
    masked_losses(model, PROTEIN, RESIDUES, entry=entries.entries[1])
    for hook in hooks:
        hook.remove()
    assert sorted(set(calls)) == list(range(1, model.spec.layers))


def test_layers_compute_again_after_an_error(model):
    hidden = torch.zeros(42, model.spec.width)
    with pytest.raises(RuntimeError), skipped_layers(model.module, Entry(2, hidden)):
        raise RuntimeError
    assert all("forward" not in vars(layer) for layer in layer_stack(model.module))


def test_a_layer_without_all_its_heads_is_one_without_attention(model):
    """What its attention adds is then the bias of the output projection alone."""
    spec = model.spec
    gates = torch.ones(spec.layers, spec.heads)
    gates[1] = 0
    states = [StatesReader([spec.layers]) for _ in range(2)]
    read(model, PROTEIN, [states[0]], Intervention(gates))
    name = "self_attn.o_proj" if spec.family == "esmc" else "attention.output.dense"
    projection = layer_stack(model.module)[1].get_submodule(name)
    weight = next(parameter for name, parameter in projection.named_parameters() if name == "weight")
    kept = weight.detach().clone()
    with torch.no_grad():
        weight.zero_()
        try:
            read(model, PROTEIN, [states[1]])
        finally:
            weight.copy_(kept)
    without, wanted = (reader.states[spec.layers] for reader in states)
    torch.testing.assert_close(without, wanted, atol=1e-5, rtol=0)


def test_gradients_are_finite_differences(model):
    spec, step = model.spec, 1e-3
    found = gate_gradients(model, PROTEIN, RESIDUES)
    assert found.shape == (spec.layers, spec.heads)
    for layer in range(spec.layers):
        for head in range(spec.heads):
            sides = []
            for sign in (1, -1):
                gates = torch.ones(spec.layers, spec.heads)
                gates[layer, head] += sign * step
                sides.append(masked_losses(model, PROTEIN, RESIDUES, (), Intervention(gates)).astype(float).mean())
            # float32: a loss of 5 is known to 1e-6, so the difference over 2e-3 to 5e-4.
            assert found[layer, head] == pytest.approx((sides[0] - sides[1]) / (2 * step), abs=2e-3)
    assert np.abs(found).max() > 0.02
