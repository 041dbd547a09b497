"""Areas against scikit-learn, against written-out resamples, and what chance gives."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from allo_core.learning.metrics import areas, pooled_areas, random_precision


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
    assert found.auprc == pytest.approx(average_precision_score(labels, scores))
    assert found.auroc == pytest.approx(roc_auc_score(labels, scores))


def test_a_constant_score_gives_the_rate_and_a_half():
    labels, _ = made(2)
    assert areas(labels, np.full(len(labels), 0.3)) == pytest.approx((labels.mean(), 0.5))


def test_pooled_resamples_are_those_written_out():
    data = [made(seed, 100 + 30 * seed, 0.05 * (seed + 1)) for seed in range(4)]
    labels, scores = zip(*data, strict=True)
    counts = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [0, 0, 4, 0]])
    found = pooled_areas(labels, scores, counts)
    ranks = [np.array([((s < x).sum() + (s <= x).sum()) / 2 / len(s) for x in s]) for s in scores]
    for row, (auprc, auroc) in zip(counts, zip(*found, strict=True), strict=True):
        together = np.concatenate([labels[i] for i in range(4) for _ in range(row[i])])
        ranked = np.concatenate([ranks[i] for i in range(4) for _ in range(row[i])])
        assert auprc == pytest.approx(average_precision_score(together, ranked))
        assert auroc == pytest.approx(roc_auc_score(together, ranked))


def test_pooling_does_not_see_the_level_of_a_receptor():
    data = [made(seed, 100 + 30 * seed, 0.1 * (seed + 1)) for seed in range(3)]
    labels, scores = zip(*data, strict=True)
    moved = [values + 10 * at for at, values in enumerate(scores)]
    once = np.ones((1, 3), dtype=int)
    assert pooled_areas(labels, scores, once) == pooled_areas(labels, moved, once)
    constant = pooled_areas(labels, [np.full(len(one), at) for at, one in enumerate(labels)], once)
    assert constant.auroc == pytest.approx([0.5])
    assert constant.auprc == pytest.approx([np.concatenate(labels).mean()])


def test_the_expectation_of_a_random_ranking():
    scores = -np.arange(7.0)
    rankings = [areas(np.isin(np.arange(7), chosen), scores).auprc for chosen in combinations(range(7), 3)]
    assert random_precision(np.array(3.0), np.array(7.0)) == pytest.approx(np.mean(rankings))
    # With few listed residues it is far above the positive rate.
    assert random_precision(np.array(3.0), np.array(412.0)) > 2.5 * 3 / 412
    assert random_precision(np.array(400.0), np.array(6000.0)) == pytest.approx(400 / 6000, rel=0.03)
