import importlib.util
import sys
import types

import psutil
import pytest
import torch

from allo_core.errors import DeviceError
from allo_core.models import devices
from allo_core.models.devices import (
    available_devices,
    available_memory,
    check_memory,
    choose_device,
    choose_dtype,
    estimate_memory,
    memory_errors,
    needs_trust_check,
    trust_device,
)
from allo_core.models.registry import MODELS
from allo_core.protein.sequence import Protein

SPEC = MODELS["esm2_t33_650M_UR50D"]
PROTEIN = Protein("x", "ACDEFGHIKL")


def test_best_device_first(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert available_devices() == ["cuda", "cpu"]
    assert choose_device() == "cuda"
    assert choose_device("cpu") == "cpu"
    with pytest.raises(DeviceError, match=r"'mps' is not available here; choose one of auto, cuda, cpu\."):
        choose_device("mps")


def test_cpu_is_always_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device() == "cpu"
    with pytest.raises(DeviceError, match="'gpu'"):
        choose_device("gpu")


def test_precision():
    assert choose_dtype() == "float32"
    assert choose_dtype("bfloat16") == "bfloat16"
    with pytest.raises(DeviceError, match="'float16' is unknown"):
        choose_dtype("float16")


def test_estimate_is_near_what_was_measured():
    # 650M shape, float32, measured on CPU above the loaded model: 94 MB at 412 residues, 270 MB at 1022.
    assert estimate_memory(SPEC, 412, "float32").working == pytest.approx(94e6, rel=0.3)
    assert estimate_memory(SPEC, 1022, "float32").working == pytest.approx(270e6, rel=0.3)
    assert estimate_memory(SPEC, 412, "float32").weights == pytest.approx(2.6e9, rel=0.01)
    assert estimate_memory(SPEC, 412, "bfloat16").weights == pytest.approx(1.3e9, rel=0.01)


def test_too_little_memory_is_refused_with_the_numbers(monkeypatch):
    monkeypatch.setattr(devices, "available_memory", lambda device: 2_000_000_000)
    with pytest.raises(DeviceError, match=r"needs about 2\.7 GB for 412 residues in float32, cpu has 2\.0 GB free; use bfloat16") as error:
        check_memory(SPEC, 412, "cpu", "float32")
    assert "\n" not in str(error.value)
    with pytest.raises(DeviceError, match="the CPU"):
        check_memory(SPEC, 412, "cuda", "float32")
    check_memory(SPEC, 412, "cpu", "bfloat16")
    with pytest.raises(DeviceError, match=r"2\.6 GB to be loaded in float32, .* use bfloat16 or a smaller model\.$"):
        check_memory(SPEC, 0, "cpu", "float32")
    # The weights are there already: only the working memory counts.
    check_memory(SPEC, 412, "cpu", "float32", loaded=True)
    with pytest.raises(DeviceError, match="6000 residues"):
        check_memory(SPEC, 6000, "cpu", "float32", loaded=True)


def test_unknown_memory_refuses_nothing(monkeypatch):
    monkeypatch.setattr(devices, "available_memory", lambda device: None)
    check_memory(MODELS["esm2_t48_15B_UR50D"], 6000, "cpu", "float32")


def test_available_memory_equals_psutil():
    assert available_memory("cpu") == pytest.approx(psutil.virtual_memory().available, rel=0.1)


def test_available_memory_without_proc(monkeypatch):
    """As on macOS."""

    def missing():
        raise FileNotFoundError

    in_all = psutil.virtual_memory().total
    monkeypatch.setattr(sys, "platform", "darwin")
    assert available_memory("cpu") == pytest.approx(in_all, rel=0.01)
    monkeypatch.setattr(psutil, "virtual_memory", missing)
    assert available_memory("cpu") is None


def test_available_memory_on_windows(monkeypatch):
    def refuse():
        raise OSError("GlobalMemoryStatusEx failed")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: types.SimpleNamespace(available=123, total=456))
    assert available_memory("cpu") == 123
    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    assert available_memory("cpu") is None


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("can't allocate memory: you tried"),
    ],
)
def test_out_of_memory_is_told_in_one_line(error):
    with (
        pytest.raises(DeviceError, match=r"cuda ran out of memory with ESM-2 650M; use bfloat16.*or the CPU") as told,
        memory_errors(SPEC, "cuda"),
    ):
        raise error
    assert "\n" not in str(told.value)


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shape"), memory_errors(SPEC, "cuda"):
        raise RuntimeError("shape mismatch")


class FakeModel:
    """A model on a device that computes ``wrong(right maps)``."""

    device = torch.device("mps")
    dtype = "float32"

    def __init__(self, wrong):
        self.wrong = wrong

    def first_layers(self, protein, device):
        generator = torch.Generator().manual_seed(0)
        size = len(protein) + 2
        maps = [torch.softmax(3 * torch.randn(4, size, size, generator=generator), dim=-1) for _ in range(2)]
        return maps if device == "cpu" else [self.wrong(layer, tensor.clone()) for layer, tensor in enumerate(maps)]


def test_only_mps_is_checked():
    assert needs_trust_check("mps")
    assert not needs_trust_check("cuda")
    assert not needs_trust_check("cpu")


@pytest.mark.parametrize("wrong", [lambda layer, maps: maps, lambda layer, maps: maps * (1 + 1e-5)], ids=["same", "rounding"])
def test_a_device_that_computes_right_is_trusted(wrong):
    assert trust_device(FakeModel(wrong), PROTEIN) is None


def transposed(layer, maps):
    return maps.roll(1, dims=-1)


def only_second_layer(layer, maps):
    return maps.flip(0) if layer == 1 else maps


def unnormalised(layer, maps):
    return maps * 1.01


def not_a_number(layer, maps):
    return torch.full_like(maps, torch.nan)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (transposed, "layer 0 that differs from the CPU's by"),
        (only_second_layer, "layer 1 that differs from the CPU's by"),
        (unnormalised, "rows of layer 0 that do not sum to 1"),
        (not_a_number, "rows of layer 0 that do not sum to 1"),
    ],
)
def test_a_device_that_computes_wrong_is_not_trusted(wrong, match):
    assert match in trust_device(FakeModel(wrong), PROTEIN)


@pytest.mark.skipif(importlib.util.find_spec("antiberty") is None, reason="the package antiberty is not installed")
def test_the_same_device_agrees_with_itself():
    from allo_core.models.language_model import load_model

    model = load_model("antiberty", device="cpu")
    assert trust_device(model, PROTEIN) is None
    assert len(model.first_layers(PROTEIN, "cpu")) == 2
