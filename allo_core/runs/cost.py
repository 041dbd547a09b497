"""What a run will take, told before it is started: memory, disk space and time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from allo_core.models.devices import Device, DeviceChoice, Dtype, choose_device, estimate_memory
from allo_core.models.registry import ModelSpec
from allo_core.runs.column_reducer import KEPT_THRESHOLDS
from allo_core.runs.disk import disk_needed, norms_disk_needed, probabilities_disk_needed

if TYPE_CHECKING:
    import torch

__all__ = [
    "Cost",
    "ablation_seconds",
    "cost_of",
    "cost_of_ablation",
    "cost_of_columns",
    "cost_of_norms",
    "cost_of_probabilities",
    "seconds_of",
    "speed",
]

_SIDE = 1024  # of the matrices whose product tells how fast a device is
_TIMES = 3
# Measured on two CPU cores (128 GFLOP/s by the product below) for 412 to 2,400 residues with 10 layers of 12 heads: the whole run takes
# 7 to 10 ns for each entry of a map, of which the arithmetic is a tenth to a third; the rest is softmax, packing and writing.
_SHARE_OF_PEAK = 0.8
_SECONDS_PER_ENTRY = 7.5e-9
_STORING = 0.6  # of that time; what is left of it is softmax, which a pass without maps takes too (benchmarks/sequence_costs.py)
_COLUMN_BYTES = 3  # of a residue, head and threshold in kept columns, packed: 0.9 to 2.7 were measured


@dataclass(frozen=True)
class Cost:
    """What a run takes: ``memory`` in bytes with the weights, ``disk`` at most in bytes, ``seconds`` about (within a factor of two)."""

    memory: int
    disk: int
    seconds: float


def cost_of(spec: ModelSpec, length: int, device: DeviceChoice = "auto", dtype: Dtype = "float32") -> Cost:
    """What a run over ``length`` residues takes on this machine.

    Raises
    ------
    DeviceError
        The device is not available here.
    """
    memory = estimate_memory(spec, length, dtype)
    seconds = seconds_of(spec, length, speed(choose_device(device), dtype))
    return Cost(memory.weights + memory.working, disk_needed(spec.layers, spec.heads, length), seconds)


def cost_of_norms(spec: ModelSpec, length: int, device: DeviceChoice = "auto", dtype: Dtype = "float32") -> Cost:
    """What a pass takes that keeps value norms alone; errors as in `cost_of`.

    The time is that of a run: the products with the output projection are a hundredth of its arithmetic, and writing no maps saves more.
    """
    run = cost_of(spec, length, device, dtype)
    return Cost(run.memory, norms_disk_needed(spec.layers, spec.heads, length), run.seconds)


def cost_of_probabilities(
    spec: ModelSpec,
    length: int,
    masked: bool,
    device: DeviceChoice = "auto",
    dtype: Dtype = "float32",
    run_seconds: float | None = None,
) -> Cost:
    """What it takes to keep the probabilities of ``length`` residues: one pass, if ``masked`` one for each; errors as in `cost_of`.

    A pass takes what a run takes, but for the maps that it does not keep.

    Parameters
    ----------
    run_seconds : float, optional
        What an attention run of this model over this protein took here (``maps.meta.seconds``), of which a pass then takes its share;
        without it the time of a run is estimated as in `cost_of`.
    """
    operations, memory = speed(choose_device(device), dtype), estimate_memory(spec, length, dtype)
    run = seconds_of(spec, length, operations)
    share = 1 - _STORING * _SECONDS_PER_ENTRY * spec.layers * spec.heads * length**2 / run
    seconds = share * (run if run_seconds is None else run_seconds) * (length if masked else 1)
    return Cost(memory.weights + memory.working, probabilities_disk_needed(length), seconds)


def cost_of_ablation(
    spec: ModelSpec,
    lengths: Sequence[int],
    first_layers: Sequence[int],
    device: DeviceChoice = "auto",
    dtype: Dtype = "float32",
) -> Cost:
    """What it takes to remove sets of heads from passes over inputs of these ``lengths``; errors as in `cost_of`.

    Parameters
    ----------
    lengths : sequence of int
        Residues of each input.
    first_layers : sequence of int
        The first layer that has a head of each set: what stands before it is not computed again.
    """
    operations, longest = speed(choose_device(device), dtype), max(lengths)
    memory = estimate_memory(spec, longest, dtype)
    passes = 1 + sum(1 - layer / spec.layers for layer in first_layers)
    softmax = (1 - _STORING) * _SECONDS_PER_ENTRY * spec.layers * spec.heads
    seconds = sum(_arithmetic_seconds(spec, length, operations) + softmax * length**2 for length in lengths)
    entries = 4 * spec.layers * spec.width * (longest + 2)
    disk = sum(length * (1 + len(first_layers)) for length in lengths)  # float32 of 15 % of the residues, with some room
    return Cost(memory.weights + memory.working + entries, disk, passes * seconds)


def ablation_seconds(spec: ModelSpec, length: int, inputs: int, first_layers: Sequence[int], run_seconds: float) -> float:
    """Seconds of the same over masked inputs of one protein, from what its attention run took; without asking the device, so at once.

    Parameters
    ----------
    length : int
        Residues.
    inputs : int
        How often the protein is read with other masks.
    first_layers : sequence of int
        As in `cost_of_ablation`.
    run_seconds : float
        Of an attention run of this model over this protein here (``maps.meta.seconds``); a pass takes its share.
    """
    storing = _STORING * _SECONDS_PER_ENTRY * spec.layers * spec.heads * length**2
    share = max(1 - storing / run_seconds, 1 - _STORING) if run_seconds > 0 else 1.0
    return share * run_seconds * inputs * (1 + sum(1 - layer / spec.layers for layer in first_layers))


def cost_of_columns(spec: ModelSpec, lengths: Sequence[int], device: DeviceChoice = "auto", dtype: Dtype = "float32") -> Cost:
    """What it takes to read some proteins of these ``lengths`` one after the other and keep their columns; errors as in `cost_of`."""
    operations = speed(choose_device(device), dtype)
    memory = estimate_memory(spec, max(lengths), dtype)
    disk = _COLUMN_BYTES * spec.layers * spec.heads * len(KEPT_THRESHOLDS) * sum(lengths)
    return Cost(memory.weights + memory.working, disk, sum(seconds_of(spec, length, operations) for length in lengths))


def seconds_of(spec: ModelSpec, length: int, operations: float) -> float:
    """Seconds of a run on a device that does so many floating-point operations a second in a product of matrices.

    Two operations for each parameter and token, and four for each pair of tokens and number of the hidden state; then the maps are kept.
    """
    return _arithmetic_seconds(spec, length, operations) + _SECONDS_PER_ENTRY * spec.layers * spec.heads * length**2


def _arithmetic_seconds(spec: ModelSpec, length: int, operations: float) -> float:
    """Of these the seconds of the products of matrices."""
    tokens = length + 2
    arithmetic = 2 * spec.parameters * tokens + 4 * spec.layers * spec.width * tokens**2
    return arithmetic / (_SHARE_OF_PEAK * operations)


@cache
def speed(device: Device, dtype: Dtype) -> float:
    """Floating-point operations a second of a device, by a product of two matrices; takes some hundredths of a second, once."""
    import torch

    kind = getattr(torch, dtype)
    left, right = (torch.ones(_SIDE, _SIDE, device=device, dtype=kind) for _ in range(2))
    _product(left, right)  # the first one warms up
    return 2 * _SIDE**3 / min(_product(left, right) for _ in range(_TIMES))


def _product(left: "torch.Tensor", right: "torch.Tensor") -> float:
    """Seconds of one product."""
    start = time.perf_counter()
    (left @ right).sum().item()  # waits for the device
    return time.perf_counter() - start
