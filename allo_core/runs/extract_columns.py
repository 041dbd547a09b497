"""From a model and a protein to the column weights of every head, without keeping a map."""

import time
from dataclasses import replace

from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.reading import read
from allo_core.protein.sequence import Protein
from allo_core.runs.column_reducer import KEPT_THRESHOLDS, ColumnReducer, check_thresholds
from allo_core.runs.column_store import ColumnRun, check_column_place, find_column_run, keep_column_run
from allo_core.runs.extract import kept_metas, kept_or_read, meta_of
from allo_core.storage.cancel import CancelEvent

__all__ = ["extract_columns", "find_kept_columns", "reduce_columns"]


def extract_columns(
    model: ProteinLanguageModel,
    protein: Protein,
    thresholds: tuple[float, ...] = KEPT_THRESHOLDS,
    cancel: CancelEvent | None = None,
) -> ColumnRun:
    """Column weights of every head of a model over one protein; a kept run is opened, a new one is kept.

    Parameters
    ----------
    thresholds : tuple of float
        0, or 0.01 to 0.95.
    cancel : CancelEvent, optional
        Asked between layers.

    Raises
    ------
    Cancelled
        Nothing was kept.
    ScoreError, SequenceError, DeviceError, StoreError
        An impossible threshold; too long for the model; too little memory; the disk refuses.
    """
    thresholds = check_thresholds(thresholds)

    def compute() -> ColumnRun:
        check_column_place(meta_of(model, protein), thresholds)
        started = time.perf_counter()
        reducer = reduce_columns(model, protein, thresholds, cancel)
        return keep_column_run(replace(meta_of(model, protein), seconds=round(time.perf_counter() - started, 3)), reducer)

    return kept_or_read(model, protein, lambda meta: find_column_run(meta, thresholds), compute)


def find_kept_columns(
    model_id: str,
    protein: Protein,
    thresholds: tuple[float, ...] = KEPT_THRESHOLDS,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
) -> ColumnRun | None:
    """The kept column run of a model over a protein, without loading torch or the model; as `find_kept_run`."""
    thresholds = check_thresholds(thresholds)
    return next((run for meta in kept_metas(model_id, protein, device, dtype) if (run := find_column_run(meta, thresholds))), None)


def reduce_columns(
    model: ProteinLanguageModel, protein: Protein, thresholds: tuple[float, ...], cancel: CancelEvent | None = None
) -> ColumnReducer:
    """Run the model and reduce each layer as it comes; nothing is kept on disk.  Parameters and errors as in `extract_columns`."""
    reducer = ColumnReducer(model.spec.layers, model.spec.heads, len(protein), thresholds)
    read(model, protein, [reducer], cancel=cancel)
    return reducer
