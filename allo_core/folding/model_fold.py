"""The fold that a language model's states and attention contain, as a distance head reads it, kept on this machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.distogram_fold import FoldMaker, Places, fold_of_places, places_from_distogram
from allo_core.folding.fold import Fold, numbers_if_any
from allo_core.folding.head_worth import ModelExpectation
from allo_core.folding.kept_heads import HeadFiles, shipped_head
from allo_core.models.devices import DeviceChoice
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.kept_arrays import keep_arrays, key_of, read_arrays
from allo_core.readouts.kept_readouts import folds_folder
from allo_core.readouts.removal import Heads, check_heads, heads_text
from allo_core.storage.cancel import CancelEvent

__all__ = ["kept_model_fold", "model_fold", "model_fold_expected"]

_FORMAT = 1  # changed where the same head would be drawn otherwise
_READS = {
    "both": "the last states and the attention",
    "states": "the last states",
    "attention": "the attention maps alone",
    "position": "nothing",
}


def model_fold(
    protein: Protein,
    model_id: str = DEFAULT_MODEL,
    head: HeadFiles | None = None,
    device: DeviceChoice = "auto",
    removed_heads: Heads = (),
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Fold:
    """Draw a protein from what a language model says of it; the same is computed once and kept.

    Parameters
    ----------
    protein : Protein
        Also one without generic numbers, of at most 400 residues then.
    model_id : str
        A key of ``MODELS``.
    head : HeadFiles, optional
        By default the one that ships for the default model.
    device : {"auto", "cuda", "mps", "cpu"}
    removed_heads : tuple of (layer, head)
        Attention heads of the model that are silenced, and of which the distance head is told nothing.
    progress : callable(what, done, most), optional
    cancel : CancelEvent, optional

    Raises
    ------
    FoldError
        No head, one of another model or other weights, or a protein of which nothing can be drawn.
    WeightsError, DeviceError, SequenceError
        As from loading and running the model.
    AblationError
        A head that the model does not have.
    Cancelled
    """
    head = shipped_head() if head is None else head
    removed_heads = check_heads(get_spec(model_id), removed_heads) if removed_heads else ()
    if head.record.settings.model != model_id:
        raise FoldError(
            f"This distance head was learnt with {head.record.settings.model}, not with {model_id}; train one for that model with "
            f"python -m allo_core train-distances --model {model_id}."
        )
    path = _path(protein, head, removed_heads)
    places = _kept(path, protein)
    if places is None:
        places = _computed(protein, head, device, removed_heads, progress, cancel)
        keep_arrays(path, {"xyz": places.xyz, "confidence": places.confidence})
    return fold_of_places(protein, places, _maker(protein, head, removed_heads))


def kept_model_fold(protein: Protein, removed_heads: Heads = ()) -> Fold | None:
    """The fold by the default model and the head that ships, where this machine has computed it; nothing is computed.

    Parameters
    ----------
    protein : Protein
    removed_heads : tuple of (layer, head)
        As from `check_heads`.
    """
    try:
        head = shipped_head()
        path = _path(protein, head, removed_heads)
        changed = path.stat().st_mtime_ns
    except (FoldError, OSError):
        return None
    return _kept_fold(path, changed, protein, head, removed_heads)


@lru_cache(maxsize=64)
def _kept_fold(path: Path, changed: int, protein: Protein, head: HeadFiles, removed_heads: Heads) -> Fold | None:
    """A kept fold as long as its file is unchanged; telling its hand takes longer than all else that a page does with it."""
    places = _kept(path, protein)
    return None if places is None else fold_of_places(protein, places, _maker(protein, head, removed_heads))


def model_fold_expected(protein: Protein) -> ModelExpectation:
    """What to expect of the fold by the head that ships, before it is computed; FoldError where none ships.

    Parameters
    ----------
    protein : Protein
    """
    return _expectation(protein, shipped_head(), False)


def _computed(
    protein: Protein,
    head: HeadFiles,
    device: DeviceChoice,
    removed_heads: Heads,
    progress: Callable[[str, int, int], None] | None,
    cancel: CancelEvent | None,
) -> Places:
    from allo_core.folding.distance_head import predict_distogram
    from allo_core.folding.head_features import head_inputs
    from allo_core.folding.head_refinement import refined_places
    from allo_core.models.language_model import load_model

    def told(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else partial(progress, what)

    network, refinement, settings = head.load(), head.load_refinement(), head.record.settings
    label, model = get_spec(settings.model).label, load_model(settings.model, device)
    if model.sha256 != head.record.model_sha256:
        raise FoldError(
            f"This distance head was learnt with other weights of {label} than those on this machine; train one with these: "
            f"python -m allo_core train-distances --model {settings.model}."
        )
    inputs = head_inputs(model, protein, settings, removed_heads=removed_heads, cancel=cancel)
    found = predict_distogram(network, inputs, told("Reading distances"), cancel)
    places = places_from_distogram(protein, found.ca, found.edges, found.index, told("Drawing the fold"), cancel)
    return places if refinement is None else refined_places(refinement, protein, places, found)


def _path(protein: Protein, head: HeadFiles, removed_heads: Heads) -> Path:
    key = key_of(_FORMAT, "model", protein.sequence, head.record.model_sha256, head.sha256, [list(one) for one in removed_heads])
    return folds_folder() / f"{key}.npz"


def _kept(path: Path, protein: Protein) -> Places | None:
    length = len(protein)
    found = read_arrays(path, {"xyz": ("float64", (length, 3)), "confidence": ("float64", (length,))})
    return None if found is None or not np.isfinite(found["xyz"]).any() else Places(found["xyz"], found["confidence"])


def _maker(protein: Protein, head: HeadFiles, removed_heads: Heads) -> FoldMaker:
    record = head.record
    spec = get_spec(record.settings.model)
    without = f" without heads {heads_text(removed_heads)}" if removed_heads else ""
    numbers = numbers_if_any(protein)
    itself = f", {numbers.receptor} itself among them" if numbers is not None and numbers.receptor in record.learnt else ""
    source = (
        f"CA distances that a small network reads from {_READS[record.settings.features]} of {spec.label}{without}, learnt from AlphaFold "
        f"models of {len(record.learnt)} receptors{itself}"
    )
    attribution = f"{record.attribution} (changed: distances were learnt from such models)"
    expectation = _expectation(protein, head, bool(removed_heads))
    return FoldMaker(f"from {spec.label}{without}", source, attribution, record.learnt, expectation, head.refinement is not None)


def _expectation(protein: Protein, head: HeadFiles, changed: bool) -> ModelExpectation:
    numbers = numbers_if_any(protein)
    receptor_class = "" if numbers is None else numbers.receptor_class
    for one in () if head.card is None or changed else head.card.expectations:
        if receptor_class and one.receptor_class == receptor_class:
            return one
    return ModelExpectation(receptor_class, 0, "", "", None, None, None, None)
