"""Which device computes, in which precision, whether its memory suffices, and whether it computes right."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from allo_core.errors import DeviceError
from allo_core.models.registry import ModelSpec
from allo_core.protein.sequence import Protein
from allo_core.storage.amounts import gigabytes

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = [
    "DEVICES",
    "DTYPES",
    "Device",
    "DeviceChoice",
    "Dtype",
    "DtypeChoice",
    "Estimate",
    "available_devices",
    "available_memory",
    "check_memory",
    "choose_device",
    "choose_dtype",
    "computes_bfloat16",
    "estimate_memory",
    "keep_working_memory",
    "memory_errors",
    "needs_trust_check",
    "trust_device",
]

# In order of preference for "auto".
Device = Literal["cuda", "mps", "cpu"]
DeviceChoice = Literal["auto", "cuda", "mps", "cpu"]
Dtype = Literal["float32", "bfloat16"]
DtypeChoice = Literal["auto", "float32", "bfloat16"]
DEVICES: tuple[Device, ...] = get_args(Device)
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
_BYTES: dict[Dtype, int] = {"float32": 4, "bfloat16": 2}

# MPS has returned silently wrong numbers in several versions of torch: SDPA with permuted inputs, products of transposed operands, bmm
# above 2^32 elements.  CUDA and CPU have no such record.
_CHECKED_DEVICES = frozenset({"mps"})
# Largest difference of one probability from the CPU's: well above rounding (1e-5 in float32, 1e-2 in bfloat16), well below what a wrong
# product gives (tenths).
_TOLERANCE: dict[Dtype, float] = {"float32": 1e-3, "bfloat16": 5e-2}
_ROW_SUM_TOLERANCE = 1e-3

# What torch calls the instructions of processors that multiply matrices in bfloat16: x86, then ARM.
_BFLOAT16_FEATURES = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")

# Parameters of mallopt (glibc, malloc.h) and what a forward pass needs again for every layer.  Blocks above 4 MB are given back at once:
# kept, they leave holes between them (30 MB at 1,022 residues of ESM-2 650M), and taking them anew costs less than can be measured.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _LARGEST_KEPT_BLOCK = 256 << 20, 4 << 20


@cache
def keep_working_memory() -> None:
    """Let glibc keep the memory of one layer for the next, instead of giving it back and taking it again (a tenth of a run on the CPU)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT_BLOCK)


def available_devices() -> list[Device]:
    """The devices that torch can use here, best first; "cpu" is always the last."""
    import torch

    found: dict[Device, bool] = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return [name for name in DEVICES if found[name]]


def choose_device(name: DeviceChoice = "auto") -> Device:
    """The device to compute on: "auto" takes the best one.  DeviceError, naming what there is, for anything that is not available."""
    devices = available_devices()
    if name == "auto":
        return devices[0]
    if name not in devices:
        raise DeviceError(f"The device {name!r} is not available here; choose one of auto, {', '.join(devices)}.")
    return name


def choose_dtype(name: DtypeChoice = "auto") -> Dtype:
    """The precision to compute in: "auto" is float32.  DeviceError for anything but "auto", "float32" and "bfloat16"."""
    if name == "auto":
        return "float32"
    if name not in DTYPES:
        raise DeviceError(f"The precision {name!r} is unknown; choose one of auto, {', '.join(DTYPES)}.")
    return name


def computes_bfloat16(device: Device) -> bool:
    """Whether bfloat16 is no slower than float32: a CPU without instructions for it is about 20 times slower."""
    if device != "cpu":
        return True
    import torch

    features = torch.cpu.get_capabilities()
    return any(features.get(name, False) for name in _BFLOAT16_FEATURES)


@dataclass(frozen=True)
class Estimate:
    """Memory in bytes: the weights, and what one layer needs while it is worked out and stored."""

    weights: int
    working: int


def estimate_memory(spec: ModelSpec, length: int, dtype: Dtype) -> Estimate:
    """What a run over ``length`` residues needs.

    One layer holds the scores of all heads, at most as much again while they are stored, and about four feed-forward states and
    six hidden states.  Measured for the shape of ESM-2 650M: 94 MB at 412 residues, 270 MB at 1022; this gives 74 and 283.
    """
    tokens = length + 2
    attention = 2 * 4 * spec.heads * tokens**2
    activations = 4 * tokens * (6 * spec.width + 4 * spec.feed_forward)
    return Estimate(spec.parameters * _BYTES[dtype], attention + activations)


