"""One forward pass for many readers, against what transformers gives and against forward passes changed by hand."""

import copy

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, DeviceError, SequenceError
from allo_core.models import devices
from allo_core.models.capture import Intervention, layer_stack
from allo_core.models.devices import estimate_memory
from allo_core.models.readers import FirstMaps, LogitsReader, StatesReader
from allo_core.models.reading import Enough, Reader, read
from allo_core.models.tokens import encode
from allo_core.protein.sequence import Protein
from tests.models.tiny import FAMILIES, logits_of, random_model, random_protein

PROTEIN = random_protein(40)
LAYERS = 3
families = pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)


class Everything(Reader):
    """Keeps a copy of all that a pass gives."""

    wants = frozenset({"attention", "hidden", "context", "values", "logits"})

    def __init__(self):
        self.attention, self.hidden, self.context, self.values, self.projection = [], [], [], [], []

    def layer(self, layer):
        assert layer.index == len(self.attention)
        for name in ("attention", "hidden", "context", "values", "projection"):
            getattr(self, name).append(getattr(layer, name).clone())

    def finish(self, last):
        assert last.index == len(self.hidden)
        self.hidden.append(last.hidden)
        self.logits = last.logits


class Loss(Reader):
    """How badly residues are expected (nats, summed), and its derivative by the gates."""

    wants = frozenset({"gradients"})

    def __init__(self, targets):
        self.targets = targets

    def loss(self, last):
        return torch.nn.functional.cross_entropy(last.tokens.cut(last.logits, 0).double(), self.targets, reduction="sum")

    def finish(self, last):
        self.gradients = last.gradients


def everything(model, chains=PROTEIN, intervene=None):
    reader = Everything()
    read(model, chains, [reader], intervene)
    return reader


def projection_of(model, layer):
    part = layer_stack(model.module)[layer]
    return part.self_attn.o_proj if model.spec.family == "esmc" else part.attention.output.dense


def changed_by_hand(model, layer, change, chains=PROTEIN):
    """Logits [T, vocabulary] of transformers' own pass, in which ``change`` gets the input [T, heads, d] of a layer's output projection."""

    def hook(module, inputs):
        size = model.spec.width // model.spec.heads
        context = inputs[0].reshape(-1, model.spec.heads, size).clone()
        return (change(context).reshape(inputs[0].shape),)

    handle = projection_of(model, layer).register_forward_pre_hook(hook)
    try:
        return model.module(input_ids=encode(model.spec.family, chains).ids).logits[0]
    finally:
        handle.remove()


@families
def test_everything_equals_transformers_bit_for_bit(spec):
    model = random_model(spec)
    inputs = []
    handles = [projection_of(model, at).register_forward_pre_hook(lambda module, args: inputs.append(args[0])) for at in range(LAYERS)]
    with torch.inference_mode():
        expected = model.module(input_ids=encode(spec.family, PROTEIN).ids, output_attentions=True, output_hidden_states=True)
    for handle in handles:
        handle.remove()
    seen = everything(model)
    assert len(expected.hidden_states) == len(seen.hidden) == LAYERS + 1
    assert all(torch.equal(ours, theirs[0]) for ours, theirs in zip(seen.hidden, expected.hidden_states, strict=True))
    assert all(torch.equal(ours, theirs[0]) for ours, theirs in zip(seen.attention, expected.attentions, strict=True))
    assert torch.equal(seen.logits, expected.logits[0])
    for context, theirs in zip(seen.context, inputs, strict=True):
        assert torch.equal(context.transpose(0, 1).reshape(theirs[0].shape), theirs[0])
    # Random heads that all look everywhere would hide a wrong row or column.
    assert expected.attentions[0].amax() > 0.3


@families
def test_values_and_projection_make_what_the_attention_adds(spec):
    model = random_model(spec)
    outputs = []
    handle = projection_of(model, 1).register_forward_hook(lambda module, inputs, output: outputs.append(output[0]))
    seen = everything(model)
    handle.remove()
    bias = projection_of(model, 1).bias
    added = torch.einsum("hij,hjd,hdw->iw", seen.attention[1], seen.values[1], seen.projection[1]) + (0 if bias is None else bias)
    assert outputs[0].abs().max() > 0.1
    torch.testing.assert_close(added, outputs[0], atol=1e-5, rtol=1e-5)


def test_bfloat16_is_handed_over_in_float32():
    model = random_model(FAMILIES[0])
    model.module.to(torch.bfloat16)
    seen = everything(model)
    for name in ("attention", "hidden", "context", "values", "projection"):
        assert {tensor.dtype for tensor in getattr(seen, name)} == {torch.float32}
    assert seen.logits.dtype == torch.float32


