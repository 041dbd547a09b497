import gc
import importlib.util
import threading

import pytest
import torch

from allo_core.models import capture
from allo_core.models.capture import Intervention, capture_attention
from allo_core.models.checkpoint import fill_module
from allo_core.models.convert import from_fair_esm
from allo_core.models.language_model import build_module, load_model
from allo_core.models.readers import LogitsReader, StatesReader
from allo_core.models.reading import Reader, read
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from tests.models.tiny import FAMILIES, TINY_BERT, TINY_ESMC, capture_all, fair_esm_model, random_model, random_protein


def module_from(reference, spec, dtype=torch.float32):
    """The app's ESM-2 module with the weights of fair-esm's, in the same memory."""
    with torch.device("meta"):
        module = build_module(spec)
    fill_module(module, from_fair_esm(reference.state_dict()), dtype, path=None)
    return module


def compare_with_fair_esm(spec, length, sharpness):
    reference = fair_esm_model(spec, seed=1, sharpness=sharpness)
    tokens = encode("esm2", random_protein(length).sequence).ids
    with torch.inference_mode():
        expected = reference(tokens, need_head_weights=True)["attentions"][0]
    maps = capture_all(module_from(reference, spec), tokens)
    assert maps.shape == (spec.layers, spec.heads, length + 2, length + 2)
    share = (expected > 0.01).float().mean().item()
    # Real heads have 3 to 6 % of their entries above 0.01; flat ones have all or none, and would hide a wrong row or column.
    assert 0.005 < share < 0.3
    assert expected.amax() > 0.3
    assert (maps - expected).abs().max() <= 1e-5


def test_esm2_8m_equals_fair_esm():
    compare_with_fair_esm(MODELS["esm2_t6_8M_UR50D"], length=150, sharpness=4.0)


def test_esm2_650m_equals_fair_esm():
    compare_with_fair_esm(MODELS["esm2_t33_650M_UR50D"], length=100, sharpness=2.5)
    gc.collect()


@pytest.mark.parametrize("spec", [TINY_ESMC, TINY_BERT], ids=["esmc", "bert"])
def test_equals_the_eager_path(spec):
    torch.manual_seed(3)
    module = build_module(spec)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if any(part in name for part in ("query", "key", "q_norm", "k_norm")):
                parameter.mul_(3)
    tokens = encode(spec.family, random_protein(60).sequence).ids
    with torch.inference_mode():
        expected = torch.cat(module(input_ids=tokens, output_attentions=True).attentions)
    assert expected.shape[:2] == (spec.layers, spec.heads)
    assert (capture_all(module, tokens) - expected).abs().max() <= 1e-6


@pytest.mark.skipif(importlib.util.find_spec("antiberty") is None, reason="the package antiberty is not installed")
def test_antiberty_equals_the_eager_path():
    model = load_model("antiberty", device="cpu")
    tokens = encode("bert", random_protein(200).sequence).ids
    with torch.inference_mode():
        expected = torch.cat(model.module(input_ids=tokens, output_attentions=True).attentions)
    assert expected.shape == (8, 8, 202, 202)
    assert expected.amax() > 0.3
    assert (capture_all(model.module, tokens) - expected).abs().max() <= 1e-6


def test_bfloat16_is_close_and_sums_to_one():
    spec = MODELS["esm2_t6_8M_UR50D"]
    reference = fair_esm_model(spec, seed=2, sharpness=2.0)
    tokens = encode("esm2", random_protein(80).sequence).ids
    exact, rough = (capture_all(module_from(reference, spec, dtype), tokens) for dtype in (torch.float32, torch.bfloat16))
    # The softmax is float32, so rows sum to 1 as exactly as in float32; the maps differ by what 8 bits of mantissa leave.
    assert (rough.sum(-1) - 1).abs().max() <= 1e-5
    assert 0 < (rough - exact).abs().max() <= 0.05
    assert (rough - exact).abs().mean() <= 1e-3


def test_output_of_the_model_is_unchanged():
    module = build_module(TINY_ESMC)
    tokens = encode("esmc", random_protein(40).sequence).ids
    with torch.inference_mode():
        expected = module(input_ids=tokens).logits
        with capture_attention(module, lambda captured: captured.attention.zero_()):
            captured = module(input_ids=tokens).logits
    assert module.config._attn_implementation == "eager"
    torch.testing.assert_close(captured, expected, atol=1e-5, rtol=1e-5)


def test_a_second_pass_counts_layers_from_zero():
    module = build_module(TINY_BERT)
    layers = []
    with torch.inference_mode(), capture_attention(module, lambda captured: layers.append(captured.layer)):
        module(input_ids=encode("bert", "ACDE").ids)
        module(input_ids=encode("bert", "ACDEF").ids)
    assert layers == [0, 1, 0, 1]


