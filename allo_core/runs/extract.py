"""From a model and a protein to the attention maps on disk; a run that was kept is opened instead of computed.

`run_model` is the whole road (weights, model, attention) for the page and the terminal; `extract_attention` is its last part.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from allo_core.errors import AlloScopeError, Cancelled, NotAttentionError, StoreError, WeightsError
from allo_core.models.devices import DEVICES, DeviceChoice, Dtype, DtypeChoice, choose_dtype, needs_trust_check, trust_device
from allo_core.models.download import download
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.probabilities import ProbabilitiesReader
from allo_core.models.reading import Reader, check_fits, read
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.models.tokens import check_length, length_warning, unusual_letters
from allo_core.models.weights import WeightsState, known_sha256, locate
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.runs.array_writer import keep_array
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.probabilities import KeptProbabilities
from allo_core.runs.store import RunMeta, check_disk, find_run
from allo_core.runs.writer import RunReader, RunWriter
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    import numpy as np
    from jaxtyping import Float32

__all__ = [
    "DOWNLOADING",
    "LAYER",
    "Progress",
    "Report",
    "device_given_up",
    "extract_attention",
    "find_kept_run",
    "keep_probabilities",
    "keep_run",
    "kept_metas",
    "kept_or_read",
    "library_versions",
    "meta_of",
    "ready_model",
    "run_meta",
    "run_model",
    "run_notes",
    "step",
]

_version = cache(version)  # it reads a file, and the page asks at each change
LAYER = "Layer"  # the stage of `run_model` that counts layers
DOWNLOADING = "Downloading"  # how the stages begin that count bytes; all others count what they name

Kept = TypeVar("Kept")
LoadModel = Callable[[str, DeviceChoice, DtypeChoice], ProteinLanguageModel]
Progress = Callable[[int, int], None]
Report = Callable[[str, int, int], None]


def run_model(
    model_id: str,
    protein: Protein,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    report: Report | None = None,
    cancel: CancelEvent | None = None,
    load: LoadModel = load_model,
) -> tuple[AttentionMaps, tuple[str, ...]]:
    """Everything from a model's id to its attention on disk: fetch the weights if they are not here, load the model, run it.

    A run that was kept is opened at once, without any of that.

    Parameters
    ----------
    model_id, device, dtype : str
        As `load_model` takes them.
    report : callable(stage, done, total), optional
        Told in words what is being done, with how much of it: layers in the stage `LAYER`, bytes in those of `DOWNLOADING`; total 0 where
        nothing is counted.
    cancel : CancelEvent, optional
        Asked between the stages, between the pieces of a download, and between layers.
    load : callable(model_id, device, dtype), optional
        Gives the model, as `load_model`; for callers that keep one loaded.

    Returns
    -------
    maps : AttentionMaps
    notes : tuple of str
        What to know of the device: that of the run, and that of the model now, each once.

    Raises
    ------
    WeightsError, DeviceError, SequenceError, StoreError
        What stands in the way, in one line.
    Cancelled
        Nothing was kept but the part of a download that has arrived.
    """
    check_length(get_spec(model_id), protein)
    if kept := find_kept_run(model_id, protein, device, dtype):
        return kept, kept.meta.notes
    model = ready_model(model_id, device, dtype, report, cancel, load)
    step("Reading the sequence", report, cancel)
    maps = extract_attention(model, protein, lambda done, total: report(LAYER, done, total) if report is not None else None, cancel)
    return maps, tuple(dict.fromkeys((*maps.meta.notes, *model.notes)))


def ready_model(
    model_id: str,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    report: Report | None = None,
    cancel: CancelEvent | None = None,
    load: LoadModel = load_model,
) -> ProteinLanguageModel:
    """The model, its weights downloaded first if they are not here; parameters and errors as in `run_model`."""
    spec = get_spec(model_id)
    if locate(spec).state == "download":
        stage = f"{DOWNLOADING} {spec.label}"
        step(stage, report, cancel)
        download(spec, lambda done, total: step(stage, report, cancel, done, total), cancel)
    step(f"Loading {spec.label}", report, cancel)
    return load(model_id, device, dtype)


def step(stage: str, report: Report | None, cancel: CancelEvent | None, done: int = 0, total: int = 0) -> None:
    """Tell who waits what is done now; Cancelled where they wait no more."""
    if cancel is not None and cancel.is_set():
        raise Cancelled
    if report is not None:
        report(stage, done, total)


def extract_attention(
    model: ProteinLanguageModel, protein: Protein, progress: Progress | None = None, cancel: CancelEvent | None = None
) -> AttentionMaps:
    """Attention of every layer and head of a model over one protein.

    Parameters
    ----------
    progress : callable(done_layers, layers), optional
        Called after each layer.
    cancel : CancelEvent, optional
        Asked between layers.

    Returns
    -------
    AttentionMaps
        At once if the same run was kept.

    Raises
    ------
    Cancelled
        Nothing was kept.
    SequenceError, DeviceError, StoreError
        Too long for the model; too little memory; too little disk.
    """
    return kept_or_read(model, protein, find_run, lambda: keep_run(model, protein, (), progress, cancel))


def kept_or_read(
    model: ProteinLanguageModel, protein: Protein, find: Callable[[RunMeta], Kept | None], compute: Callable[[], Kept]
) -> Kept:
    """What is kept of a model over a protein, else what is computed; before that a device that needs it is compared with the CPU.

    Parameters
    ----------
    find : callable(meta)
        Gives what is kept under this meta, or None.
    compute : callable()
        Reads the model and keeps the result.  The model may be on another device than before.

    Raises
    ------
    SequenceError, DeviceError
        Too long for the model; too little memory.
    """
    if kept := find(meta_of(model, protein)):
        return kept
    if device_given_up(model, protein) and (kept := find(meta_of(model, protein))):
        return kept
    check_fits(model, protein)  # before anything is written
    try:
        return compute()
    except NotAttentionError as error:
        raise _whose_fault(model, error) from error


def _whose_fault(model: ProteinLanguageModel, error: NotAttentionError) -> AlloScopeError:
    """What is wrong where a model gave no attention: its weights, or the device."""
    if name := model.first_not_finite():
        where = model.weights.path or "the package"
        return WeightsError(f"The weights in {where} hold values that are not numbers (in {name}); get them again. Nothing is kept.")
    return NotAttentionError(str(error) if model.device.type == "cpu" else f"{error} Use the CPU.")


def keep_run(
    model: ProteinLanguageModel,
    protein: Protein,
    readers: Sequence[Reader] = (),
    progress: Progress | None = None,
    cancel: CancelEvent | None = None,
) -> AttentionMaps:
    """Read a protein once and keep the attention, and beside it the unmasked probabilities, which cost next to nothing in that pass.

    Parameters
    ----------
    readers : sequence of Reader
        Who else looks at the pass.
    progress, cancel
        As `extract_attention` takes them, whose errors these are too.
    """
    check_disk(model.spec.layers, model.spec.heads, len(protein))
    started = time.perf_counter()
    probabilities = ProbabilitiesReader()
    with RunWriter(meta_of(model, protein)) as writer:
        read(model, protein, [*readers, RunReader(writer, progress), probabilities], cancel=cancel)
        # The key does not depend on the time taken.
        writer.meta = replace(writer.meta, seconds=round(time.perf_counter() - started, 3))
        maps = writer.commit()
    # Nobody asked for them here: who does reads the protein again, and is then told what is in the way.
    with suppress(StoreError):
        keep_probabilities(maps.meta, probabilities.log_p, masked=False)
    return maps


def keep_probabilities(meta: RunMeta, log_p: "Float32[np.ndarray, 'L 20']", masked: bool) -> KeptProbabilities:
    """Write probabilities under what a run of any kind of the same input is kept under; errors as with `keep_array`."""
    return keep_array(KeptProbabilities, meta.of_kind("probabilities", masked=masked), log_p, {"letters": AMINO_ACIDS})


def device_given_up(model: ProteinLanguageModel, protein: Protein) -> bool:
    """Whether the model's device just turned out to compute wrongly; the model then goes on with the CPU, and says so with every run."""
    device = model.device.type
    if not needs_trust_check(device) or not (wrong := trust_device(model, protein)):
        return False
    model.to("cpu")
    model.notes += (f"{device} {wrong}, so the model runs on the CPU.",)
    return True