@families
def test_a_reader_gets_the_same_alone_and_among_others(spec):
    model = random_model(spec)
    states, logits, seen = StatesReader([0, 2, LAYERS]), LogitsReader(), Everything()
    read(model, PROTEIN, [states, logits, seen, FirstMaps(2)])
    alone = StatesReader([0, 2, LAYERS])
    read(model, PROTEIN, [alone])
    assert list(states.states) == list(alone.states) == [0, 2, LAYERS]
    for state, values in states.states.items():
        assert values.shape == (40, spec.width)
        assert torch.equal(values, alone.states[state])
        assert torch.equal(values, seen.hidden[state][1:-1])
    assert torch.equal(logits.logits, logits_of(model, PROTEIN))
    assert torch.equal(logits.logits, seen.logits[1:-1])


def test_what_no_reader_wants_is_not_computed():
    model = random_model(FAMILIES[0])
    calls = []
    model.module.lm_head.register_forward_hook(lambda *_: calls.append(1))
    read(model, PROTEIN, [StatesReader([LAYERS])])
    assert calls == []
    read(model, PROTEIN, [LogitsReader(), LogitsReader()])
    assert calls == [1]


@pytest.mark.parametrize("name", ["attention", "context", "values", "projection"])
def test_a_reader_cannot_look_at_what_it_did_not_want(name):
    class Greedy(Reader):
        wants = frozenset({"hidden"})

        def layer(self, layer):
            getattr(layer, name)

    with pytest.raises(ValueError, match="did not say that it wants"):
        read(random_model(FAMILIES[0]), PROTEIN, [Greedy(), Everything()])


def test_one_layer_is_in_memory_at_a_time():
    places = []

    class Place(Reader):
        wants = frozenset({"attention"})

        def layer(self, layer):
            places.append(layer.attention.data_ptr())

    read(random_model(FAMILIES[0]), PROTEIN, [Place()])
    assert len(places) == LAYERS
    assert len(set(places)) == 1


@families
def test_gates_of_ones_change_nothing_bit_for_bit(spec):
    model = random_model(spec)
    plain, gated = everything(model), everything(model, intervene=Intervention(torch.ones(LAYERS, spec.heads)))
    for name in ("attention", "hidden", "context"):
        assert all(torch.equal(*pair) for pair in zip(getattr(plain, name), getattr(gated, name), strict=True))
    assert torch.equal(plain.logits, gated.logits)


@families
def test_zero_gates_of_a_layer_are_that_layer_without_attention_output(spec):
    model = random_model(spec)
    gates = torch.ones(LAYERS, spec.heads)
    gates[1] = 0
    without = copy.deepcopy(model)
    projection_of(without, 1).weight.zero_()  # the bias belongs to no head and stays
    gated, expected = everything(model, intervene=Intervention(gates)), everything(without)
    assert torch.equal(gated.logits, expected.logits)
    assert not torch.equal(gated.logits, everything(model).logits)


@families
def test_single_heads_are_scaled_and_replaced(spec):
    """Against transformers' eager pass with a hook on the input of the output projection."""
    model = random_model(spec)
    size, tokens = spec.width // spec.heads, 42
    one, each = torch.randn(size), torch.randn(tokens, size)
    gates = torch.ones(LAYERS, spec.heads)
    gates[1, 2], gates[1, 0] = 0.5, 0

    def scale(context):
        context[:, 2] *= 0.5
        context[:, 0] = 0
        return context

    def replace_alike(context):
        context[:, 1] = one
        return context

    def replace_each(context):
        context[:, 1] = 0.25 * each
        return context

    quarter = torch.ones(LAYERS, spec.heads)
    quarter[2, 1] = 0.25
    with torch.inference_mode():
        for layer, change, intervention in (
            (1, scale, Intervention(gates)),
            (0, replace_alike, Intervention(replacements={(0, 1): one})),
            (2, replace_each, Intervention(quarter, {(2, 1): each})),
        ):
            expected = changed_by_hand(model, layer, change)
            assert torch.equal(everything(model, intervene=intervention).logits, expected)
            assert (expected - everything(model).logits).abs().max() > 1e-3


@families
def test_a_head_replaced_by_its_own_context_changes_nothing(spec):
    model = random_model(spec)
    plain = everything(model)
    same = everything(model, intervene=Intervention(replacements={(1, 2): plain.context[1][2]}))
    assert torch.equal(plain.logits, same.logits)


@pytest.mark.parametrize(
    ("intervention", "match"),
    [
        (Intervention(torch.ones(2, 4)), r"shape \(2, 4\), the model has 3 layers of 4 heads"),
        (Intervention(replacements={(3, 0): torch.zeros(16)}), "no head 3.0"),
        (Intervention(replacements={(0, 1): torch.zeros(41, 16)}), r"head 0.1 has the shape \(41, 16\), not \(16,\) or \(42, 16\)"),
    ],
)
def test_an_intervention_must_fit(intervention, match):
    with pytest.raises(ValueError, match=match):
        read(random_model(FAMILIES[0]), PROTEIN, [LogitsReader()], intervention)


