"""Areas against scikit-learn, and what chance gives."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from allo_core.learning.metrics import Areas, areas, random_precision


def made(seed, length=200, rate=0.1):
    rng = np.random.default_rng(seed)
    labels = rng.random(length) < rate
    labels[:2] = True, False
    return labels, rng.normal(size=length) + labels


@pytest.mark.parametrize("digits", [10, 1, 0])
def test_areas_are_those_of_scikit_learn(digits):
    labels, scores = made(1)
    scores = scores.round(digits)  # with 0 digits nearly all are tied
    found = areas(labels, scores)
    assert found.auprc == pytest.approx(average_precision_score(labels, scores), rel=1e-12)
    assert found.auroc == pytest.approx(roc_auc_score(labels, scores), rel=1e-12)
    chance = random_precision(labels.sum(), 200)
    assert found.normalised == pytest.approx((found.auprc - chance) / (1 - chance))


def test_a_constant_score_gives_the_rate_and_a_half():
    labels, _ = made(2)
    found = areas(labels, np.full(len(labels), 0.3))
    assert (found.auprc, found.auroc) == pytest.approx((labels.mean(), 0.5))


def test_the_best_ranking_is_1_and_random_ones_are_0_on_average():
    labels, scores = made(3)
    assert areas(labels, labels.astype(float)) == Areas(1, 1, 1)
    assert areas(labels, labels.astype(float)).above_random == 1
    rng = np.random.default_rng(0)
    random = np.array([areas(labels, rng.permutation(scores)).above_random for _ in range(2000)])
    assert abs(random.mean()) < 3 * random.std() / np.sqrt(2000)


def test_the_expectation_of_a_random_ranking():
    scores = -np.arange(7.0)
    rankings = [areas(np.isin(np.arange(7), chosen), scores).auprc for chosen in combinations(range(7), 3)]
    assert random_precision(3, 7) == pytest.approx(np.mean(rankings))
    # With few listed residues it is far above the positive rate.
    assert random_precision(3, 412) > 2.5 * 3 / 412
    assert random_precision(400, 6000) == pytest.approx(400 / 6000, rel=0.03)
