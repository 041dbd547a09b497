"""Measures of pairs are those of scikit-learn, and undefined ones say why."""

import math

import numpy as np
import pytest
from sklearn import metrics as reference

from allo_core.interaction.metrics import Confusion, PairMetrics, chance_metrics, metrics_of_counts, pair_metrics


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("digits", [1, 12])  # many equal probabilities, and none
def test_they_are_those_of_scikit_learn(seed, digits):
    rng = np.random.default_rng(seed)
    labels = (rng.random(200) < 0.3).astype(np.int64)
    probabilities = np.clip(rng.random(200) * 0.8 + 0.2 * labels, 0, 1).round(digits)
    found = pair_metrics(labels, probabilities)
    said = probabilities > 0.5
    expected = {
        "accuracy": reference.accuracy_score(labels, said),
        "mcc": reference.matthews_corrcoef(labels, said),
        "recall": reference.recall_score(labels, said),
        "precision": reference.precision_score(labels, said),
        "f1": reference.f1_score(labels, said),
        "specificity": reference.recall_score(labels, said, pos_label=0),
        "balanced_accuracy": reference.balanced_accuracy_score(labels, said),
        "auc": reference.roc_auc_score(labels, probabilities),
        "ap": reference.average_precision_score(labels, probabilities),
        "brier": reference.brier_score_loss(labels, probabilities),
    }
    assert {name: getattr(found, name) for name in PairMetrics.names()} == pytest.approx(expected, abs=1e-12, rel=0)
    assert found.reasons == ()


def test_the_published_confusion_matrix():
    """ESM2_AMPS on real_test: 0-0 759, 0-1 448, 1-0 91, 1-1 1,109 (label-prediction), in the lists of its repository."""
    found = metrics_of_counts(Confusion(tp=1109, fn=91, tn=759, fp=448))
    rounded = {name: round(getattr(found, name), 3) for name in ("accuracy", "recall", "precision", "f1", "specificity", "mcc")}
    # F1 is 2218 / 2757 = 0.8045 (to four places), below 0.8045 in truth: 0.804, where rounding twice gives 0.805.
    assert rounded == {"accuracy": 0.776, "recall": 0.924, "precision": 0.712, "f1": 0.804, "specificity": 0.629, "mcc": 0.579}
    assert math.isnan(found.auc)
    assert found.reason("auc") == "probabilities are not known"
    assert found.reason("mcc") == ""


@pytest.mark.parametrize(
    ("labels", "probabilities", "reasons"),
    [
        (
            [1, 1, 1],
            [0.9, 0.2, 0.7],
            {
                **dict.fromkeys(("mcc", "specificity", "balanced_accuracy", "auc", "ap"), "no pair is known not to interact"),
            },
        ),
        (
            [0, 0],
            [0.1, 0.2],
            {
                **dict.fromkeys(("mcc", "recall", "balanced_accuracy", "auc", "ap"), "no pair is known to interact"),
                "precision": "no pair is predicted to interact",
                "f1": "no pair is known to interact, and no pair is predicted to interact",
            },
        ),
        ([0, 1], [0.5, 0.5], dict.fromkeys(("mcc", "precision"), "no pair is predicted to interact")),
        ([0, 1], [0.6, 0.7], {"mcc": "every pair is predicted to interact"}),
    ],
)
def test_what_is_undefined_says_why(labels, probabilities, reasons):
    found = pair_metrics(np.array(labels), np.array(probabilities))
    assert {name for name in PairMetrics.names() if math.isnan(getattr(found, name))} == set(reasons)
    assert dict(found.reasons) == reasons
    assert found.brier == pytest.approx(np.mean((np.array(probabilities) - labels) ** 2))


def test_without_pairs_nothing_is_defined():
    for found in (pair_metrics(np.array([], dtype=int), np.array([])), chance_metrics(np.array([], dtype=int))):
        assert all(math.isnan(getattr(found, name)) for name in PairMetrics.names())
        assert {name for name, _ in found.reasons} == set(PairMetrics.names())


def test_chance_is_what_nothing_known_gives():
    rng = np.random.default_rng(0)
    labels = (np.arange(60) < 21).astype(np.int64)
    chance = chance_metrics(labels)
    drawn = [pair_metrics(labels, rng.permutation(60) / 60) for _ in range(3000)]
    for name in ("mcc", "balanced_accuracy", "auc", "ap"):
        assert getattr(chance, name) == pytest.approx(np.mean([getattr(one, name) for one in drawn]), abs=0.01), name
    constant = pair_metrics(labels, np.full(60, 21 / 60))
    assert chance.accuracy == constant.accuracy == 39 / 60
    assert chance.brier == pytest.approx(constant.brier)
    assert math.isnan(chance.recall)
    assert chance.reason("recall") == "it depends on how often a guess says yes"
    alone = chance_metrics(np.ones(3, dtype=int))
    assert (alone.accuracy, alone.reason("auc")) == (1, "no pair is known not to interact")


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(ValueError, match="a probability is not from 0 to 1"):
        pair_metrics(np.array([0, 1]), np.array([0.5, wrong]))
