"""From a model and a protein to the probabilities of its residues on disk; probabilities that were kept are opened instead of computed.

The unmasked ones need one pass, and every attention run leaves them on its way; the masked ones need a pass for each residue.
"""

import time
from dataclasses import replace

from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.probabilities import ResidueProbabilities, residue_probabilities
from allo_core.models.registry import get_spec
from allo_core.models.tokens import check_length
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import LoadModel, Progress, Report, keep_probabilities, kept_metas, kept_or_read, meta_of, ready_model, step
from allo_core.runs.probabilities import KeptProbabilities
from allo_core.runs.store import check_replaceable, find_probabilities
from allo_core.storage.cancel import CancelEvent

__all__ = [
    "RESIDUE",
    "extract_probabilities",
    "find_kept_probabilities",
    "keep_probabilities_of",
    "kept_probabilities",
    "run_probabilities",
]

RESIDUE = "Residue"  # the stage of `run_probabilities` that counts residues


def run_probabilities(
    model_id: str,
    protein: Protein,
    masked: bool,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    report: Report | None = None,
    cancel: CancelEvent | None = None,
    load: LoadModel = load_model,
) -> tuple[ResidueProbabilities, tuple[str, ...]]:
    """Everything from a model's id to the probabilities of a protein's residues, which are then kept.

    Parameters
    ----------
    model_id : str
        As `run_model` takes it, and device, dtype, cancel and load.
    masked : bool
        Whether each residue is masked when the model is asked for it, which takes a pass for each.
    report : callable(stage, done, total), optional
        As `run_model` takes it; the masked passes are told in the stage `RESIDUE`, which counts residues.

    Returns
    -------
    probabilities : ResidueProbabilities
    notes : tuple of str
        What to know of the device: that of the run, and that of the model now, each once.

    Raises
    ------
    WeightsError, DeviceError, SequenceError, StoreError
        What stands in the way, in one line.
    Cancelled
        Nothing was kept but the part of a download that has arrived.
    """
    run, notes = keep_probabilities_of(model_id, protein, masked, device, dtype, report, cancel, load)
    return run.of(protein), notes


def keep_probabilities_of(
    model_id: str,
    protein: Protein,
    masked: bool,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    report: Report | None = None,
    cancel: CancelEvent | None = None,
    load: LoadModel = load_model,
) -> tuple[KeptProbabilities, tuple[str, ...]]:
    """`run_probabilities`, giving the kept run, for what it was computed from."""
    check_length(get_spec(model_id), protein)
    if kept := kept_probabilities(model_id, protein, masked, device, dtype):
        return kept, kept.meta.notes
    model = ready_model(model_id, device, dtype, report, cancel, load)
    step("Reading the sequence", report, cancel)
    run = _extract(model, protein, masked, lambda done, total: report(RESIDUE, done, total) if report is not None else None, cancel)
    return run, tuple(dict.fromkeys((*run.meta.notes, *model.notes)))


def find_kept_probabilities(
    model_id: str, protein: Protein, masked: bool, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto"
) -> ResidueProbabilities | None:
    """The kept probabilities of a model over a protein, without loading torch or the model; None, and errors, as with `find_kept_run`."""
    kept = kept_probabilities(model_id, protein, masked, device, dtype)
    return None if kept is None else kept.of(protein)


def kept_probabilities(
    model_id: str, protein: Protein, masked: bool, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto"
) -> KeptProbabilities | None:
    """The run that `find_kept_probabilities` reads, for what it was computed from."""
    metas = kept_metas(model_id, protein, device, dtype)
    return next((kept for meta in metas if (kept := find_probabilities(meta, masked))), None)


def extract_probabilities(
    model: ProteinLanguageModel,
    protein: Protein,
    masked: bool,
    progress: Progress | None = None,
    cancel: CancelEvent | None = None,
) -> ResidueProbabilities:
    """What a model expects at each residue of a protein, at once if that was kept.

    Parameters
    ----------
    masked : bool
        As in `run_probabilities`.
    progress : callable(done, residues), optional
        Called after each masked pass.
    cancel : CancelEvent, optional
        Asked between passes and layers.

    Raises
    ------
    Cancelled
        Nothing was kept.
    SequenceError, DeviceError, StoreError
        Too long for the model; too little memory; the disk refuses, or another version keeps a run in this place.
    """
    return _extract(model, protein, masked, progress, cancel).of(protein)


def _extract(
    model: ProteinLanguageModel, protein: Protein, masked: bool, progress: Progress | None, cancel: CancelEvent | None
) -> KeptProbabilities:
    def compute() -> KeptProbabilities:
        meta = meta_of(model, protein)
        check_replaceable(meta.of_kind("probabilities", masked=masked))
        started = time.perf_counter()
        found = residue_probabilities(model, protein, masked, progress=progress, cancel=cancel)
        return keep_probabilities(replace(meta, seconds=round(time.perf_counter() - started, 3)), found.log_p, masked)

    return kept_or_read(model, protein, lambda meta: find_probabilities(meta, masked), compute)
