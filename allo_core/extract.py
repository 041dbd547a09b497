"""From a model and a protein to the attention maps on disk; a run that was kept is opened instead of computed."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from allo_core.attention.maps import AttentionMaps
from allo_core.attention.store import RunMeta, RunWriter, check_disk, find_run
from allo_core.devices import DEVICES, check_memory, choose_dtype, needs_trust_check, trust_device
from allo_core.models.language_model import CancelEvent, ProteinLanguageModel, check_length, length_warning
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.models.tokens import FIRST_RESIDUE, unusual_letters
from allo_core.models.weights import WeightsState, known_sha256, locate
from allo_core.sequence import Protein

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Progress", "extract_attention", "find_kept_run", "library_versions", "run_meta", "run_notes"]

Progress = Callable[[int, int], None]


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
    check_length(model.spec, protein)
    if kept := find_run(_meta_of(model, protein)):
        return kept
    if needs_trust_check(model.device.type) and (wrong := trust_device(model, protein)):
        _give_up_device(model, wrong)
        if kept := find_run(_meta_of(model, protein)):
            return kept
    check_memory(model.spec, len(protein), model.device.type, model.dtype, loaded=True)
    check_disk(model.spec.layers, model.spec.heads, len(protein))
    return _run(model, protein, progress, cancel)


def _run(model: ProteinLanguageModel, protein: Protein, progress: Progress | None, cancel: CancelEvent | None) -> AttentionMaps:
    started = time.perf_counter()
    with RunWriter(_meta_of(model, protein)) as writer:

        def store(layer: int, probabilities: "Tensor") -> None:
            writer.write_layer(layer, probabilities, FIRST_RESIDUE, len(protein))
            if progress is not None:
                progress(layer + 1, model.spec.layers)

        model.attention(protein, store, cancel)
        # The key does not depend on the time taken.
        writer.meta = replace(writer.meta, seconds=round(time.perf_counter() - started, 3))
        return writer.commit()


def _give_up_device(model: ProteinLanguageModel, wrong: str) -> None:
    """Go on with the CPU, and say so with every run of this model from now on."""
    device = model.device.type
    model.to("cpu")
    model.notes += (f"{device} {wrong}, so the model runs on the CPU.",)


def find_kept_run(model_id: str, protein: Protein, device: str = "auto", dtype: str = "auto") -> AttentionMaps | None:
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
    spec = get_spec(model_id)
    dtype = choose_dtype(dtype)
    weights = locate(spec)
    sha256 = known_sha256(weights.path) if weights.path else None
    if sha256 is None:
        return None
    # A device that did not compute right has handed its runs to the CPU.
    devices = DEVICES if device == "auto" else dict.fromkeys((device, "cpu")) if device == "mps" else (device,)
    candidates = (run_meta(spec, protein, name, dtype, weights, sha256) for name in devices)
    return next((maps for meta in candidates if (maps := find_run(meta))), None)


def run_meta(
    spec: ModelSpec, protein: Protein, device_type: str, dtype: str, weights: WeightsState, sha256: str, notes: tuple[str, ...] = ()
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
    return {name: version(name) for name in ("torch", "transformers")}


def _meta_of(model: ProteinLanguageModel, protein: Protein) -> RunMeta:
    # Notes on the protein are worked out when they are shown: the same run serves a protein of another name or numbering.
    return run_meta(model.spec, protein, model.device.type, model.dtype, model.weights, model.sha256, model.notes)