def asked(spec, model):
    """Masked tokens, a reader of the loss at all residues, and the same loss for given gates."""
    tokens = encode(spec.family, PROTEIN).masked([3, 11, 30])
    targets = encode(spec.family, PROTEIN).ids[0, 1:-1]

    def loss(gates):
        reader = LogitsReader()
        read(model, tokens, [reader], Intervention(gates))
        return torch.nn.functional.cross_entropy(reader.logits.double(), targets, reduction="sum").item()

    return tokens, Loss(targets), loss


@families
def test_the_gradient_of_one_gate_is_the_finite_difference(spec):
    model = random_model(spec)
    tokens, reader, loss = asked(spec, model)
    read(model, tokens, [reader], gradients=True)
    assert reader.gradients.shape == (LAYERS, spec.heads)
    step = 1e-3
    strongest = reader.gradients.abs().argmax(dim=1)
    for layer, head in enumerate(strongest.tolist()):
        up, down = torch.ones(LAYERS, spec.heads), torch.ones(LAYERS, spec.heads)
        up[layer, head] += step
        down[layer, head] -= step
        difference = (loss(up) - loss(down)) / (2 * step)
        # A hundredth, or what the rounding of the losses (4e-5 nats) makes of a difference over 2e-3.
        assert reader.gradients[layer, head].item() == pytest.approx(difference, abs=0.02, rel=0.01)
        assert abs(difference) > 0.3


@families
def test_gradients_equal_those_through_transformers_own_attention(spec):
    model = random_model(spec)
    tokens, reader, _ = asked(spec, model)
    at = torch.ones(LAYERS, spec.heads)
    at[0, 1] = 0.3
    other = Loss((reader.targets + 1) % 20)
    mean = everything(model).context[1][2].mean(dim=0)
    read(model, tokens, [reader, LogitsReader(), other], Intervention(at, {(1, 2): mean}), gradients=True)
    gates = at.clone().requires_grad_()
    size = spec.width // spec.heads

    def gated(layer, inputs):
        context = inputs[0].clone()
        if layer == 1:
            context[..., 2 * size : 3 * size] = mean
        return (context * gates[layer].repeat_interleave(size),)

    handles = [
        projection_of(model, layer).register_forward_pre_hook(lambda module, inputs, layer=layer: gated(layer, inputs))
        for layer in range(LAYERS)
    ]
    logits = model.module(input_ids=tokens.ids).logits[0, 1:-1].double()
    for handle in handles:
        handle.remove()
    for mine in (reader, other):
        expected = torch.nn.functional.cross_entropy(logits, mine.targets, reduction="sum")
        (gradients,) = torch.autograd.grad(expected, gates, retain_graph=True)
        torch.testing.assert_close(mine.gradients, gradients, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("gradients", "match"), [(True, "no reader wants"), (False, "read with gradients=True")])
def test_gradients_are_asked_for_and_wanted_or_neither(gradients, match):
    readers = [LogitsReader()] if gradients else [Loss(torch.zeros(40, dtype=torch.long))]
    with pytest.raises(ValueError, match=match):
        read(random_model(FAMILIES[0]), PROTEIN, readers, gradients=gradients)


@families
def test_the_mean_of_the_context_against_a_loop(spec):
    """What mean ablation needs: the mean of z over the residues, each z summed by hand."""

    class Mean(Reader):
        wants = frozenset({"context"})

        def __init__(self):
            self.means = []

        def layer(self, layer):
            self.means.append(layer.tokens.cut(layer.context, 1).mean(dim=1))

    model = random_model(spec)
    reader, size, values = Mean(), spec.width // spec.heads, []
    linear = [part for name, part in model.module.named_modules() if name.endswith((".value", ".v_proj"))]
    handles = [part.register_forward_hook(lambda module, inputs, output: values.append(output[0].numpy())) for part in linear]
    with torch.inference_mode():
        attention = model.module(input_ids=encode(spec.family, PROTEIN).ids, output_attentions=True).attentions
    for handle in handles:
        handle.remove()
    read(model, PROTEIN, [reader])
    for layer in range(LAYERS):
        for head in range(spec.heads):
            total = np.zeros(size)
            for i in range(1, 41):
                for j in range(42):
                    total += attention[layer][0, head, i, j].item() * values[layer][j, head * size : (head + 1) * size].astype(float)
            np.testing.assert_allclose(reader.means[layer][head].numpy(), total / 40, atol=1e-6)