def check_memory(spec: ModelSpec, length: int, device: str, dtype: Dtype, loaded: bool = False, layers: int = 1) -> None:
    """Refuse what cannot fit: DeviceError with the numbers.  Where the free memory is unknown nothing is refused.

    Parameters
    ----------
    length : int
        Residues; 0: only the weights are to be loaded.
    loaded : bool
        The weights are in memory already, so only the working memory counts.
    layers : int
        Layers whose working memory is held at once.
    """
    estimate = estimate_memory(spec, length, dtype)
    needed = estimate.working * layers + (0 if loaded else estimate.weights)
    available = available_memory(device)
    if available is None or needed <= available:
        return
    ways = (["bfloat16"] if dtype == "float32" else []) + ["a smaller model"]
    ways += (["the CPU"] if device != "cpu" else []) + (["a shorter stretch"] if length else [])
    task = f"for {length} residues" if length else "to be loaded"
    raise DeviceError(
        f"{spec.label} needs about {gigabytes(needed)} {task} in {dtype}, {device} has {gigabytes(available)} free; use {_any_of(ways)}."
    )


def _any_of(ways: list[str]) -> str:
    return ", ".join(ways[:-1]) + (" or " if len(ways) > 1 else "") + ways[-1]


def available_memory(device: str) -> int | None:
    """Bytes that can still be used on a device; None where the system does not tell."""
    if device == "cpu":
        return _available_ram()
    import torch

    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()


def _available_ram() -> int | None:
    import psutil

    try:
        memory = psutil.virtual_memory()
    except (OSError, RuntimeError):
        return None
    # macOS frees cached memory by itself, so all that there is can be had.
    return memory.total if sys.platform == "darwin" else memory.available


@contextmanager
def memory_errors(spec: ModelSpec, device: str) -> Iterator[None]:
    """Turn a device's "out of memory" into a DeviceError that says what to do."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _out_of_memory(spec, device) from error
    except RuntimeError as error:
        # MPS and the CPU have no class of their own for it.
        if "out of memory" not in str(error).lower() and "can't allocate memory" not in str(error).lower():
            raise
        raise _out_of_memory(spec, device) from error


def _out_of_memory(spec: ModelSpec, device: str) -> DeviceError:
    elsewhere = "" if device == "cpu" else ", or the CPU"
    return DeviceError(f"{device} ran out of memory with {spec.label}; use bfloat16, a smaller model or a shorter stretch{elsewhere}.")


class _FirstLayers(Protocol):
    """What the check needs of a model (`ProteinLanguageModel` has it)."""

    @property
    def device(self) -> "torch.device": ...

    @property
    def dtype(self) -> Dtype: ...

    def first_layers(self, protein: Protein, device: str) -> "list[Tensor]": ...


def needs_trust_check(device: str) -> bool:
    """Whether a run on this device must be compared with the CPU first."""
    return device in _CHECKED_DEVICES


def trust_device(model: _FirstLayers, protein: Protein) -> str | None:
    """Compare the first layers on the model's device with the CPU.

    Layer 0 shows products and softmax, layer 1 everything that a layer does with them.

    Returns
    -------
    str or None
        What is wrong, in words that follow "mps"; None if the device can be trusted.
    """
    seen = [maps.float().cpu() for maps in model.first_layers(protein, model.device.type)]
    for layer, (ours, right) in enumerate(zip(seen, model.first_layers(protein, "cpu"), strict=True)):
        rows = (ours.sum(dim=-1) - 1).abs().max().item()
        # "not <=": NaN must fail, too.
        if not rows <= _ROW_SUM_TOLERANCE:
            return f"gave attention rows of layer {layer} that do not sum to 1 (off by {rows:.2g})"
        difference = (ours - right).abs().max().item()
        if not difference <= _TOLERANCE[model.dtype]:
            return f"gave attention in layer {layer} that differs from the CPU's by {difference:.2g}"
    return None
