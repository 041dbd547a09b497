"""Whether this machine can do the work, and what to do where it cannot: versions, devices, memory, disk, weights."""

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from allo_core.errors import AlloScopeError
from allo_core.export.tables import printable
from allo_core.fetch.three_d_mol import FILE, STATIC, VERSION
from allo_core.library.receptors import find_receptor
from allo_core.models.devices import Device, available_devices, available_memory, needs_trust_check, trust_device
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.models.weights import check_shipped, locate
from allo_core.runs.store import damaged_runs, list_runs, other_version_runs
from allo_core.storage.amounts import amount
from allo_core.storage.home import home

if TYPE_CHECKING:
    from allo_core.protein.sequence import Protein

__all__ = ["Finding", "doctor", "examine"]

Level = Literal["ok", "note", "problem"]

_OLDEST_PYTHON = (3, 11)
_NEEDED = ("torch", "transformers", "safetensors", "streamlit", "numpy", "scipy", "pandas", "plotly", "biotite", "antiberty")
_RECEPTOR, _READ = "AA2AR", 100  # the first residues of this one are read by each device
_LITTLE_MEMORY, _LITTLE_DISK = 2e9, 2e9  # bytes: below this ESM-2 650M does not fit, or one run of it
_WIDTH, _COLUMNS = 10, 100  # characters


class Finding(NamedTuple):
    """One line: whether it is as it should be, what was looked at, and what was found or is to be done."""

    level: Level
    what: str
    text: str


def doctor() -> int:
    """Print one line a finding; the exit status is 1 if something stands in the way of the work, else 0."""
    worst = 0
    for finding in examine():
        print(_lines(finding), flush=True)
        worst = max(worst, int(finding.level == "problem"))
    print("Something stands in the way; see the lines that say problem." if worst else "AlloScope can work here.")
    return worst


def _lines(finding: Finding) -> str:
    """The finding in lines of 100 characters, the later ones below the text of the first."""
    head = f"{finding.level:<9}{finding.what:<{_WIDTH}}"
    return textwrap.fill(printable(f"{head}{finding.text}"), _COLUMNS, subsequent_indent=" " * len(head), break_long_words=False)


def examine() -> Iterator[Finding]:
    """Look at everything, the quick things first; nothing is fetched."""
    yield from _python()
    yield from _packages()
    yield from _cache()
    yield from _weights()
    yield _viewer()
    try:
        import torch  # noqa: F401 - the rest needs it
    except Exception as error:  # a broken installation fails in many ways
        yield Finding("problem", "torch", f"cannot be imported ({_first_line(error)}); install requirements.txt into a fresh environment")
        return
    yield from _accelerators()
    yield from _devices()


def _python() -> Iterator[Finding]:
    version = f"Python {platform.python_version()} on {platform.system()} {platform.release()}, {platform.machine()}"
    if sys.version_info < _OLDEST_PYTHON:
        yield Finding("problem", "python", f"{version}; AlloScope needs 3.11 or newer")
    else:
        yield Finding("ok", "python", f"{version}, {os.cpu_count()} processor cores")


def _packages() -> Iterator[Finding]:
    from allo_core import __version__

    versions, missing = [f"alloscope {__version__}"], []
    for name in _NEEDED:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("ok", "packages", ", ".join(versions))
    if missing:
        yield Finding("problem", "packages", f"{', '.join(missing)} missing; run pip install -r requirements.txt")
    try:
        yield Finding("ok", "ray", f"{importlib.metadata.version('ray')}, for batch")
    except importlib.metadata.PackageNotFoundError:
        yield Finding("note", "ray", "not installed; only batch needs it (pip install 'ray[data]==2.60.0')")


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


def _viewer() -> Finding:
    if (STATIC / FILE).is_file():
        return Finding("ok", "viewer", f"3Dmol.js {VERSION} in {STATIC}")
    return Finding("note", "viewer", f"3Dmol.js {VERSION} is not in {STATIC} yet; the app fetches it at its first start, once")


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
            yield Finding("problem", device, f"does not compute ({_first_line(error)}); choose another device")


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


def _first_line(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
