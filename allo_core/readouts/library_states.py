"""The states of a model at a panel of the library, from every layer: computed once for each model and its weights, and kept.

The folder ``states`` of `layers_folder` holds two files for each: the numbers (.npy, float32), and what they are with their check sum
(.json, written last).
"""

import hashlib
import json
import os
import uuid
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import Cancelled, StoreError
from allo_core.library.receptors import receptors
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.embeddings import embed
from allo_core.models.language_model import ProteinLanguageModel, random_module
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.models.weights import WeightsState
from allo_core.readouts.kept_readouts import layers_folder
from allo_core.readouts.library_panel import Panel
from allo_core.runs.extract import kept_metas, meta_of
from allo_core.runs.meta import RunMeta
from allo_core.storage.cancel import CancelEvent
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = [
    "UNTRAINED",
    "counted",
    "kept_origins",
    "kept_states",
    "library_states",
    "origin_of",
    "states_are_kept",
    "untrained",
]

_FORMAT = 1
_UNTRAINED_SEED = 0
UNTRAINED = f"random weights, seed {_UNTRAINED_SEED}"  # stands for the sha256 of such weights


def library_states(
    model: ProteinLanguageModel, panel: Panel, progress: Callable[[], None] | None = None, cancel: CancelEvent | None = None
) -> "Float32[np.ndarray, 'states rows width']":
    """States 0 to the last of a model at the residues of a panel, or their means over each receptor; a pass for each receptor.

    Parameters
    ----------
    progress : callable(), optional
        Called after each pass; not where they were kept.
    cancel : CancelEvent, optional

    Returns
    -------
    ndarray, dtype=float32, shape=(states, rows, width)
        Read from the disk as it is needed, not to be written to.

    Raises
    ------
    SequenceError, DeviceError
        A receptor is too long for the model; too little memory.
    StoreError
        They cannot be kept.
    Cancelled
        Nothing was kept.
    """
    path, shape = _path(origin_of(model, panel), panel), _shape(model.spec, panel)
    if (kept := _kept(path, shape)) is not None:
        return kept
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        states = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=shape)
        check = _fill(states, model, panel, progress, cancel)
        del states
        os.replace(temporary, path)
        write_whole(path.with_suffix(".json"), json.dumps({"format": _FORMAT, "crc32": check, "model": model.spec.id}).encode())
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise StoreError(f"Cannot write to {path.parent}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
    finally:
        temporary.unlink(missing_ok=True)


def counted(progress: Callable[[int, int], None] | None, total: int) -> Callable[[], None]:
    """A step that tells ``progress`` how many of ``total`` are done."""
    done = iter(range(1, total + 1))

    def step() -> None:
        if progress is not None:
            progress(next(done), total)

    return step


def _fill(states: np.ndarray, model: ProteinLanguageModel, panel: Panel, progress, cancel: CancelEvent | None) -> int:
    """Read each receptor and put its states in their place; the check sum of all."""
    end = 0
    for entry, residues in zip(panel.receptors, panel.residues, strict=True):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        found = embed(model, receptors()[entry].protein, range(len(states)), cancel)
        begin, end = end, end + (1 if panel.means else len(residues))
        for layer, state in found.states.items():
            states[layer, begin:end] = found.mean(layer) if panel.means else state[list(residues)]
        if progress is not None:
            progress()
    return _check_sum(states)


def states_are_kept(model: ProteinLanguageModel, panel: Panel) -> bool:
    """Whether the states of a model at a panel are there, so that no pass is needed."""
    return _kept(_path(origin_of(model, panel), panel), _shape(model.spec, panel)) is not None


def untrained(model: ProteinLanguageModel) -> ProteinLanguageModel:
    """A model of the same shape on the same device with the random weights that its training would begin with, the same each time."""
    import torch

    weights = WeightsState("found", None, "random weights", "", 0, "transformers")
    module = random_module(model.spec, _UNTRAINED_SEED).to(getattr(torch, model.dtype))
    return ProteinLanguageModel(model.spec, module, model.dtype, weights, UNTRAINED).to(model.device.type)


def origin_of(model: ProteinLanguageModel, panel: Panel) -> RunMeta:
    """What the states of a loaded model come from; the protein named in it is the first receptor of the panel."""
    return meta_of(model, receptors()[panel.receptors[0]].protein)


def kept_origins(model_id: str, panel: Panel, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> list[RunMeta]:
    """What states may be kept under, without loading torch or the model; errors as in `find_kept_run`."""
    return list(kept_metas(model_id, receptors()[panel.receptors[0]].protein, device, dtype))


def kept_states(
    model_id: str, panel: Panel, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto"
) -> "Float32[np.ndarray, 'states rows width'] | None":
    """What `library_states` has kept for a model, without loading torch or the model; None if nothing is kept.

    Errors as in `find_kept_run`.
    """
    shape = _shape(get_spec(model_id), panel)
    origins = kept_origins(model_id, panel, device, dtype)
    return next((found for origin in origins if (found := _kept(_path(origin, panel), shape)) is not None), None)


def _shape(spec: ModelSpec, panel: Panel) -> tuple[int, int, int]:
    return spec.layers + 1, panel.rows, spec.width


def _path(origin: RunMeta, panel: Panel) -> Path:
    facts = [_FORMAT, origin.key, panel.sha256]
    return layers_folder() / "states" / f"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()}.npy"


def _kept(path: Path, shape: tuple[int, int, int]) -> np.ndarray | None:
    """What is kept in a file; None if there is none, or it is damaged: it is then computed anew."""
    with suppress(OSError, ValueError, KeyError, TypeError, EOFError):
        said = json.loads(path.with_suffix(".json").read_bytes())
        states = np.load(path, mmap_mode="r", allow_pickle=False)
        if states.shape == shape and states.dtype == np.float32 and said["crc32"] == _check_sum(states):
            return states
    return None


def _check_sum(states: np.ndarray) -> int:
    """CRC-32 over all states, one after the other."""
    check = 0
    for state in states:
        check = zlib.crc32(np.ascontiguousarray(state).data, check)
    return check
