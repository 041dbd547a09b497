"""Probes against scikit-learn; folds, standard errors and choices against counting by hand."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from allo_core.errors import PredictionError
from allo_core.learning import probes
from allo_core.learning.folds import group_folds
from allo_core.learning.grouped import GroupedScore, better_than, not_told_apart, one_standard_error
from allo_core.learning.probes import STRENGTHS, class_task, control_labels, number_task, probe, shuffled_within

N, GROUPS = 400, 20


@pytest.fixture
def planted():
    """Features, one of which is constant and one far from 0, of which labels and numbers depend on a few; groups of different sizes."""
    rng = np.random.default_rng(3)
    groups = np.sort(rng.integers(0, GROUPS, N))
    x = rng.normal(size=(N, 12)) * rng.uniform(0.1, 30, 12) + rng.normal(size=12) * 10
    x[:, 4] = 7.0
    x[:, 5] += 1000
    standard = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    labels = np.array(list("abc"))[np.argmax(standard[:, :3] + rng.normal(size=(N, 3)), axis=1)]
    numbers = standard[:, 0] - 2 * standard[:, 1] + rng.normal(size=N)
    return x, labels, numbers, groups


def reference(x, y, folds, model_of, score):
    """Out-of-fold predictions of a pipeline of scikit-learn whose penalty is chosen as `probe` says."""
    predicted = np.empty(len(y), dtype=y.dtype)
    for fold in range(folds.max() + 1):
        training = [other for other in range(folds.max() + 1) if other != fold]
        inner, held = np.isin(folds, training[1:]), folds == training[0]
        found = []
        for strength in STRENGTHS:
            fitted = make_pipeline(StandardScaler(), model_of(strength)).fit(x[inner], y[inner])
            found.append(score(y[held], fitted.predict(x[held]), y[inner]))
        chosen = make_pipeline(StandardScaler(), model_of(STRENGTHS[int(np.argmax(found))])).fit(x[folds != fold], y[folds != fold])
        predicted[folds == fold] = chosen.predict(x[folds == fold])
    return predicted


def r2(true, predicted, training):
    return 1 - ((true - predicted) ** 2).sum() / ((true - training.mean()) ** 2).sum()


def test_classes_are_read_as_by_scikit_learn(planted):
    x, labels, _, groups = planted
    folds = group_folds(groups, 5)
    (found,) = probe(x, [class_task(labels)], folds, groups)
    expected = reference(x, labels, folds, lambda a: RidgeClassifier(alpha=a), lambda t, p, _: accuracy_score(t, p))
    assert found.value == pytest.approx(accuracy_score(labels, expected), abs=1e-12)
    assert found.gained[:, 0].tolist() == [(labels == expected)[groups == group].sum() for group in np.unique(groups)]
    assert 0.5 < found.value < 0.9


@pytest.mark.parametrize("columns", [12, 400])
def test_a_dominant_class_makes_classes_weigh_alike(planted, columns):
    """Also with more features than residues, where another form of the same equations is solved."""
    x, _, numbers, groups = planted
    x = np.concatenate([x, np.random.default_rng(1).normal(size=(N, columns - 12))], axis=1)
    labels = np.where(numbers > np.quantile(numbers, 0.85), "rare", "common")
    folds, task = group_folds(groups, 5), class_task(labels)
    assert task.measure == "balanced accuracy"
    (found,) = probe(x, [task], folds, groups)
    expected = reference(
        x, labels, folds, lambda a: RidgeClassifier(alpha=a, class_weight="balanced"), lambda t, p, _: balanced_accuracy_score(t, p)
    )
    assert found.value == pytest.approx(balanced_accuracy_score(labels, expected), abs=1e-12)


@pytest.mark.parametrize("columns", [12, 400])
def test_numbers_are_read_as_by_scikit_learn(planted, columns):
    x, _, numbers, groups = planted
    x = np.concatenate([x, np.random.default_rng(1).normal(size=(N, columns - 12))], axis=1)
    folds = group_folds(groups, 5)
    (found,) = probe(x, [number_task(numbers)], folds, groups)
    expected = reference(x, numbers, folds, lambda a: Ridge(alpha=a), r2)
    means = np.array([numbers[folds != fold].mean() for fold in folds])
    assert found.value == pytest.approx(1 - ((numbers - expected) ** 2).sum() / ((numbers - means) ** 2).sum(), abs=1e-9)


def test_tasks_together_are_what_they_are_alone(planted):
    x, labels, numbers, groups = planted
    folds, tasks = group_folds(groups, 4), [class_task(labels), number_task(numbers), class_task(labels, "balanced accuracy")]
    together = probe(x, tasks, folds, groups)
    for task, one in zip(tasks, together, strict=True):
        (alone,) = probe(x, [task], folds, groups)
        np.testing.assert_allclose(one.gained, alone.gained, atol=1e-9)
        np.testing.assert_array_equal(one.possible, alone.possible)


def test_scale_and_place_of_features_do_not_matter(planted):
    x, labels, _, groups = planted
    folds = group_folds(groups, 5)
    one, other = (probe(features, [class_task(labels)], folds, groups)[0] for features in (x, 1e3 * x - 5e4))
    np.testing.assert_array_equal(one.gained, other.gained)


def test_nothing_is_read_from_nothing(planted):
    _, labels, numbers, groups = planted
    folds = group_folds(groups, 5)
    tasks = [class_task(labels), number_task(numbers), class_task(labels, "balanced accuracy")]
    accuracy, explained, balanced = probe(np.zeros((N, 1)), tasks, folds, groups)
    commonest = [max(set(labels[folds != fold]), key=(labels[folds != fold]).tolist().count) for fold in folds]
    assert accuracy.value == pytest.approx(np.mean(labels == np.array(commonest)))
    assert explained.value == pytest.approx(0, abs=1e-12)
    assert balanced.value == pytest.approx(1 / 3, abs=1e-9)


def test_shuffled_labels_keep_what_the_kind_tells(planted):
    rng = np.random.default_rng(0)
    kinds = rng.choice(list("xyz"), N)
    labels = np.where(rng.random(N) < 0.8, kinds, "x")
    mixed = shuffled_within(labels, kinds)
    for kind in "xyz":
        assert sorted(mixed[kinds == kind]) == sorted(labels[kinds == kind])
    assert (mixed != labels).any()
    control = control_labels(labels, kinds, seed=2)
    assert all(len(set(control[kinds == kind])) == 1 for kind in "xyz")
    assert set(control) <= set(labels)


def test_a_group_is_never_divided_and_folds_are_even():
    groups = np.repeat(np.arange(30), np.random.default_rng(0).integers(1, 40, 30)) * 7 - 3
    folds = group_folds(groups, 5)
    assert all(len(set(folds[groups == group])) == 1 for group in groups)
    sizes = np.bincount(folds)
    assert len(sizes) == 5
    assert np.ptp(sizes) <= 40
    np.testing.assert_array_equal(folds, group_folds(groups, 5))
    assert set(group_folds(np.array([0, 0, 1]), 5)) == {0, 1}
    with pytest.raises(PredictionError, match="1 group of relatives cannot be divided"):
        group_folds(np.zeros(4, dtype=int), 5)


def test_labels_that_are_all_alike_are_refused():
    with pytest.raises(PredictionError, match="All 3 residues have one label"):
        class_task(np.array(["a"] * 3))
    with pytest.raises(PredictionError, match=r"All 2 residues have the value 1\.5"):
        number_task(np.array([1.5, 1.5]))


def shares(hits, of=20):
    """A score of groups of 20 residues each."""
    return GroupedScore(np.array(hits, dtype=float)[:, None], np.full((len(hits), 1), float(of)))


def test_the_error_is_that_of_drawing_groups():
    hits = np.random.default_rng(0).integers(5, 20, 60)
    score = shares(hits)
    assert score.value == pytest.approx(hits.mean() / 20)
    assert score.error == pytest.approx((hits / 20).std(ddof=1) / np.sqrt(60), rel=0.05)
    assert np.isnan(shares([3, 4]).error)
    uneven = GroupedScore(np.array([[1.0], [30.0]]), np.array([[10.0], [30.0]]))
    assert uneven.value == pytest.approx(31 / 40)


def test_the_earliest_within_one_error_and_those_not_told_apart():
    rng = np.random.default_rng(1)
    base = rng.integers(8, 16, 40)
    low, near, best = base - 4, base - rng.integers(0, 2, 40) + rng.integers(0, 2, 40), base
    steady = base - 1  # worse by the same in every group: told apart although it is near
    scores = [shares(one) for one in (low, steady, near, best)]
    values = [one.value for one in scores]
    top = int(np.argmax(values))
    assert one_standard_error(scores) == next(k for k, value in enumerate(values) if value >= values[top] - scores[top].error)
    assert not_told_apart(scores) == (2, 3)
    assert better_than(shares(base), shares(base - 1))
    assert not better_than(shares(base), shares(base))
    assert not better_than(shares(base - 1), shares(base))


def test_a_class_that_a_draw_misses_is_left_out_of_its_mean():
    score = GroupedScore(np.array([[1.0, 0], [1, 0], [0, 3]]), np.array([[2.0, 0], [2, 0], [0, 3]]))
    assert score.value == pytest.approx(0.75)
    assert np.isfinite(score.draws).all()


def test_penalties_are_on_a_scale(planted):
    """A large one is chosen where features are noise: predictions then stay at the mean."""
    _, _, numbers, groups = planted
    noise = np.random.default_rng(8).normal(size=(N, 150))
    (found,) = probe(noise, [number_task(numbers)], group_folds(groups, 5), groups)
    assert found.value > -0.15
    assert probes.STRENGTHS[-1] > N
