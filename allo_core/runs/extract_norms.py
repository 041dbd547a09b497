"""From a model and a protein to value-weighted attention: one pass leaves the value norms, and the maps where they are not kept yet."""

import time
from dataclasses import replace
from typing import cast

import numpy as np

from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.models.readers import ValueNormsReader
from allo_core.models.reading import Layer, Reader, Want, read
from allo_core.models.registry import get_spec
from allo_core.models.tokens import check_length
from allo_core.protein.sequence import Protein
from allo_core.runs.array_writer import check_finite, keep_array
from allo_core.runs.extract import LAYER, LoadModel, Progress, Report, find_kept_run, keep_run, kept_or_read, meta_of, ready_model, step
from allo_core.runs.meta import RunMeta
from allo_core.runs.store import check_replaceable, find_run
from allo_core.runs.value_norms import ValueNorms
from allo_core.runs.weighted import WeightedMaps, find_weighted
from allo_core.storage.cancel import CancelEvent

__all__ = ["extract_weighted", "find_kept_weighted", "keep_norms", "run_weighted"]


def run_weighted(
    model_id: str,
    protein: Protein,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    report: Report | None = None,
    cancel: CancelEvent | None = None,
    load: LoadModel = load_model,
) -> tuple[WeightedMaps, tuple[str, ...]]:
    """Everything from a model's id to value-weighted attention on disk; parameters, results and errors as with `run_model`.

    Maps that are kept stay as they are, and the pass runs on the device that made them.
    """
    check_length(get_spec(model_id), protein)
    if kept := find_kept_weighted(model_id, protein, device, dtype):
        return kept, kept.meta.notes
    maps = find_kept_run(model_id, protein, device, dtype)
    made_on = device if maps is None else cast(DeviceChoice, maps.meta.device_type)
    model = ready_model(model_id, made_on, dtype, report, cancel, load)
    step("Reading the sequence", report, cancel)
    weighted = extract_weighted(model, protein, lambda done, total: report(LAYER, done, total) if report is not None else None, cancel)
    return weighted, tuple(dict.fromkeys((*weighted.meta.notes, *model.notes)))


def find_kept_weighted(model_id: str, protein: Protein, device: DeviceChoice = "auto", dtype: DtypeChoice = "auto") -> WeightedMaps | None:
    """The kept run that `find_kept_run` finds, value-weighted; None where there is none, or its norms are not kept."""
    maps = find_kept_run(model_id, protein, device, dtype)
    return None if maps is None else find_weighted(maps)


def extract_weighted(
    model: ProteinLanguageModel, protein: Protein, progress: Progress | None = None, cancel: CancelEvent | None = None
) -> WeightedMaps:
    """Value-weighted attention of every layer and head of a model over one protein; parameters and errors as with `extract_attention`."""

    def find(meta: RunMeta) -> WeightedMaps | None:
        maps = find_run(meta)
        return None if maps is None else find_weighted(maps)

    return kept_or_read(model, protein, find, lambda: _run(model, protein, progress, cancel))


class _Counting(Reader):
    """Tells how many layers are done, where no other reader does."""

    wants: frozenset[Want] = frozenset()

    def __init__(self, layers: int, progress: Progress | None):
        self._layers, self._progress = layers, progress

    def layer(self, layer: Layer) -> None:
        if self._progress is not None:
            self._progress(layer.index + 1, self._layers)


def _run(model: ProteinLanguageModel, protein: Protein, progress: Progress | None, cancel: CancelEvent | None) -> WeightedMaps:
    meta = meta_of(model, protein)
    check_replaceable(meta.of_kind("value_norms"))
    reader, started = ValueNormsReader(), time.perf_counter()
    if maps := find_run(meta):
        read(model, protein, [reader, _Counting(model.spec.layers, progress)], cancel=cancel)
        return WeightedMaps(maps, keep_norms(replace(meta, seconds=round(time.perf_counter() - started, 3)), reader))
    maps = keep_run(model, protein, [reader], progress, cancel)
    return WeightedMaps(maps, keep_norms(maps.meta, reader))


def keep_norms(meta: RunMeta, reader: ValueNormsReader) -> ValueNorms:
    """Write what a reader has, in one step, and open it.

    Parameters
    ----------
    meta : RunMeta
        Of any kind of run of that pass.
    reader : ValueNormsReader
        After the pass.

    Raises
    ------
    NotAttentionError
        Norms that are not finite.
    StoreError
        The disk refuses.
    OtherVersionError
        Another version keeps a run in this place, which is not replaced unasked.
    """
    norms = np.stack([layer.numpy() for layer in reader.norms])
    share = np.stack([layer.numpy() for layer in reader.special_share]).astype(np.float64)
    assert norms.shape == meta.shape[:3]
    check_finite(share)
    return keep_array(ValueNorms, meta.of_kind("value_norms"), norms, {"special_share": share.tolist()})