@families
def test_two_chains(spec):
    model = random_model(spec)
    pair = (PROTEIN, random_protein(25, seed=1))
    tokens = encode(spec.family, pair)
    with torch.inference_mode():
        expected = model.module(input_ids=tokens.ids, output_hidden_states=True)
    states, logits, seen = StatesReader([1]), LogitsReader(), Everything()
    read(model, pair, [states, logits, seen])
    at = [*range(1, 41), *range(len(tokens) - 26, len(tokens) - 1)]
    assert torch.equal(states.states[1], expected.hidden_states[1][0, at])
    assert torch.equal(logits.logits, expected.logits[0, at])
    assert tokens.cut(seen.attention[0], 1, 2).shape == (spec.heads, 65, 65)
    assert torch.equal(tokens.cut(seen.attention[0], 1, 2), seen.attention[0][:, at][:, :, at])
    assert seen.attention[0][:, 1:41, len(tokens) - 26 : -1].sum() > 0  # the chains see each other


def test_too_long_counts_all_chains():
    model = random_model(FAMILIES[2])
    pair = (Protein("A", "A" * 300), Protein("B", "A" * 210))
    with pytest.raises(SequenceError, match=r"A \+ B has 511 residues, AntiBERTy reads at most 510"):
        read(model, pair, [LogitsReader()])
    read(model, (Protein("A", "A" * 300), Protein("B", "A" * 209)), [FirstMaps(1)])


def test_too_little_memory(monkeypatch):
    model = random_model(FAMILIES[0])
    one = estimate_memory(model.spec, 40, "float32").working
    monkeypatch.setattr(devices, "available_memory", lambda device: one - 1)
    with pytest.raises(DeviceError, match="40 residues"):
        read(model, PROTEIN, [LogitsReader()])
    monkeypatch.setattr(devices, "available_memory", lambda device: one)
    read(model, PROTEIN, [LogitsReader()])
    # For gradients every layer stays in memory.
    _, reader, _ = asked(model.spec, model)
    with pytest.raises(DeviceError, match="40 residues"):
        read(model, PROTEIN, [reader], gradients=True)
    monkeypatch.setattr(devices, "available_memory", lambda device: LAYERS * one)
    read(model, PROTEIN, [reader], gradients=True)


class Recording(Reader):
    """Notes what it is called with; raises something in a layer."""

    wants = frozenset({"attention"})

    def __init__(self, layer=-1, error=None):
        self.at, self.error, self.calls = layer, error, []

    def layer(self, layer):
        self.calls.append(layer.index)
        if layer.index == self.at:
            raise self.error

    def finish(self, last):
        self.calls.append("finish")


def test_a_reader_that_has_enough_does_not_end_the_pass_of_others():
    early, others = Recording(1, Enough()), Recording()
    read(random_model(FAMILIES[0]), PROTEIN, [early, others])
    assert early.calls == [0, 1]
    assert others.calls == [0, 1, 2, "finish"]


def test_the_pass_ends_when_all_have_enough():
    model = random_model(FAMILIES[0])
    run = []
    model.module.esm.encoder.layer[2].register_forward_hook(lambda *_: run.append(2))
    first, second = Recording(0, Enough()), Recording(1, Enough())
    read(model, PROTEIN, [first, second])
    assert [first.calls, second.calls, run] == [[0], [0, 1], []]


@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
@pytest.mark.parametrize("error", [None, OSError("full"), Enough()], ids=["end", "error", "enough"])
def test_nothing_is_captured_outside(spec, error):
    model = random_model(spec)
    ids = encode(spec.family, PROTEIN).ids
    with torch.inference_mode():
        before = model.module(input_ids=ids).logits
    reader = Recording(1, error) if error else Recording()
    try:
        read(model, PROTEIN, [reader], Intervention(torch.zeros(LAYERS, spec.heads)))
    except OSError:
        assert isinstance(error, OSError)
    calls = len(reader.calls)
    with torch.inference_mode():
        assert torch.equal(model.module(input_ids=ids).logits, before)
    assert len(reader.calls) == calls
    assert model.module.config._attn_implementation == "eager"
    assert not any(part._forward_pre_hooks for part in layer_stack(model.module))
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_cancelled_between_layers():
    class Cancel:
        layers = 0

        def is_set(self):
            self.layers += 1
            return self.layers > 2

    reader = Recording()
    with pytest.raises(Cancelled):
        read(random_model(FAMILIES[0]), PROTEIN, [reader], cancel=Cancel())
    assert reader.calls == [0, 1]


def test_tokens_of_another_family_are_refused():
    esm2, esmc, _ = FAMILIES
    with pytest.raises(ValueError, match="these are tokens of esmc"):
        read(random_model(esm2), encode(esmc.family, random_protein(12)), [StatesReader([0])])


def test_what_readers_keep_can_be_built_on():
    states, logits = StatesReader([1]), LogitsReader()
    read(random_model(FAMILIES[0]), random_protein(12), [states, logits])
    for kept in (states.states[1], logits.logits):
        torch.nn.Linear(kept.shape[1], 1)(kept).sum().backward()
