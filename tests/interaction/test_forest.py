"""Tree SHAP adds up to the forest's probability, token by token, and both importances find the token that decides."""

import sys

import numpy as np
import pytest

from allo_core.errors import ExtraError, PairError
from allo_core.interaction.forest import LARGEST_MISS, Forest, fit_forest, tree_shap

TOKENS, LATENT = 4, 3


def planted(count: int = 160, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose label is the sign of the second number of token 2."""
    features = np.random.default_rng(seed).normal(size=(count, TOKENS, LATENT)).astype(np.float32)
    return features, (features[:, 2, 1] > 0).astype(np.int64)


@pytest.fixture(scope="module")
def forest() -> Forest:
    pytest.importorskip("sklearn")
    return fit_forest(*planted(), trees=20)


@pytest.mark.parametrize("with_background", [False, True], ids=["path dependent", "background"])
def test_values_add_up(forest, with_background):
    pytest.importorskip("shap")
    features, _ = planted(30, seed=1)
    found = tree_shap(forest, features, planted()[0][:50] if with_background else None)
    assert found.values.shape == features.shape
    assert found.signed.sum(axis=1) + found.expected == pytest.approx(forest.probabilities(features), abs=LARGEST_MISS)
    assert found.miss <= LARGEST_MISS
    assert np.argmax(found.magnitude) == 2
    assert found.magnitude[2] > 3 * np.delete(found.magnitude, 2).max()
    strongest = found.signed[:, 2] > 0
    assert (strongest == (features[:, 2, 1] > 0)).mean() > 0.8


def test_gini_is_shared_among_tokens(forest):
    assert forest.gini.sum() == pytest.approx(1)
    assert np.argmax(forest.gini) == 2
    assert forest.gini == pytest.approx(
        [forest.classifier.feature_importances_[3 * token : 3 * token + 3].sum() for token in range(TOKENS)]
    )


def test_a_sum_that_misses_is_refused(forest, monkeypatch):
    shap = pytest.importorskip("shap")
    real = shap.TreeExplainer.shap_values
    monkeypatch.setattr(shap.TreeExplainer, "shap_values", lambda self, rows: np.asarray(real(self, rows)) + 1e-6)
    with pytest.raises(PairError, match="miss the forest's probability by 1"):
        tree_shap(forest, planted(5)[0])


def test_the_same_seed_gives_the_same():
    pytest.importorskip("sklearn")
    features, labels = planted()
    first, second, other = (fit_forest(features, labels, seed, trees=5).probabilities(features) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_one_label_is_refused():
    pytest.importorskip("sklearn")
    with pytest.raises(PairError, match="All 160 pairs have one label"):
        fit_forest(planted()[0], np.ones(160, dtype=np.int64))


def test_without_the_extra(monkeypatch, forest):
    for package in ("sklearn.ensemble", "shap"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraError, match=r"scikit-learn: pip install '\.\[pairs\]'"):
        fit_forest(*planted())
    with pytest.raises(ExtraError, match=r"shap: pip install '\.\[pairs\]'"):
        tree_shap(forest, planted()[0])
