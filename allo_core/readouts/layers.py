"""Which layer for which property: probes of every state of a model over the library's receptors, folds by homology cluster, kept.

`compare_layers` computes, `kept_layers` finds what was computed without loading torch.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from allo_core.errors import Cancelled, DeviceError, StoreError
from allo_core.learning.grouped import GroupedScore, better_than, not_told_apart, one_standard_error
from allo_core.library.receptors import receptors as library_receptors
from allo_core.models.devices import DeviceChoice, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel
from allo_core.models.registry import get_spec
from allo_core.readouts.kept_readouts import layers_folder
from allo_core.readouts.layer_asked import rows_of
from allo_core.readouts.layer_attention import LARGEST, AttentionRows
from allo_core.readouts.layer_baselines import MOST_TOGETHER, side_by_side
from allo_core.readouts.layer_comparison import Baseline, LayerComparison, LayerScore
from allo_core.readouts.layer_properties import LayerProperty
from allo_core.readouts.layer_rows import FOLDS, LabelledRows
from allo_core.readouts.library_states import kept_origins, library_states, origin_of, states_are_kept, untrained
from allo_core.runs.extract import device_given_up
from allo_core.storage.cancel import CancelEvent
from allo_core.storage.plain_json import check_version, from_plain
from allo_core.storage.whole_file import write_whole

__all__ = ["compare_layers", "kept_layers", "states_size"]

_FORMAT = 1
_OF_ATTENTION = frozenset({"attention", "attention_so_far", "attention_untrained"})  # answers to other properties may be without
_LARGEST_UNTRAINED = 1_000_000_000  # parameters; a second model of that size in memory is too much to ask for a baseline


def compare_layers(
    model: ProteinLanguageModel,
    property: str | LayerProperty,
    receptors: Iterable[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
    attention: bool = False,
) -> LayerComparison:
    """How well each state of a model tells a property of residues it was not fitted to, beside what needs no trained model.

    The states are computed once for each model and kept (`library_states`), so is each answer.

    Parameters
    ----------
    property : str or LayerProperty
        One of `PROPERTIES`, or a person's own (`property_of_table`).
    receptors : iterable of str, optional
        Entry names; by default those of the property: one of each cluster of homologues.
    progress : callable(done, total), optional
        A step is a pass of the model, or the probes of one state.
    cancel : CancelEvent, optional
        Asked before each step and in each layer.
    attention : bool
        Whether residues are also told by the attention that they receive in each layer (`AttentionRows`); pairs of residues are anyway.

    Raises
    ------
    LayerError
        No such property; known in fewer than three clusters; a receptor is too long for the model; attention of whole receptors.
    PredictionError
        All residues have one label.
    LibraryError
        A receptor that the library does not have.
    DeviceError, StoreError
        Too little memory; it cannot be kept.
    Cancelled
        States that were complete are kept.

    Examples
    --------
    >>> found = compare_layers(load_model("alloscope_gpcr_8m"), "segment")  # doctest: +SKIP
    >>> found.sentence  # doctest: +SKIP
    """
    asked = rows_of(model.spec, property, receptors, attention)
    if (kept := _kept(_path(asked, origin_of(model, asked.panel).key))) is not None:
        return kept
    _ = asked.task  # refused before the model runs
    device_given_up(model, library_receptors()[asked.panel.receptors[0]].protein)
    started = time.perf_counter()
    found = _Comparison(model, asked, progress, cancel).run()
    found = replace(found, seconds=round(time.perf_counter() - started, 1))
    path = _path(asked, origin_of(model, asked.panel).key)
    try:
        write_whole(path, json.dumps(asdict(found)).encode())
    except OSError as error:
        raise StoreError(f"Cannot write to {path.parent}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
    return found


def kept_layers(
    model_id: str,
    property: str | LayerProperty,
    receptors: Iterable[str] | None = None,
    device: DeviceChoice = "auto",
    dtype: DtypeChoice = "auto",
    attention: bool = False,
) -> LayerComparison | None:
    """The answer of `compare_layers` if it was kept, without loading torch or the model; None also if the weights were never hashed here.

    The first among cuda, mps and cpu is taken where the device is "auto".

    Raises
    ------
    WeightsError, DeviceError
        Unknown model or precision.
    LayerError, LibraryError
        As in `compare_layers`.
    """
    asked = rows_of(get_spec(model_id), property, receptors, attention)
    origins = kept_origins(model_id, asked.panel, device, dtype)
    return next((found for origin in origins if (found := _kept(_path(asked, origin.key))) is not None), None)


def states_size(model_id: str, property: str | LayerProperty, receptors: Iterable[str] | None = None) -> int:
    """Bytes on the disk of the states that `compare_layers` keeps for a model; those of the untrained one take as much again.

    What `compare_layers` would refuse is refused here.
    """
    spec = get_spec(model_id)
    asked = rows_of(spec, property, receptors)
    _ = asked.task
    return asked.panel.bytes_of(spec)


class _Comparison:
    """A comparison under way."""

    def __init__(self, model: ProteinLanguageModel, asked: LabelledRows, progress, cancel: CancelEvent | None):
        self.model, self.asked, self._progress, self._cancel = model, asked, progress, cancel
        self._with_untrained = model.spec.parameters <= _LARGEST_UNTRAINED
        self._done, self._total = 0, 0

    def run(self) -> LayerComparison:
        asked, states = self.asked, self.model.spec.layers + 1
        random = self._untrained()
        passes = len(asked.panel.receptors)
        self._total = passes * (not states_are_kept(self.model, asked.panel)) + states + 1
        self._total += asked.attention_passes + (1 + asked.adds_layers) * self.model.spec.layers * (asked.attention_passes > 0)
        if random is not None:
            self._total += passes * (not states_are_kept(random, asked.panel)) + states
            self._total += self._of_untrained_attention * (asked.attention_passes + self.model.spec.layers)
        vectors = self._vectors(self.model)
        read = [self._probed(vectors[state]) for state in range(states)]
        together, reduced_to = side_by_side([asked.features(state) for state in vectors])
        all_states = self._scored(together)
        found = self._found(read, all_states, reduced_to, self._untrained_scores(random))
        return replace(found, **self._of_attention(random))

    def _untrained(self) -> ProteinLanguageModel | None:
        """The untrained model, or None where memory does not suffice for two."""
        if not self._with_untrained:
            return None
        try:
            return untrained(self.model)
        except DeviceError:
            return None

    def _vectors(self, model: ProteinLanguageModel) -> np.ndarray:
        return library_states(model, self.asked.panel, self._step, self._cancel)

    def _untrained_scores(self, random: ProteinLanguageModel | None) -> list[GroupedScore]:
        return [] if random is None else [self._scored(self.asked.features(state)) for state in self._vectors(random)]

    @property
    def _of_untrained_attention(self) -> bool:
        """Whether attention of untrained weights is asked, too: of residues, which it may tell by the place in the chain."""
        return self.asked.attention_passes > 0 and not self.asked.adds_layers

    def _of_attention(self, random: ProteinLanguageModel | None) -> dict[str, tuple[LayerScore, ...]]:
        """The scores of the heads of each layer and, of pairs, of all layers up to it; nothing where attention is not asked."""
        maps = self.asked.from_attention(self.model, self._step, self._cancel)
        if maps is None:
            return {}
        found = {"attention": _plain([self._scored(layer) for layer in maps])}
        if self._of_untrained_attention and random is not None:
            plain = self.asked.from_attention(random, self._step, self._cancel)
            assert plain is not None, "where there is attention of one model there is of the other"
            found["attention_untrained"] = _plain([self._scored(layer) for layer in plain])
        if not self.asked.adds_layers:
            return found
        so_far = [np.concatenate(list(maps[: layer + 1]), axis=1) for layer in range(len(maps))]
        return found | {"attention_so_far": _plain([self._scored(features) for features in so_far])}

    def _probed(self, state: np.ndarray) -> dict[str, GroupedScore]:
        found = self.asked.read(self.asked.features(state))
        self._step()
        return found

    def _scored(self, features: np.ndarray) -> GroupedScore:
        found = self.asked.score(features)
        self._step()
        return found

    def _step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled

    def _found(self, read: list[dict[str, GroupedScore]], all_states: GroupedScore, reduced_to: int, plain: list[GroupedScore]):
        asked, model = self.asked, self.model
        states = [one[""] for one in read]
        best = int(np.argmax([one.value for one in states]))
        bars = {name: asked.score(features) for name, features in asked.chances().items()}
        if plain:
            bars["untrained weights"] = max(plain, key=lambda one: one.value)
        bar = max(bars, key=lambda name: bars[name].value)
        lines = bars | {"shuffled labels": read[best]["shuffled"]}
        return LayerComparison(
            model_id=model.spec.id,
            model_label=model.spec.label,
            weights_sha256=model.sha256,
            device_type=model.device.type,
            dtype=model.dtype,
            property_name=asked.what.name,
            kind=asked.what.kind,
            note=asked.what.note,
            measure=asked.task.measure,
            states=_plain(states),
            accuracies=_plain([one["accuracy"] for one in read if "accuracy" in one]),
            all_states=_plain([all_states])[0],
            reduced_to=reduced_to,
            baselines=tuple(Baseline(name, _plain([score])[0]) for name, score in lines.items()),
            untrained=_plain(plain),
            shuffled=_plain([one["shuffled"] for one in read]),
            control=_plain([one["control"] for one in read if "control" in one]),
            best=best,
            earliest=one_standard_error(states),
            alike=not_told_apart(states),
            bar=bar,
            not_above=tuple(at for at, one in enumerate(states) if not better_than(one, bars[bar])),
            all_above_best=better_than(all_states, states[best]),
            classes=asked.task.classes,
            left_out=asked.left_out,
            receptors=asked.receptors,
            clusters=np.unique(asked.groups).size,
            rows=len(asked.rows),
            folds=int(asked.folds.max()) + 1,
            seconds=0.0,
        )


def _plain(scores: Sequence[GroupedScore]) -> tuple[LayerScore, ...]:
    return tuple(LayerScore(round(score.value, 5), round(score.error, 5)) for score in scores)


def _path(asked: LabelledRows, origin: str) -> Path:
    facts = [_FORMAT, origin, asked.panel.sha256, asked.what.sha256, FOLDS, MOST_TOGETHER]
    facts += ["attention", LARGEST] if isinstance(asked, AttentionRows) else []
    return layers_folder() / "answers" / f"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()}.json"


def _kept(path: Path) -> LayerComparison | None:
    """What is kept in a file; None if there is none, or it is damaged: it is then computed anew."""
    with suppress(OSError, ValueError):
        return from_plain(LayerComparison, check_version(json.loads(path.read_bytes()), LayerComparison, _FORMAT, _OF_ATTENTION))
    return None
