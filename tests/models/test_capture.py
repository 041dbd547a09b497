import gc
import importlib.util
import threading

import pytest
import torch

from allo_core.models.capture import capture_attention
from allo_core.models.checkpoint import fill_module
from allo_core.models.convert import from_fair_esm
from allo_core.models.language_model import build_module, load_model
from allo_core.models.registry import MODELS
from allo_core.models.tokens import encode
from tests.models.tiny import TINY_BERT, TINY_ESMC, capture_all, fair_esm_model, random_protein


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
