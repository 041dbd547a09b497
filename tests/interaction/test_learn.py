"""Learning finds what is planted, keeps the best epoch, and goes on after a kill to the same result."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit

from allo_core.errors import Cancelled, PairError
from allo_core.interaction import learn as learning
from allo_core.interaction.architectures import build, published
from allo_core.interaction.checkpoint import Epoch
from allo_core.interaction.learn import learn, predict_logits
from allo_core.interaction.learning_settings import LearningSettings, published_settings
from tests.interaction.planted import WIDTH, planted, small_model
from tests.training.tiny import StopAfter

QUICK = LearningSettings(learning_rate=3e-3, batch=16, epochs=6, patience=6)
INPUTS = planted()
TRAIN, VALIDATION, TEST = np.arange(100), np.arange(100, 130), np.arange(130, 160)


def learnt(settings: LearningSettings = QUICK, **more):
    return learn(INPUTS, TRAIN, VALIDATION, small_model(), settings, **more)


def losses(model, rows) -> float:
    logits = predict_logits(model, INPUTS, rows)
    return float(np.mean(np.logaddexp(0, logits) - INPUTS.pairs.labels[rows] * logits))


def test_what_is_planted_is_learnt():
    found = learnt(replace(QUICK, epochs=25, patience=10))
    said = expit(predict_logits(found.model, INPUTS, TEST)) > 0.5
    assert (said == INPUTS.pairs.labels[TEST]).mean() > 0.8
    assert found.history[found.kept].training_loss < found.history[0].training_loss


def test_the_epoch_that_was_best_is_kept_as_a_copy():
    # Far too fast a rate: later epochs are worse, so that parameters by reference would be those of the last one.
    found = learnt(replace(QUICK, learning_rate=0.05, epochs=6, patience=6))
    seen = [epoch.validation_loss for epoch in found.history]
    assert found.kept == int(np.argmin(seen)) < len(seen) - 1
    assert losses(found.model, VALIDATION) == pytest.approx(min(seen), rel=1e-6)
    assert not found.model.training


def test_the_best_by_mcc():
    found = learnt(replace(QUICK, learning_rate=0.05, epochs=8, keep="mcc"))
    seen = [-1.0 if np.isnan(epoch.validation_mcc) else epoch.validation_mcc for epoch in found.history]
    assert found.kept == int(np.argmax(seen))


def test_learning_ends_early_where_nothing_gets_better():
    found = learnt(replace(QUICK, learning_rate=0.2, epochs=60, patience=3))
    assert len(found.history) == found.kept + 4 < 60


def test_as_published_the_last_epoch_is_kept_however_bad():
    found = learnt(replace(QUICK, learning_rate=0.2, epochs=9, patience=1, keep="last"))
    assert len(found.history) == 9
    assert found.kept == 8
    assert losses(found.model, VALIDATION) == pytest.approx(found.history[-1].validation_loss, rel=1e-6)


def test_a_seed_gives_one_result():
    one, same, other = learnt(), learnt(), learnt(replace(QUICK, seed=1))
    assert np.array_equal(predict_logits(one.model, INPUTS, TEST), predict_logits(same.model, INPUTS, TEST))
    assert repr(one.history) == repr(same.history)
    assert not np.array_equal(predict_logits(one.model, INPUTS, TEST), predict_logits(other.model, INPUTS, TEST))


def test_torchs_own_generator_is_left_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    learnt(replace(QUICK, epochs=1))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_learning_rate_falls_after_five_epochs_without_a_smaller_loss():
    found = learnt(replace(QUICK, learning_rate=0.2, epochs=12, patience=12))
    rates = [epoch.learning_rate for epoch in found.history]
    best = int(np.argmin([epoch.validation_loss for epoch in found.history[:7]]))
    assert rates[best + 6] == pytest.approx(0.2)
    assert rates[best + 7] == pytest.approx(0.02)


class Killed(Exception):
    pass


def test_a_kill_in_the_middle_changes_nothing(tmp_path):
    path, whole = tmp_path / "one.safetensors", learnt()
    seen = []

    def kill(epoch: Epoch) -> None:
        seen.append(epoch)
        if len(seen) == 3:
            raise Killed

    with pytest.raises(Killed):
        learnt(checkpoint=path, progress=kill)
    again = []
    gone_on = learnt(checkpoint=path, progress=again.append)
    assert len(again) == len(whole.history) - 3
    assert repr(gone_on.history) == repr(whole.history)
    assert np.array_equal(predict_logits(gone_on.model, INPUTS, TEST), predict_logits(whole.model, INPUTS, TEST))
    # What is finished is read and not learnt again.
    finished = learnt(checkpoint=path, progress=lambda epoch: pytest.fail("learnt again"))
    assert np.array_equal(predict_logits(finished.model, INPUTS, TEST), predict_logits(whole.model, INPUTS, TEST))


def test_a_cancel_keeps_whole_epochs(tmp_path):
    path, whole = tmp_path / "one.safetensors", learnt()
    with pytest.raises(Cancelled):
        learnt(checkpoint=path, cancel=StopAfter(10))  # seven steps an epoch
    again = []
    assert repr(learnt(checkpoint=path, progress=again.append).history) == repr(whole.history)
    assert len(again) == len(whole.history) - 1


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "one.safetensors"
    learnt(replace(QUICK, epochs=1), checkpoint=path)
    for change in ({"seed": 1}, {"epochs": 2}, {"weight_decay": 0.5}):
        with pytest.raises(PairError, match="other pairs or with other settings"):
            learnt(replace(QUICK, **{"epochs": 1, **change}), checkpoint=path)
    with pytest.raises(PairError, match="other pairs or with other settings"):
        learn(INPUTS, TRAIN[1:], VALIDATION, small_model(), replace(QUICK, epochs=1), path)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no tensors", None])
def test_a_damaged_checkpoint_is_named(tmp_path, damage):
    path = tmp_path / "one.safetensors"
    learnt(replace(QUICK, epochs=1), checkpoint=path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    with pytest.raises(PairError, match=r"one\.safetensors is damaged"):
        learnt(replace(QUICK, epochs=1), checkpoint=path)


def test_a_checkpoint_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PairError, match="cannot be written"):
        learnt(replace(QUICK, epochs=1), checkpoint=tmp_path / "file" / "one.safetensors")


def test_memory_is_that_of_a_batch(monkeypatch):
    taken = []
    whole = learning._tokens

    def noted(inputs, rows):
        taken.append(len(rows))
        return whole(inputs, rows)

    monkeypatch.setattr(learning, "_tokens", noted)
    learnt(replace(QUICK, epochs=1))
    assert max(taken) == len(VALIDATION)
    assert sorted(taken)[:-1] == [4, *[16] * 6]


def test_asking_leaves_the_mode_and_takes_no_pair_too():
    model = build(small_model(), 0).train()
    logits = predict_logits(model, INPUTS, TEST)
    assert model.training
    assert np.array_equal(logits, predict_logits(model, INPUTS, TEST))
    assert predict_logits(model, INPUTS, TEST[:0]).shape == (0,)


def test_losses_that_are_not_finite_are_told():
    wild = planted()
    wild.first.vectors[0] = np.inf
    with pytest.raises(PairError, match=r"not finite after epoch 1 with learning rate 0\.9"):
        learn(wild, TRAIN, VALIDATION, small_model(), replace(QUICK, learning_rate=0.9))


def test_bad_input():
    with pytest.raises(PairError, match="100 pairs to learn from and 0 to validate"):
        learn(INPUTS, TRAIN, VALIDATION[:0], small_model(), QUICK)
    with pytest.raises(PairError, match="10 and 10 tokens of width 16, the model takes 10 and 10 of width 24"):
        learn(INPUTS, TRAIN, VALIDATION, replace(small_model(), width=24), QUICK)


@pytest.mark.parametrize(
    "change", [{"batch": 0}, {"epochs": 0}, {"learning_rate": 1.5}, {"weight_decay": -0.5}, {"keep": "best"}, {"patience": 0}, {"seed": -1}]
)
def test_settings_that_cannot_be(change):
    with pytest.raises(PairError, match=str(next(iter(change.values())))):
        LearningSettings(**change)


def test_published_settings():
    settings = published_settings("dpm")
    assert (settings.batch, settings.epochs, settings.keep, settings.as_published) == (64, 35, "last", True)
    assert published_settings("amps").batch == 256
    assert learn(planted("dpm"), TRAIN, VALIDATION, replace(published("dpm", WIDTH)), replace(settings, epochs=1)).kept == 0