def test_two_threads_do_not_mix():
    proteins = [random_protein(30 + 10 * n, seed=n) for n in range(2)]
    tokens = [encode("bert", protein.sequence).ids for protein in proteins]
    modules = [build_module(TINY_BERT) for _ in proteins]
    expected = [capture_all(*pair) for pair in zip(modules, tokens, strict=True)]
    wrong = []

    def work(n):
        for _ in range(20):
            maps = capture_all(modules[n], tokens[n])
            if maps.shape != expected[n].shape or (maps - expected[n]).abs().max() > 1e-6:
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_error_of_the_sink_leaves_the_model_usable():
    module = build_module(TINY_BERT)
    tokens = encode("bert", "ACDEFGH").ids

    def fail(captured):
        raise OSError("full")

    with pytest.raises(OSError, match="full"), torch.inference_mode(), capture_attention(module, fail):
        module(input_ids=tokens)
    assert module.config._attn_implementation == "eager"
    assert capture_all(module, tokens).shape == (2, 4, 9, 9)


def test_batches_are_refused():
    module = build_module(TINY_BERT)
    tokens = encode("bert", "ACDE").ids.repeat(2, 1)
    with pytest.raises(AssertionError, match="one sequence"), torch.inference_mode(), capture_attention(module, lambda *_: None):
        module(input_ids=tokens)


# --- where nobody wants the maps --------------------------------------------------------------------------------------------------------

PROTEIN = random_protein(40)
MAP_BYTES = 4 * 42 * 42  # of one head
INTERVENTIONS = {
    "none": lambda spec: None,
    "gates": lambda spec: Intervention(torch.linspace(-1, 1, spec.layers * spec.heads).reshape(spec.layers, spec.heads)),
    "replaced": lambda spec: Intervention(replacements={(1, 2): torch.randn(16), (2, 0): torch.randn(42, 16)}),
}


class Without(Reader):
    """Keeps what a layer gives beside attention."""

    wants = frozenset({"context", "values"})

    def __init__(self):
        self.seen = []

    def layer(self, layer):
        self.seen += [layer.context.clone(), layer.values.clone()]


class With(Without):
    wants = frozenset({"attention", "context", "values"})


def all_of(model, reader, intervention):
    torch.manual_seed(0)
    states, logits = StatesReader(range(model.spec.layers + 1)), LogitsReader()
    read(model, PROTEIN, [states, logits, reader], intervention(model.spec))
    return [*reader.seen, *states.states.values(), logits.logits]


@pytest.mark.parametrize("heads", [1, 3, 4], ids=lambda heads: f"{heads} at once")
@pytest.mark.parametrize("intervention", INTERVENTIONS.values(), ids=INTERVENTIONS)
@pytest.mark.parametrize("spec", FAMILIES, ids=lambda spec: spec.family)
def test_without_maps_everything_else_is_the_same_bit_for_bit(spec, intervention, heads, monkeypatch):
    """3 do not divide the 4 heads of ESM-2 and BERT: their last block is a smaller one."""
    monkeypatch.setattr(capture, "_BLOCK_BYTES", heads * MAP_BYTES)
    model = random_model(spec)
    plain, blocked = all_of(model, With(), intervention), all_of(model, Without(), intervention)
    assert len(plain) == len(blocked) == 2 * spec.layers + spec.layers + 1 + 1
    assert all(torch.equal(*pair) for pair in zip(plain, blocked, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_maps_the_model_is_that_of_transformers(dtype, monkeypatch):
    monkeypatch.setattr(capture, "_BLOCK_BYTES", 2 * MAP_BYTES)
    module = random_model(FAMILIES[0]).module.to(dtype)
    ids = encode("esm2", PROTEIN).ids
    with torch.inference_mode():
        expected = module(input_ids=ids).logits
        with capture_attention(module, lambda captured: None, maps=False):
            logits = module(input_ids=ids).logits
    tolerance = 1e-5 if dtype == torch.float32 else 0.1  # transformers' softmax is in bfloat16, too
    torch.testing.assert_close(logits, expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize(("block", "held"), [(1, 1), (MAP_BYTES, 1), (3 * MAP_BYTES, 3), (100 * MAP_BYTES, 4)])
def test_no_more_than_a_block_of_maps_is_held(block, held, monkeypatch):
    monkeypatch.setattr(capture, "_BLOCK_BYTES", block)
    shapes, seen = [], []
    plain_softmax = torch.softmax
    monkeypatch.setattr(torch, "softmax", lambda scores, **more: shapes.append(tuple(scores.shape)) or plain_softmax(scores, **more))
    model = random_model(FAMILIES[0])
    with torch.inference_mode(), capture_attention(model.module, seen.append, maps=False):
        model.module(input_ids=encode("esm2", PROTEIN).ids)
    assert {captured.attention for captured in seen} == {None}
    assert max(shapes) == (held, 42, 42)
    assert sum(shape[0] for shape in shapes) == 3 * 4


def test_gradients_need_no_maps_either():
    """Of a reader that wants gradients alone; as with a reader of the maps beside it, for which the sums are added in another order."""

    class Loss(Reader):
        wants = frozenset({"gradients"})

        def loss(self, last):
            return last.logits.double().pow(2).sum()

        def finish(self, last):
            self.gradients = last.gradients

    model = random_model(FAMILIES[1])
    alone, beside = Loss(), Loss()
    read(model, PROTEIN, [alone], gradients=True)
    read(model, PROTEIN, [beside, With()], gradients=True)
    assert alone.gradients.abs().max() > 0
    torch.testing.assert_close(alone.gradients, beside.gradients, atol=1e-3, rtol=1e-5)
