"""Integrated Gradients equal captum's, are exact for what is linear, and are refused where they do not add up."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.gradients import LARGEST_GAP, STEPS, integrated_gradients


class Encoder(nn.Module):
    """The published shape: an encoder without positions, mean over tokens, a small head."""

    def __init__(self, width: int, layers: int, seed: int = 0, dropout: float = 0.3):
        super().__init__()
        torch.manual_seed(seed)
        layer = nn.TransformerEncoderLayer(width, 8, 2 * width, dropout, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.Linear(width, width // 2), nn.ReLU(), nn.Linear(width // 2, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).mean(dim=1))[:, 0]


class Linear(nn.Module):
    def __init__(self, tokens: int, width: int):
        super().__init__()
        torch.manual_seed(0)
        self.map = nn.Linear(tokens * width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.map(x.flatten(1))[:, 0]


class Cliff(nn.Module):
    """A jump: its gradient is zero wherever one looks."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.sum(dim=(1, 2)) > 0.05).float() + 0 * x.sum(dim=(1, 2))


class NotANumber(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sum(dim=(1, 2)) * float("nan")


def pairs(count: int, tokens: int, width: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.normal(size=(count, tokens, width)).astype(np.float32), random.normal(size=(tokens, width)).astype(np.float32) / 4


def test_equal_to_captum():
    captum = pytest.importorskip("captum.attr")
    model, (inputs, baseline) = Encoder(16, 2).eval(), pairs(3, 6, 16)
    found = integrated_gradients(model, inputs, baseline)
    reference = captum.IntegratedGradients(model)
    for row in range(3):
        expected = reference.attribute(
            torch.from_numpy(inputs[row : row + 1]), torch.from_numpy(baseline[None]), n_steps=int(found.steps[row]), method="gausslegendre"
        )
        expected = expected.numpy()[0]
        assert np.abs(found.values[row] - expected).max() < 1e-4 * np.abs(expected).max()


def test_exact_for_a_linear_model():
    model, (inputs, baseline) = Linear(4, 5), pairs(2, 4, 5)
    found = integrated_gradients(model, inputs, baseline)
    weights = model.map.weight.detach().numpy().reshape(4, 5)
    assert found.values == pytest.approx((inputs - baseline) * weights, abs=1e-6)
    assert found.gaps.max() < 1e-5
    assert found.steps.tolist() == [STEPS[0]] * 2
    assert found.magnitude == pytest.approx(np.abs(found.values).mean(axis=(0, 2)))


def test_tokens_sum_to_the_change_of_the_logit():
    found = integrated_gradients(Encoder(16, 2), *pairs(4, 20, 16))
    assert found.gaps.max() <= LARGEST_GAP
    change = found.logits - found.baseline_logit
    assert found.signed.sum(axis=1) == pytest.approx(change, abs=LARGEST_GAP * np.abs(change).max())


def test_no_dropout_and_the_mode_stays():
    model = Encoder(16, 1, dropout=0.5).train()
    model.body.layers[0].dropout.eval()
    inputs, baseline = pairs(1, 6, 16)
    first, second = (integrated_gradients(model, inputs, baseline) for _ in range(2))
    assert np.array_equal(first.values, second.values)
    assert model.training
    assert not model.body.layers[0].dropout.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_baseline_itself_has_nothing_to_attribute():
    _, baseline = pairs(1, 6, 16)
    found = integrated_gradients(Encoder(16, 1), baseline[None], baseline)
    assert np.abs(found.values).max() == 0
    assert found.gaps.tolist() == pytest.approx([0], abs=1e-4)


def test_a_gap_is_refused_after_more_steps():
    calls = []

    class Counted(Cliff):
        def forward(self, x):
            calls.append(len(x))
            return super().forward(x)

    with pytest.raises(PairError, match=r"miss 100\.0% .* 800 steps"):
        integrated_gradients(Counted(), np.ones((1, 2, 3), dtype=np.float32), np.zeros((2, 3), dtype=np.float32))
    assert sum(calls) == sum(STEPS) + 2


def test_some_refused_pairs_have_no_values():
    """Beside a pair whose gradients add up, one that crosses a cliff is left out, with its gap."""

    class Half(Cliff):
        def forward(self, x):
            return super().forward(x[:, :1]) + x[:, 1].sum(dim=1)

    inputs = np.zeros((2, 2, 3), dtype=np.float32)
    inputs[0] = [[1, 1, 1], [0, 0, 0]]
    inputs[1] = [[0, 0, 0], [1, 2, 3]]
    found = integrated_gradients(Half(), inputs, np.zeros((2, 3), dtype=np.float32))
    assert found.refused.tolist() == [0]
    assert found.gaps == pytest.approx([1, 0], abs=1e-6)
    assert np.isnan(found.signed[0]).all()
    assert found.signed[1] == pytest.approx([0, 6])
    assert found.magnitude == pytest.approx([0, 2])


def test_what_is_not_finite_is_refused():
    with pytest.raises(PairError, match="logit nan"):
        integrated_gradients(NotANumber(), *pairs(1, 2, 3))


def test_cancel_and_progress():
    seen, event = [], threading.Event()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        event.set()

    with pytest.raises(Cancelled):
        integrated_gradients(Linear(2, 3), *pairs(3, 2, 3), progress, event)
    assert seen == [(1, 3)]
