"""The classifier: fitted by scikit-learn, used without it."""

import sys

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from allo_core.errors import PredictionError
from allo_core.learning import model as module
from allo_core.learning.model import LinearModel


def fit(features, labels, c):
    return module.fit(features, labels, (c,))[0]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    features = [5 + 3 * rng.normal(size=(length, 4)) for length in (80, 120, 100)]
    labels = [rng.random(len(x)) < 1 / (1 + np.exp(5 - 0.7 * x[:, 1])) for x in features]
    return features, labels


def test_probabilities_are_those_of_scikit_learn(data):
    features, labels = data
    weights = np.concatenate([np.full(len(one), 300 / 3 / len(one)) for one in labels])
    solver = LogisticRegression(C=0.1, l1_ratio=1, solver="liblinear", intercept_scaling=10, tol=1e-3, max_iter=1000, random_state=0)
    pipeline = make_pipeline(StandardScaler(), solver).fit(
        np.concatenate(features),
        np.concatenate(labels),
        standardscaler__sample_weight=weights,
        logisticregression__sample_weight=weights,
    )
    model = fit(features, labels, 0.1)
    assert np.count_nonzero(model.coefficients) >= 1
    for one in features:
        np.testing.assert_allclose(model.probabilities(one), pipeline.predict_proba(one)[:, 1], rtol=1e-10)


def test_a_stronger_penalty_leaves_fewer_features(data):
    counts = [np.count_nonzero(model.coefficients) for model in module.fit(*data, (0.001, 0.02, 10.0))]
    assert counts[0] == 0
    assert counts[0] < counts[1] < counts[2] == 4


def test_the_mean_probability_is_the_rate_of_listed_residues(data):
    features, labels = data
    model = fit(features, labels, 1.0)
    means = np.mean([model.probabilities(one).mean() for one in features])
    assert means == pytest.approx(np.mean([one.mean() for one in labels]), abs=0.01)


def test_receptors_weigh_alike(data):
    features, labels = data
    longer = [np.repeat(features[0], 5, axis=0), *features[1:]], [np.repeat(labels[0], 5), *labels[1:]]
    a, b = fit(features, labels, 0.1 * 620 / 300), fit(*longer, 0.1)  # C goes with the sum of weights, one a residue
    np.testing.assert_allclose(a.mean, b.mean)
    np.testing.assert_allclose(a.scale, b.scale)
    np.testing.assert_allclose(a.coefficients, b.coefficients, atol=0.005)


def test_a_missing_feature_counts_as_the_mean(data):
    features, labels = data
    model = fit(features, labels, 0.3)
    some = features[0].copy()
    some[:, 1] = np.nan
    filled = features[0].copy()
    filled[:, 1] = model.mean[1]
    np.testing.assert_allclose(model.probabilities(some), model.probabilities(filled))


def test_a_feature_that_some_receptors_lack_says_nothing_of_them(data):
    features, labels = data
    features[2] = features[2].copy()
    features[2][:, 1] = np.nan
    model = fit(features, labels, 0.3)
    np.testing.assert_allclose(model.mean[1], np.mean([features[0][:, 1].mean(), features[1][:, 1].mean()]))
    assert np.unique(fit([x[:, [1]] for x in features], labels, 0.3).probabilities(features[2][:, [1]])).size == 1


def test_a_feature_that_is_missing_everywhere_gets_no_weight(data):
    features, labels = data
    empty = [np.column_stack([x, np.full(len(x), np.nan)]) for x in features]
    model = fit(empty, labels, 0.3)
    assert model.coefficients[4] == 0
    with_value = np.column_stack([features[0], np.full(len(features[0]), 1e6)])
    np.testing.assert_array_equal(model.probabilities(empty[0]), model.probabilities(with_value))


def test_a_constant_feature_does_no_harm(data):
    features, labels = data
    model = fit([np.column_stack([x, np.ones(len(x))]) for x in features], labels, 0.3)
    assert np.isfinite(model.probabilities(np.column_stack([features[0], np.ones(len(features[0]))]))).all()


def test_extreme_features_overflow_nowhere():
    model = LinearModel(np.zeros(1), np.ones(1), np.array([50.0]), 0.0)
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(model.probabilities(np.array([[-1e3], [0.0], [1e3]])), [0, 0.5, 1], atol=1e-12)


@pytest.mark.parametrize("label", [False, True])
def test_one_class_alone(data, label):
    features, labels = data
    with pytest.raises(PredictionError, match="All 300 residues have the same label"):
        fit(features, [np.full(len(one), label) for one in labels], 0.1)


def test_nothing_known(data):
    features, labels = data
    with pytest.raises(PredictionError, match="None of 4 features is known"):
        fit([np.full_like(x, np.nan) for x in features], labels, 0.1)


def test_no_convergence_is_said(data, monkeypatch):
    monkeypatch.setattr("allo_core.learning.model._MOST_ITERATIONS", 1)
    with pytest.raises(PredictionError, match="C = 100 did not converge in 1 iterations"), pytest.warns(ConvergenceWarning):
        fit(*data, 100.0)


def test_without_scikit_learn(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.preprocessing", None)
    with pytest.raises(PredictionError, match=r"needs scikit-learn; pip install -r tests/requirements\.txt"):
        fit(*data, 0.1)
