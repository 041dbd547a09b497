"""Searching the settings of a model of pairs with Optuna, in the published ranges scaled to the width of the language model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import ExtraError, PairError
from allo_core.interaction.architectures import Architecture, Kind
from allo_core.interaction.checkpoint import Epoch, data_sha256
from allo_core.interaction.fold_models import fold_rows
from allo_core.interaction.learn import learn
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairInputs
from allo_core.interaction.splits import Split
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:
    import optuna

__all__ = ["Trial", "Tuning", "tune"]

_WIDTH = 1280  # of the language model that was published with
# Lowest, highest and step of each hidden size, at that width.
_LIKE_AMPS = ((480, 640, 160), (80, 320, 80))
_HIDDEN: dict[Kind, tuple[tuple[int, int, int], ...]] = {
    "amps": _LIKE_AMPS,
    "amp_cse": _LIKE_AMPS,
    "dpm": ((960, 1280, 320), (320, 640, 160), (40, 160, 60)),
    "gru": _LIKE_AMPS,
    "mean": _LIKE_AMPS,
}
_RATES: dict[Kind, tuple[float, float]] = {"dpm": (1e-6, 1e-5)}
_DECAYS: dict[Kind, tuple[float, float]] = {"amp_cse": (1e-4, 1e-1), "dpm": (1e-3, 1e-1)}
_USUAL_RATES, _USUAL_DECAYS = (1e-5, 1e-3), (1e-4, 1e-2)


@dataclass(frozen=True)
class Trial:
    """One choice of settings.

    Parameters
    ----------
    architecture : Architecture
    settings : LearningSettings
    value : float or None
        Mean over folds of the MCC, or of the loss, of the best epoch on validation pairs; None for a trial that was stopped because half of
        the others were better after as many folds.
    """

    architecture: Architecture
    settings: LearningSettings
    value: float | None


@dataclass(frozen=True)
class Tuning:
    """What a search found.

    Parameters
    ----------
    best : Trial
    trials : tuple of Trial
        In their order.
    """

    best: Trial
    trials: tuple[Trial, ...]


def tune(
    inputs: PairInputs,
    split: Split,
    architecture: Architecture,
    settings: LearningSettings,
    trials: int = 6,
    storage: Path | None = None,
    progress: Callable[[int, int, Epoch], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Tuning:
    """Search learning rate, weight decay and hidden sizes: TPE, MCC maximised or loss minimised, as the settings keep epochs.

    What was published searches the same ranges at width 1280, but minimises MCC, and so keeps the worst trial.  A trial sees the pairs that
    it learns from and those that validate, never the tested ones of the same fold; but each pair validates in another fold, so the best
    value, and folds that are learnt anew with its settings, are somewhat too good.

    Parameters
    ----------
    inputs : PairInputs
    split : Split
    architecture : Architecture
        Of which the hidden sizes are searched.
    settings : LearningSettings
        Of which learning rate and weight decay are searched; the seed is also that of the search.
    trials : int
        In all, those of the storage among them.
    storage : Path, optional
        A file of SQLite, from which the same search goes on to the same result.
    progress : callable(trial, fold, Epoch), optional
        Called after each epoch.
    cancel : CancelEvent, optional

    Raises
    ------
    ExtraError
        Optuna is not installed.
    PairError
        Settings that keep the last epoch, less than one trial, a storage that cannot be used, and what `learn` raises.
    Cancelled
        The storage keeps the trials that were finished.
    """
    optuna = _optuna()
    if settings.as_published:
        raise PairError("A search needs validation pairs of its own: keep the epoch of the best loss or mcc, not the last one.")
    if trials < 1:
        raise PairError(f"{trials} trials find nothing; at least 1 is needed.")
    study = _study(optuna, inputs, split, architecture, settings, storage)

    def value_of(trial: optuna.Trial) -> float:
        shape, chosen = _suggested(trial, architecture, settings)
        values = []
        for fold in range(split.count):
            train, validation, test = fold_rows(split, fold, chosen)
            if not len(test):
                continue
            report = None if progress is None else partial(progress, _done(study), fold)
            learnt = learn(inputs, train, validation, shape, chosen, progress=report, cancel=cancel)
            kept = learnt.history[learnt.kept]
            # An undefined MCC is that of a model that says one thing of all pairs: no better than chance.
            values.append(kept.validation_loss if settings.keep == "loss" else np.nan_to_num(kept.validation_mcc))
            trial.report(float(np.mean(values)), fold)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(np.mean(values))

    while (done := _done(study)) < trials:
        # A sampler for each trial, so that a search that goes on draws what it would have drawn.
        study.sampler = optuna.samplers.TPESampler(seed=settings.seed * 10_007 + done)
        study.optimize(value_of, n_trials=1)
    finished = [trial for trial in study.trials if trial.state.name in _FINISHED]
    found = [
        Trial(*_suggested(trial, architecture, settings), trial.value if trial.state.name == "COMPLETE" else None) for trial in finished
    ]
    return Tuning(found[[trial.number for trial in finished].index(study.best_trial.number)], tuple(found))


_FINISHED = ("COMPLETE", "PRUNED")


def _optuna():
    try:
        import optuna
    except ImportError as error:
        raise ExtraError("Searching settings needs Optuna: pip install '.[pairs]'.") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _study(
    optuna, inputs: PairInputs, split: Split, architecture: Architecture, settings: LearningSettings, storage: Path | None
) -> optuna.Study:
    """The study of exactly this question; others may lie in the same storage."""
    facts = [data_sha256(inputs), split.first.tolist(), split.second.tolist(), asdict(architecture), asdict(settings)]
    try:
        if storage is not None:
            storage.parent.mkdir(parents=True, exist_ok=True)
        return optuna.create_study(
            study_name=hashlib.sha256(json.dumps(facts).encode()).hexdigest(),
            storage=None if storage is None else f"sqlite:///{storage}",
            direction="minimize" if settings.keep == "loss" else "maximize",
            pruner=optuna.pruners.MedianPruner(),
            load_if_exists=True,
        )
    except Exception as error:
        # SQLAlchemy has no common base with what alembic and Optuna raise for a file that is no storage.
        if isinstance(error, OSError) or type(error).__module__.startswith(("sqlalchemy", "alembic", "optuna")):
            raise PairError(
                f"The trials cannot be kept in {storage}: it is no storage of Optuna, or not writable; name another."
            ) from error
        raise


def _done(study: optuna.Study) -> int:
    return sum(trial.state.name in _FINISHED for trial in study.trials)


def _suggested(trial: optuna.Trial | optuna.trial.FrozenTrial, architecture: Architecture, settings: LearningSettings):
    """Architecture and settings of a trial; hidden sizes are drawn at width 1280 and scaled."""
    kind, scale = architecture.kind, architecture.width / _WIDTH
    rate = trial.suggest_float("learning_rate", *_RATES.get(kind, _USUAL_RATES), log=True)
    decay = trial.suggest_float("weight_decay", *_DECAYS.get(kind, _USUAL_DECAYS), log=True)
    sizes = [trial.suggest_int(f"hidden{number}", low, high, step=step) for number, (low, high, step) in enumerate(_HIDDEN[kind], start=1)]
    hidden = tuple(max(1, round(size * scale)) for size in sizes)
    return replace(architecture, hidden=hidden), replace(settings, learning_rate=rate, weight_decay=decay)
