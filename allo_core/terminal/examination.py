"""What `doctor` looks at once every package can be imported: the cache folder, weights, the viewer, memory and devices."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from allo_core.errors import AlloScopeError
from allo_core.fetch.three_d_mol import FILE, STATIC, VERSION
from allo_core.library.receptors import find_receptor, has_asd_lists, own_site_library, site_library_problem
from allo_core.models.devices import Device, available_devices, available_memory, needs_trust_check, trust_device
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.models.weights import check_shipped, locate
from allo_core.runs.store import damaged_runs, list_runs, other_version_runs
from allo_core.storage.amounts import amount
from allo_core.storage.home import home
from allo_core.terminal.finding import Finding, first_line

if TYPE_CHECKING:
    from allo_core.protein.sequence import Protein

__all__ = ["SECTIONS", "WITH_TORCH"]

_RECEPTOR, _READ = "AA2AR", 100  # the first residues of this one are read by each device
_LITTLE_MEMORY, _LITTLE_DISK = 2e9, 2e9  # bytes: below this ESM-2 650M does not fit, or one run of it


def _cache() -> Iterator[Finding]:
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        reason = error.strerror or error
        yield Finding("problem", "cache", f"{folder} cannot be written ({reason}); set ALLOSCOPE_HOME to a folder that can")
        return
    if free < _LITTLE_DISK:
        yield Finding("note", "disk", f"{amount(free)} free in {folder}; a run of ESM-2 650M takes up to 1.4 GB")
    else:
        yield Finding("ok", "disk", f"{amount(free)} free in {folder}")
    runs, damaged, others = list_runs(), damaged_runs(), other_version_runs()
    kept = f"{len(runs)} kept, {amount(sum(run.bytes for run in runs))}"
    if others:
        kept += f"; {len(others)} of another version"
    if damaged:
        yield Finding("note", "runs", f"{kept}; {len(damaged)} cannot be read, 'alloscope runs' names them")
    else:
        yield Finding("ok", "runs", kept)


def _sites() -> Iterator[Finding]:
    shipped = "the shipped lists" if has_asd_lists() else "the shipped lists without those of the AlloSteric Database"
    if problem := site_library_problem():
        yield Finding("problem", "sites", f"{problem} Until then {shipped} count.")
    elif (own := own_site_library()) is not None:
        yield Finding("ok", "sites", f"{len(own.sites)} computed on this machine on {own.created[:10]}, else {shipped}")
    else:
        yield Finding("ok", "sites", shipped)


def _weights() -> Iterator[Finding]:
    absent = []
    for spec in MODELS.values():
        try:
            state = locate(spec)
            if state.path is None:
                absent.append(spec.id)
                continue
            check_shipped(spec, state)
        except AlloScopeError as error:
            yield Finding("problem", "weights", f"{spec.id}: {error}")
            continue
        yield Finding("ok", "weights", f"{spec.id}: {amount(state.size)}, {state.source}")
    if absent:
        yield Finding("note", "weights", f"not on this machine: {', '.join(absent)}; the app offers to download them")
    if DEFAULT_MODEL in absent:
        yield Finding("problem", "weights", f"{DEFAULT_MODEL} ships with AlloScope and is missing; get AlloScope again")


def _viewer() -> Iterator[Finding]:
    if (STATIC / FILE).is_file():
        yield Finding("ok", "viewer", f"3Dmol.js {VERSION} in {STATIC}")
    else:
        yield Finding("note", "viewer", f"3Dmol.js {VERSION} is not in {STATIC} yet; the app fetches it at its first start, once")


def _accelerators() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        free = available_memory("cuda")
        yield Finding("ok", "cuda", f"{torch.cuda.get_device_name()}, {amount(free or 0)} free, CUDA {torch.version.cuda}")
    elif torch.version.cuda is None:
        yield Finding("note", "cuda", "this torch is built without CUDA; with an NVIDIA GPU, take the one that pytorch.org names")
    else:
        yield Finding("note", "cuda", f"torch is built for CUDA {torch.version.cuda}, but no GPU answers; nvidia-smi says why")
    if torch.backends.mps.is_available():
        yield Finding("ok", "mps", "an Apple GPU is there")
    elif torch.backends.mps.is_built():
        yield Finding("note", "mps", "torch is built for Apple GPUs, but this machine has none, or its macOS is older than 14")
    else:
        yield Finding("note", "mps", "none; only Macs have it")


def _devices() -> Iterator[Finding]:
    """Memory of the processor, and whether each device computes what the processor computes."""
    free = available_memory("cpu")
    if free is None:
        yield Finding("note", "memory", "the system does not tell how much is free")
    else:
        yield Finding("note" if free < _LITTLE_MEMORY else "ok", "memory", f"{amount(free)} free")
    whole = find_receptor(_RECEPTOR).protein
    protein = whole.crop(whole.first, whole.first + _READ - 1)
    for device in available_devices():
        try:
            yield _computes(device, protein)
        except AlloScopeError as error:
            yield Finding("problem", device, str(error))
        except Exception as error:  # drivers fail in many ways, and the other devices are still to be looked at
            yield Finding("problem", device, f"does not compute ({first_line(error)}); choose another device")


def _computes(device: Device, protein: "Protein") -> Finding:
    from allo_core.models.language_model import load_model

    model = load_model(DEFAULT_MODEL, device)
    started = time.perf_counter()
    wrong = trust_device(model, protein)
    took = time.perf_counter() - started
    if wrong is None and device == "cpu":
        return Finding("ok", device, f"{DEFAULT_MODEL} reads {_READ} residues, and its attention sums to 1 ({took:.2f} s)")
    if wrong is None:
        return Finding("ok", device, f"agrees with the processor on {_READ} residues of {_RECEPTOR}")
    by_itself = "runs go to the processor by themselves" if needs_trust_check(device) else "choose --device cpu"
    return Finding("problem", device, f"{wrong}; {by_itself}, and a newer torch or driver may help")


# In this order; what the second one holds needs torch.
SECTIONS: dict[str, Callable[[], Iterator[Finding]]] = {"cache": _cache, "weights": _weights, "sites": _sites, "viewer": _viewer}
WITH_TORCH: dict[str, Callable[[], Iterator[Finding]]] = {"devices": _accelerators, "memory": _devices}
