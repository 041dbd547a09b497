"""How many workers a batch has, and what each of them has."""

from dataclasses import dataclass

from allo_core.errors import BatchError, DeviceError
from allo_core.models.devices import DEVICES, Device, DeviceChoice, Dtype, available_memory, choose_device, estimate_memory
from allo_core.models.registry import ModelSpec
from allo_core.storage.amounts import gigabytes

__all__ = ["Workers", "choose_workers"]


@dataclass(frozen=True)
class Workers:
    """The workers of a batch.

    Parameters
    ----------
    count : int
    device : {"cuda", "mps", "cpu"}
    threads : int
        Of torch, in each.
    gpus : float
        Share of a GPU that each one has; 0 on other devices.
    """

    count: int
    device: Device
    threads: int
    gpus: float = 0.0


def choose_workers(
    spec: ModelSpec, dtype: Dtype, resources: dict[str, float], count: int | None, device: DeviceChoice, address: str | None
) -> Workers:
    """How many workers there are and what each has.

    By default one for each GPU; more share them, because reducing the attention needs the processor as well.  Without GPUs by default one
    for every two processor cores, and each has an equal share of the cores.

    Parameters
    ----------
    resources : dict of str to float
        As `ray_session` gives them.
    count : int or None
    device : {"auto", "cuda", "mps", "cpu"}
    address : str or None
        Of a cluster; None: this machine.

    Raises
    ------
    BatchError, DeviceError
        No worker; a device that is not there; too little memory for so many.
    """
    if count is not None and count < 1:
        raise BatchError(f"--workers is {count}; give at least 1.")
    gpus, cores = int(resources.get("GPU", 0)), max(1, int(resources.get("CPU", 1)))
    chosen = choose_device(device) if address is None else _device_of_cluster(device, gpus)
    if chosen == "cuda" and not gpus:
        raise DeviceError("Ray finds no GPU; choose --device cpu, or start Ray where it sees one.")
    if count is None:
        count = gpus if chosen == "cuda" else 1 if chosen == "mps" else max(1, cores // 2)
    threads = max(1, cores // count)
    if chosen == "cuda":
        return Workers(count, chosen, threads, 1 / -(-count // gpus))
    if address is None:
        _check_memory(spec, dtype, count)
    return Workers(count, chosen, threads)


def _device_of_cluster(device: DeviceChoice, gpus: int) -> Device:
    if device == "auto":
        return "cuda" if gpus else "cpu"
    if device not in DEVICES or device == "mps":
        raise DeviceError(f"The device {device!r} cannot be asked of a cluster; choose auto, cuda or cpu.")
    return device


def _check_memory(spec: ModelSpec, dtype: Dtype, count: int) -> None:
    """Each worker holds the model itself."""
    needed, free = count * estimate_memory(spec, 0, dtype).weights, available_memory("cpu")
    if free is not None and needed > free:
        raise DeviceError(
            f"{count} workers with {spec.label} need about {gigabytes(needed)} in {dtype}, {gigabytes(free)} are free; "
            "give fewer --workers, or --dtype bfloat16."
        )
