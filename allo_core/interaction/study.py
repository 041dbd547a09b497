"""From pairs to a model that is kept: a model for each fold, what they reach beside their baselines, and one model of all pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from allo_core.interaction.architectures import Architecture
from allo_core.interaction.baselines import identity_probabilities, length_probabilities, partner_probabilities
from allo_core.interaction.checkpoint import Epoch, data_sha256
from allo_core.interaction.coupling_scores import CouplingComparison
from allo_core.interaction.features import Cut
from allo_core.interaction.fold_models import FoldModels, train_folds
from allo_core.interaction.kept_model import KeptModel, training_mean
from allo_core.interaction.learn import Learnt, learn
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.metrics import PairMetrics, chance_metrics, pair_metrics
from allo_core.interaction.model_card import CARD_FORMAT, MethodRow, ModelCard
from allo_core.interaction.pairs import PairInputs, PairSet
from allo_core.interaction.splits import Split
from allo_core.learning.results import Estimate
from allo_core.runs.extract import library_versions
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["CHANCE", "Described", "card_of", "compare_pairs", "coupling_rows", "in_names", "study"]

CHANCE = "chance"
_FINAL = "all.safetensors"
_DIGITS = 5


@dataclass(frozen=True)
class Described:
    """What a card says of the pairs and their vectors.

    Parameters
    ----------
    cuts : tuple of (Cut, Cut)
        Of side A and of side B.
    model_id, weights_sha256 : str
        The language model.
    data, licence : str
    """

    cuts: tuple[Cut, Cut]
    model_id: str
    weights_sha256: str
    data: str
    licence: str


def study(
    inputs: PairInputs,
    split: Split,
    architecture: Architecture,
    settings: LearningSettings,
    described: Described,
    compare: Callable[[Float[np.ndarray, " pairs"]], tuple[MethodRow, ...]],
    folder: Path | None = None,
    progress: Callable[[int, Epoch], None] | None = None,
    cancel: CancelEvent | None = None,
) -> KeptModel:
    """Learn a model for each fold, compare them with their baselines, and learn one of all pairs, which is kept.

    The model of all pairs is learnt for as many epochs as the models of the folds on average, since no pair is left to validate with; how
    good it is was measured on the models of the folds.

    Parameters
    ----------
    inputs : PairInputs
    split : Split
    architecture : Architecture
    settings : LearningSettings
    described : Described
    compare : callable(probabilities)
        Rows of the comparison, this model's first, for what it says of each pair that it has not learnt from; NaN: never tested.
    folder : Path, optional
        Gets checkpoints.
    progress : callable(fold, Epoch), optional
        Called after each epoch; the model of all pairs comes after the last fold.
    cancel : CancelEvent, optional

    Raises
    ------
    PairError
        As `train_folds` does.
    Cancelled
    """
    folds = train_folds(inputs, split, architecture, settings, folder, progress, cancel)
    probabilities = expit(folds.logits)
    rows = compare(probabilities)
    final = _of_all(inputs, folds, architecture, settings, folder, progress, cancel)
    kept = tuple(learnt.kept for learnt in folds.learnt.values())
    card = card_of(inputs, split, described, rows, probabilities, architecture, settings, kept)
    return KeptModel(card, final.model, training_mean(inputs, np.arange(len(inputs.pairs))))


def _of_all(
    inputs: PairInputs,
    folds: FoldModels,
    architecture: Architecture,
    settings: LearningSettings,
    folder: Path | None,
    progress: Callable[[int, Epoch], None] | None,
    cancel: CancelEvent | None,
) -> Learnt:
    epochs = round(np.mean([learnt.kept + 1 for learnt in folds.learnt.values()]))
    everything = np.arange(len(inputs.pairs))
    report = None if progress is None else partial(progress, folds.split.count)
    path = None if folder is None else folder / _FINAL
    return learn(inputs, everything, everything, architecture, replace(settings, epochs=epochs, keep="last"), path, report, cancel)


def card_of(
    inputs: PairInputs,
    split: Split,
    described: Described,
    rows: tuple[MethodRow, ...],
    probabilities: Float[np.ndarray, " pairs"],
    architecture: Architecture | None = None,
    settings: LearningSettings | None = None,
    kept: tuple[int, ...] = (),
) -> ModelCard:
    """The card of a model before its parameters are written.

    Parameters
    ----------
    inputs : PairInputs
    split : Split
    described : Described
    rows : tuple of MethodRow
    probabilities : ndarray of float, shape=(pairs,)
        Of each pair when it was left out; NaN: never.
    architecture : Architecture, optional
    settings : LearningSettings, optional
    kept : tuple of int
    """
    return ModelCard(
        format=CARD_FORMAT,
        architecture=architecture,
        tokens=(inputs.first.tokens, inputs.second.tokens),
        pairs=len(inputs.pairs),
        positives=int(inputs.pairs.labels.sum()),
        data_sha256=data_sha256(inputs),
        split=split.sentence,
        settings=settings,
        kept=kept,
        comparison=rows,
        out_of_fold=in_names(inputs.pairs, probabilities),
        versions=library_versions(),
        parameters_sha256="",
        **asdict(described),
    )


def in_names(pairs: PairSet, probabilities: Float[np.ndarray, " pairs"]) -> dict[str, dict[str, float]]:
    """Probabilities under the names of both proteins; a pair without one is left out.

    Parameters
    ----------
    pairs : PairSet
    probabilities : ndarray of float, shape=(pairs,)
    """
    found: dict[str, dict[str, float]] = {}
    for first, second, value in zip(pairs.first, pairs.second, probabilities, strict=True):
        if not np.isnan(value):
            found.setdefault(pairs.proteins[first].name, {})[pairs.proteins[second].name] = round(float(value), _DIGITS)
    return found


def compare_pairs(name: str, probabilities: Float[np.ndarray, " pairs"], inputs: PairInputs, split: Split) -> tuple[MethodRow, ...]:
    """A model of pairs beside what names, lengths and the partner alone give, and beside chance, on the pairs that were tested.

    Parameters
    ----------
    name : str
        Of the model.
    probabilities : ndarray of float, shape=(pairs,)
        NaN: never tested.
    inputs : PairInputs
    split : Split
    """
    rows = np.flatnonzero(~np.isnan(probabilities))
    labels = inputs.pairs.labels[rows]
    found = {
        name: probabilities,
        "names alone": identity_probabilities(inputs.pairs, split),
        "lengths alone": length_probabilities(inputs.pairs, split),
        "side B alone": partner_probabilities(inputs.pairs, split),
    }
    measured = {method: pair_metrics(labels, values[rows]) for method, values in found.items()}
    return tuple(MethodRow(method, _of_metrics(metrics)) for method, metrics in {**measured, CHANCE: chance_metrics(labels)}.items())


def coupling_rows(name: str, comparison: CouplingComparison) -> tuple[MethodRow, ...]:
    """The rows of a comparison of couplings, one of them first, and chance last.

    Parameters
    ----------
    name : str
        Of the row that comes first.
    comparison : CouplingComparison
    """
    rows = []
    for score in sorted(comparison.scores, key=lambda score: score.name != name):
        measures = _of_estimate("mean AUC", score.mean_auc) | _of_estimate("mean AP", score.mean_ap) | _of_estimate("top family", score.top)
        for family, auc, ap in zip(comparison.families, score.auc, score.ap, strict=True):
            measures |= {f"AUC {family}": _number(auc.value), f"AP {family}": _number(ap.value)}
        rows.append(MethodRow(score.name, measures | {f"pooled {key}": value for key, value in _of_metrics(score.pooled).items()}))
    chance: dict[str, float | None] = {
        f"AP {family}": value for family, value in zip(comparison.families, comparison.chance_ap, strict=True)
    }
    areas: dict[str, float | None] = {"mean AUC": 0.5, **{f"AUC {family}": 0.5 for family in comparison.families}}
    known = {"mean AP": float(np.mean(comparison.chance_ap)), "top family": comparison.chance_top}
    return (*rows, MethodRow(CHANCE, areas | chance | known))


def _of_estimate(name: str, estimate: Estimate) -> dict[str, float | None]:
    return {name: _number(estimate.value), f"{name} low": _number(estimate.low), f"{name} high": _number(estimate.high)}


def _of_metrics(metrics: PairMetrics) -> Mapping[str, float | None]:
    return {name: _number(getattr(metrics, name)) for name in PairMetrics.names()}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), _DIGITS)
