"""One step of learning."""

import numpy as np
import pytest
import torch
from transformers.models.esm.modeling_esm import EsmIntermediate

from allo_core.errors import TrainingError
from allo_core.models.tokens import encode
from allo_core.training import learner as module
from allo_core.training.attention import attention_for
from allo_core.training.learner import Learner
from allo_core.training.masking import NOT_ASKED, MaskedCrop, mask_crop
from tests.training.tiny import TINY


def _crops(lengths: tuple[int, ...]) -> list[MaskedCrop]:
    rng = np.random.default_rng(0)
    letters = list("LAGVSERTIDPKQNFYMHWC")
    return [mask_crop(encode("esm2", "".join(rng.choice(letters, length))).ids[0].numpy(), rng) for length in lengths]


@pytest.fixture
def exact(monkeypatch) -> Learner:
    """A small model in float32."""
    monkeypatch.setattr(Learner, "precision", "float32")
    return Learner(TINY, "cpu", seed=0)


def test_attention_names():
    assert [attention_for(device) for device in ("cpu", "cuda", "mps")] == ["alloscope_float32", "sdpa", "sdpa"]


def test_padding_changes_nothing(exact):
    crops = _crops((70, 33, 21, 5))
    asked = [int((crop.targets != NOT_ASKED).sum()) for crop in crops]
    alone = [exact.loss([crop]) for crop in crops]
    assert exact.loss(crops) == pytest.approx(np.average(alone, weights=asked), abs=1e-5)


def test_loss_is_that_of_transformers_own_attention(exact):
    crops = _crops((40, 40, 17))
    ours = exact.loss(crops)
    exact.module.set_attn_implementation("eager")
    assert exact.loss(crops) == pytest.approx(ours, abs=1e-5)


def test_gelu_is_that_of_transformers(exact):
    """Loss and gradients are those of the layer as transformers spells it out."""
    crops = _crops((40, 40, 17))
    ours = exact.learn(crops, 0.0)
    layers = [part for part in exact.module.modules() if isinstance(part, EsmIntermediate)]
    assert len(layers) == TINY.layers
    for layer in layers:
        layer.__class__ = EsmIntermediate
    theirs = exact.learn(crops, 0.0)
    assert (ours.loss, ours.gradient_norm) == pytest.approx((theirs.loss, theirs.gradient_norm), rel=1e-5)


def test_pieces_change_nothing_but_rounding(monkeypatch):
    """The gradient is that of the mean over the whole batch, however it is cut."""
    monkeypatch.setattr(Learner, "precision", "float32")
    results = []
    for most in (32, 4096):
        monkeypatch.setitem(module._AT_ONCE, "cpu", most)
        learner = Learner(TINY, "cpu", seed=0)
        step = learner.learn(_crops((30, 25, 20, 9, 8)), 1e-3)
        results.append((step.loss, step.gradient_norm))
        assert step.tokens == 102
    assert results[0] == pytest.approx(results[1], rel=1e-4)


def test_decay_is_for_matrices_alone(exact):
    decayed, rest = exact.optimiser.param_groups
    assert {p.ndim for p in decayed["params"]} == {2}
    assert {p.ndim for p in rest["params"]} == {1}
    assert (decayed["weight_decay"], rest["weight_decay"]) == (0.01, 0.0)
    assert len(decayed["params"]) + len(rest["params"]) == len(list(exact.module.parameters()))


def test_the_mode_has_no_dropout(exact):
    assert not any(part.training for part in exact.module.modules())


def test_same_seed_same_parameters_and_the_random_state_is_left_alone():
    torch.manual_seed(9)
    before = torch.random.get_rng_state()
    one, other, third = (Learner(TINY, "cpu", seed).module.lm_head.dense.weight for seed in (1, 1, 2))
    assert torch.equal(one, other)
    assert not torch.equal(one, third)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_loss_that_is_not_finite_changes_nothing(exact):
    with torch.no_grad():
        exact.module.lm_head.bias[5] = float("nan")
    kept = exact.module.lm_head.dense.weight.clone()
    with pytest.raises(TrainingError, match="The loss is nan"):
        exact.learn(_crops((20,)), 1e-3)
    assert torch.equal(exact.module.lm_head.dense.weight, kept)


def test_crops_without_a_standard_residue_have_no_loss(exact):
    crop = mask_crop(encode("esm2", "XXXX").ids[0].numpy(), np.random.default_rng(0))
    assert exact.learn([crop], 1e-3).loss == 0


@pytest.mark.parametrize(
    ("device", "features", "precision"),
    [
        ("cpu", {"avx2": True}, "float32"),
        ("cpu", {"avx512_bf16": True}, "bfloat16"),
        ("cpu", {"architecture": "aarch64", "bf16": True}, "bfloat16"),
        ("mps", {"bf16": True}, "float32"),
        ("cuda", {}, "bfloat16"),
    ],
)
def test_precision_is_one_that_the_processor_is_made_for(monkeypatch, device, features, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    learner = Learner(TINY, "cpu", seed=0)
    learner.device = device
    assert learner.precision == precision
