"""The search goes the right way, goes on where it stopped, and never sees tested pairs."""

import builtins
from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import Cancelled, ExtraError, PairError
from allo_core.interaction import tune as tuning
from allo_core.interaction.checkpoint import Epoch
from allo_core.interaction.learn import Learnt
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.splits import by_protein
from allo_core.interaction.tune import tune
from tests.interaction.planted import planted, small_model
from tests.training.tiny import StopAfter

INPUTS = planted()
SPLIT = by_protein(INPUTS.pairs, 3, side="A")
SETTINGS = LearningSettings(batch=64, epochs=1)


@pytest.fixture(autouse=True)
def _optuna():
    pytest.importorskip("optuna", reason="the extra pairs is not installed")


@pytest.fixture
def by_rate(monkeypatch):
    """A loss that is the learning rate, and an MCC of 1 minus it, without any learning."""
    calls = []

    def pretended(inputs, train, validation, architecture, settings, checkpoint=None, progress=None, cancel=None):
        calls.append((train, validation, architecture, settings))
        epoch = Epoch(settings.learning_rate, 1.0, settings.learning_rate, 1 - settings.learning_rate)
        return Learnt(None, (epoch,), 0)

    monkeypatch.setattr(tuning, "learn", pretended)
    return calls


@pytest.mark.parametrize("keep", ["loss", "mcc"])
def test_the_best_trial_is_the_best_and_not_the_worst(by_rate, keep):
    found = tune(INPUTS, SPLIT, small_model(), replace(SETTINGS, keep=keep), trials=8)
    complete = [trial for trial in found.trials if trial.value is not None]
    assert len(found.trials) == 8
    assert len(complete) > 2
    assert found.best.settings.learning_rate == min(trial.settings.learning_rate for trial in complete)


def test_values_stay_in_the_published_ranges_scaled_to_the_width(by_rate):
    architecture = replace(small_model(), width=1280, hidden=(1, 1))
    found = tune(INPUTS, SPLIT, architecture, SETTINGS, trials=8)
    assert {trial.architecture.hidden[0] for trial in found.trials} <= {480, 640}
    assert {trial.architecture.hidden[1] for trial in found.trials} <= {80, 160, 240, 320}
    assert all(1e-5 <= trial.settings.learning_rate <= 1e-3 for trial in found.trials)
    assert all(1e-4 <= trial.settings.weight_decay <= 1e-2 for trial in found.trials)
    small = tune(INPUTS, SPLIT, replace(architecture, width=320), SETTINGS, trials=8)
    assert {trial.architecture.hidden[0] for trial in small.trials} <= {120, 160}


def test_tested_pairs_are_never_seen(by_rate):
    tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=1)
    assert len(by_rate) == 3
    for fold, (train, validation, *_) in enumerate(by_rate):
        assert not np.intersect1d(SPLIT.test(fold), np.concatenate([train, validation])).size


def test_a_search_goes_on_to_the_same_result(by_rate, tmp_path):
    whole = tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=6)
    first = tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=3, storage=tmp_path / "trials.sqlite")
    calls = len(by_rate)
    going_on = tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=6, storage=tmp_path / "trials.sqlite")
    assert going_on == whole
    assert going_on.trials[:3] == first.trials
    assert len(by_rate) - calls <= 9
    # Another question in the same storage has trials of its own.
    assert tune(INPUTS, SPLIT, small_model(), replace(SETTINGS, seed=1), trials=1, storage=tmp_path / "trials.sqlite") != first


def test_trials_that_are_worse_than_half_are_stopped(by_rate):
    found = tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=20)
    stopped = [trial for trial in found.trials if trial.value is None]
    assert stopped
    assert min(trial.settings.learning_rate for trial in stopped) > found.best.settings.learning_rate


def test_it_learns_and_can_be_cancelled(tmp_path):
    told = []
    found = tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=1, progress=lambda trial, fold, epoch: told.append((trial, fold)))
    assert told == [(0, 0), (0, 1), (0, 2)]
    assert found.best.value == pytest.approx(np.log(2), abs=0.3)
    path = tmp_path / "trials.sqlite"
    with pytest.raises(Cancelled):
        tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=1, storage=path, cancel=StopAfter(1))
    assert tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=1, storage=path) == found


def test_bad_input(tmp_path):
    with pytest.raises(PairError, match="not the last one"):
        tune(INPUTS, SPLIT, small_model(), replace(SETTINGS, keep="last"))
    with pytest.raises(PairError, match="0 trials"):
        tune(INPUTS, SPLIT, small_model(), SETTINGS, trials=0)
    (tmp_path / "no.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(PairError, match=r"no\.sqlite: it is no storage"):
        tune(INPUTS, SPLIT, small_model(), SETTINGS, storage=tmp_path / "no.sqlite")


def test_without_optuna(monkeypatch):
    whole = builtins.__import__

    def without(name, *more):
        if name == "optuna":
            raise ImportError(name)
        return whole(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExtraError, match=r"needs Optuna: pip install '\.\[pairs\]'"):
        tune(INPUTS, SPLIT, small_model(), SETTINGS)
