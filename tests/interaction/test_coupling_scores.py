"""Scores of coupling are those of scikit-learn within folds, chance is chance, and what is not told from it is said first."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from allo_core.interaction.coupling_scores import area_within, compare_couplings, precision_within
from allo_core.interaction.coupling_table import coupling_pairs
from allo_core.interaction.splits import Split, by_pair
from allo_core.learning.metrics import areas

LABELS = coupling_pairs().labels
CLUSTERS = np.arange(251) // 2


def folds(count: int = 5) -> Split:
    fold = np.repeat(np.arange(251) % count, 4)
    return Split("cluster", "A", count, fold, fold)


@pytest.mark.parametrize("digits", [1, 8])
def test_within_one_fold_they_are_those_of_scikit_learn(digits):
    rng = np.random.default_rng(0)
    labels, scores = (rng.random(60) < 0.3).astype(np.int64), rng.random(60).round(digits)
    weights = np.stack([np.ones(60), rng.integers(0, 4, 60)]).astype(float)
    fold = np.zeros(60, dtype=np.int64)
    for draw, own in enumerate(weights):
        assert area_within(labels, scores, fold, weights)[draw] == pytest.approx(
            roc_auc_score(labels, scores, sample_weight=own), abs=1e-12
        )
        expected = average_precision_score(labels, scores, sample_weight=own)
        assert precision_within(labels, scores, fold, weights)[draw] == pytest.approx(expected, abs=1e-12)


def test_folds_are_not_compared_with_one_another():
    rng = np.random.default_rng(1)
    labels, scores, fold = (rng.random(90) < 0.4).astype(np.int64), rng.random(90), np.arange(90) % 3
    ones = np.ones((1, 90))
    shifted = scores + 10 * fold
    assert area_within(labels, shifted, fold, ones) == pytest.approx(area_within(labels, scores, fold, ones))
    each = [areas(labels[fold == one] == 1, scores[fold == one]) for one in range(3)]
    positives = [int(labels[fold == one].sum()) for one in range(3)]
    pairs = [count * (30 - count) for count in positives]
    assert area_within(labels, scores, fold, ones)[0] == pytest.approx(np.average([one.auroc for one in each], weights=pairs))
    assert precision_within(labels, shifted, fold, ones)[0] == pytest.approx(np.average([one.auprc for one in each], weights=positives))


def test_what_a_draw_lacks_is_undefined():
    labels, scores, fold = np.array([1, 0, 0]), np.array([0.9, 0.1, 0.2]), np.zeros(3, dtype=np.int64)
    weights = np.array([[1.0, 1, 1], [0, 1, 1]])
    assert np.isnan(area_within(labels, scores, fold, weights)).tolist() == [False, True]
    assert np.isnan(precision_within(labels, scores, fold, weights)).tolist() == [False, True]


def test_methods_side_by_side():
    rng = np.random.default_rng(2)
    noise = rng.random(1004)
    prior = np.tile([0.3, 0.6, 0.5, 0.1], 251)
    found = compare_couplings(
        {"prior": prior, "noise": noise, "good": np.clip(0.5 * LABELS + 0.5 * noise, 0, 1)}, folds(), CLUSTERS, "prior"
    )
    prior_score, noise_score, good = found.scores
    assert [one.value for one in prior_score.auc] == [0.5] * 4
    assert prior_score.top.value == pytest.approx(159 / 251, abs=1e-5)
    assert noise_score.mean_auc.low < 0.5 < noise_score.mean_auc.high
    assert good.mean_auc.value > 0.95
    assert good.mean_auc.value == pytest.approx(np.mean([one.value for one in good.auc]), abs=1e-5)
    for score in found.scores:
        for one in (*score.auc, *score.ap, score.mean_auc, score.mean_ap, score.top):
            assert 0 <= one.low <= one.value <= one.high <= 1
    assert found.positives == (80, 159, 120, 26)
    assert found.chance_top == pytest.approx(385 / 1004)
    assert noise_score.mean_ap.value == pytest.approx(np.mean(found.chance_ap), abs=0.06)
    assert found.sentence.startswith("Not above chance in mean AUC within families: prior; noise. Above chance (0.5): good (")


def test_what_is_above_chance_but_not_above_the_baseline_is_said():
    rng = np.random.default_rng(3)
    better, worse = (np.clip(share * LABELS + (1 - share) * rng.random(1004), 0, 1) for share in (0.45, 0.25))
    found = compare_couplings({"bar": better, "model": worse, "best": LABELS.astype(float)}, folds(), CLUSTERS, "bar")
    assert found.differences.keys() == {"model", "best"}
    change = found.differences["model"]
    assert change.high < 0
    assert change.value == pytest.approx(found.scores[1].mean_auc.value - found.scores[0].mean_auc.value, abs=1e-4)
    said = f"Not above bar, in the same draws: model ({change.value:.3f}, {change.low:.3f} to {change.high:.3f}). Above chance (0.5): bar ("
    assert found.sentence.startswith(said)


def test_a_receptor_in_two_folds_is_refused():
    with pytest.raises(ValueError, match="the pairs of a receptor are in two folds"):
        compare_couplings({}, by_pair(coupling_pairs()), CLUSTERS)