def find_kept_run(model_id: str, protein: Protein, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> AttentionMaps | None:
    """The kept run of a model over a protein, without loading torch or the model.

    Parameters
    ----------
    device : {"auto", "cuda", "mps", "cpu"}
        "auto" takes the first kept run among cuda, mps and cpu: which devices there are cannot be told without torch, and a run that is
        kept was made on this machine, or on one that shares its folder.

    Returns
    -------
    AttentionMaps or None
        None also if the weights were never hashed on this machine, because then no run was made with them.

    Raises
    ------
    WeightsError, DeviceError
        Unknown model or precision.
    """
    return next((maps for meta in kept_metas(model_id, protein, device, dtype) if (maps := find_run(meta))), None)


def kept_metas(model_id: str, protein: Protein, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> Iterator[RunMeta]:
    """What a kept run of a model over a protein may be kept under, in order of preference; parameters and errors as in `find_kept_run`."""
    spec = get_spec(model_id)
    dtype = choose_dtype(dtype)
    weights = locate(spec)
    sha256 = known_sha256(weights.path) if weights.path else None
    if sha256 is None:
        return
    # A device that did not compute right has handed its runs to the CPU.
    devices = DEVICES if device == "auto" else dict.fromkeys((device, "cpu")) if device == "mps" else (device,)
    for name in devices:
        yield run_meta(spec, protein, name, dtype, weights, sha256)


def run_meta(
    spec: ModelSpec, protein: Protein, device_type: str, dtype: Dtype, weights: WeightsState, sha256: str, notes: tuple[str, ...] = ()
) -> RunMeta:
    """What a run of this model over this protein is kept under, and what is written down with it."""
    return RunMeta(
        model_id=spec.id,
        weights_sha256=sha256,
        weights_source=weights.source,
        licence=weights.licence,
        protein_name=protein.name,
        sequence=protein.sequence,
        dtype=dtype,
        device_type=device_type,
        versions=library_versions(),
        layers=spec.layers,
        heads=spec.heads,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=0.0,
        notes=notes,
    )


def run_notes(spec: ModelSpec, protein: Protein) -> tuple[str, ...]:
    """What a person should know before this model reads this protein: what kind of model it is, its length, its unusual letters."""
    return tuple(note for note in (spec.note, length_warning(spec, len(protein)), unusual_letters(spec, protein)) if note)


def library_versions() -> dict[str, str]:
    """Versions of what computes the numbers, without importing any of it; the format of a run has its own number."""
    return {name: _version(name) for name in ("torch", "transformers")}


def meta_of(model: ProteinLanguageModel, protein: Protein) -> RunMeta:
    """`run_meta` of a loaded model where it is."""
    # Notes on the protein are worked out when they are shown: the same run serves a protein of another name or numbering.
    return run_meta(model.spec, protein, model.device.type, model.dtype, model.weights, model.sha256, model.notes)
