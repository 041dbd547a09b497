"""Value norms against vectors that are worked out by hand from the model's own weights."""

import numpy as np
import pytest
import torch

from allo_core.models.capture import Intervention, layer_stack
from allo_core.models.language_model import load_model
from allo_core.models.readers import ValueNormsReader
from allo_core.models.reading import Reader, read
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from allo_core.protein.sequence import Protein
from tests.models.tiny import FAMILIES, fair_esm_model, random_model, random_protein, save_fair_esm

PROTEIN = random_protein(30)
TOKENS = len(PROTEIN) + 2
LAYERS = 3
families = pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)


class Attention(Reader):
    """Keeps a copy of the attention of all layers."""

    wants = frozenset({"attention"})

    def __init__(self):
        self.maps = []

    def layer(self, layer):
        self.maps.append(layer.attention.clone())


def parts_of(model, layer):
    """The value projection and the output projection of a layer, in transformers' modules."""
    part = layer_stack(model.module)[layer]
    if model.spec.family == "esmc":
        return part.self_attn.v_proj, part.self_attn.o_proj
    return part.attention.self.value, part.attention.output.dense


def outputs_of(model, modules, intervene=None):
    """What these modules gave in one pass, and the attention of all layers."""
    outputs = [None] * len(modules)

    def keep(at):
        return lambda module, inputs, output: outputs.__setitem__(at, output.detach().reshape(-1, output.shape[-1]).clone())

    handles = [module.register_forward_hook(keep(at)) for at, module in enumerate(modules)]
    reader = Attention()
    read(model, PROTEIN, [reader], intervene)
    for handle in handles:
        handle.remove()
    return outputs, reader.maps


def vectors(value, weight, heads):
    """v_j W_O of each head, [heads, T, width], in double precision: a slice of the values by a slice of the weight, one after the other."""
    size = value.shape[1] // heads
    parts = [slice(head * size, (head + 1) * size) for head in range(heads)]
    return np.stack([value[:, part].double().numpy() @ weight[:, part].double().numpy().T for part in parts])


@families
def test_norms_and_special_shares_against_explicit_vectors(spec):
    model = random_model(spec)
    reader = ValueNormsReader()
    read(model, PROTEIN, [reader])
    assert len(reader.norms) == len(reader.special_share) == LAYERS
    for layer in range(LAYERS):
        value, output = parts_of(model, layer)
        (values,), maps = outputs_of(model, [value])
        given = vectors(values, output.weight, spec.heads)
        expected = np.sqrt((given**2).sum(axis=-1))
        assert reader.norms[layer].shape == (spec.heads, len(PROTEIN))
        assert expected.max() > 1.2 * expected.min() > 0
        np.testing.assert_allclose(reader.norms[layer].numpy(), expected[:, 1:-1], rtol=2e-5)
        for head in range(spec.heads):
            on_special = total = 0.0
            for i in range(1, TOKENS - 1):
                for j in range(TOKENS):
                    length = np.linalg.norm(maps[layer][head, i, j].item() * given[head, j])
                    total += length
                    on_special += length if j in (0, TOKENS - 1) else 0.0
            assert reader.special_share[layer][head].item() == pytest.approx(on_special / total, rel=1e-4, abs=1e-6)


@families
def test_all_weighted_values_and_the_bias_are_what_the_attention_adds(spec):
    """And a head that is removed takes away just its own; the bias of the output projection belongs to no head."""
    model = random_model(spec)
    layer, removed = 1, 2
    value, output = parts_of(model, layer)
    (values, added), maps = outputs_of(model, [value, output])
    weighted = np.einsum("hij,hjw->hijw", maps[layer].double().numpy(), vectors(values, output.weight, spec.heads))
    bias = 0 if output.bias is None else output.bias.double().numpy()
    assert added.abs().max() > 0.1
    np.testing.assert_allclose(weighted.sum(axis=(0, 2)) + bias, added.numpy(), atol=2e-5, rtol=1e-5)
    gates = torch.ones(LAYERS, spec.heads)
    gates[layer, removed] = 0
    (without,), _ = outputs_of(model, [output], Intervention(gates))
    np.testing.assert_allclose((added - without).numpy(), weighted[removed].sum(axis=1), atol=4e-5, rtol=1e-5)
    reader = ValueNormsReader()
    read(model, PROTEIN, [reader])
    lengths = np.linalg.norm(weighted, axis=-1)[:, 1:-1, 1:-1]
    product = maps[layer][:, 1:-1, 1:-1].numpy() * reader.norms[layer].numpy()[:, None]
    np.testing.assert_allclose(product, lengths, rtol=5e-5, atol=1e-9)


def test_norms_of_a_file_of_fair_esm(tmp_path, monkeypatch):
    """With that package's own modules, whose names differ."""
    name = "esm2_t6_8M_UR50D"
    theirs = fair_esm_model(MODELS[name], seed=3)
    save_fair_esm(theirs, tmp_path / f"{name}.pt")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    reader = ValueNormsReader()
    read(load_model(name, device="cpu"), PROTEIN, [reader])
    values = []
    handles = [
        layer.self_attn.v_proj.register_forward_hook(lambda module, inputs, output: values.append(output)) for layer in theirs.layers
    ]
    with torch.inference_mode():
        theirs(encode("esm2", PROTEIN).ids)
    for handle in handles:
        handle.remove()
    assert len(values) == 6
    for layer, value in enumerate(values):
        given = vectors(value.reshape(TOKENS, -1), theirs.layers[layer].self_attn.out_proj.weight.detach(), 20)
        np.testing.assert_allclose(reader.norms[layer].numpy(), np.linalg.norm(given, axis=-1)[:, 1:-1], rtol=5e-5)


def test_a_head_that_gives_nothing_has_no_share():
    model = random_model(FAMILIES[0])
    _, output = parts_of(model, 0)
    with torch.no_grad():
        output.weight[:, :16] = 0
    reader = ValueNormsReader()
    read(model, PROTEIN, [reader])
    assert not reader.norms[0][0].any()
    assert reader.special_share[0][0] == 0
    assert reader.norms[0][1].min() > 0


def test_residues_of_two_chains():
    model = random_model(FAMILIES[1])
    pair = (PROTEIN, Protein("second", PROTEIN.sequence[:12]))
    reader = ValueNormsReader()
    read(model, pair, [reader])
    assert reader.norms[0].shape == (FAMILIES[1].heads, 42)
