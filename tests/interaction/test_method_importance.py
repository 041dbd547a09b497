"""All methods are asked about the same pairs; shuffled labels are as many of each, and the models know nothing then."""

import numpy as np
import pytest

from allo_core.interaction.architectures import smaller
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.method_importance import METHODS, importance_over_seeds, with_shuffled_labels
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.protein.sequence import Protein

ROWS = (np.arange(0, 84), np.arange(84, 100), np.arange(100, 104))


def planted() -> PairInputs:
    """Token 1 of A decides."""
    random = np.random.default_rng(0)
    proteins = tuple(Protein(f"P{number}", "ACDEFGHIKL") for number in range(62))
    first = np.repeat(np.arange(60), 2)
    vectors = random.normal(size=(62, 3, 24)).astype(np.float32)
    vectors[:, 1] *= 3
    labels = (vectors[first, 1, :12].sum(axis=1) > 0).astype(np.int64)
    tokens = TokenVectors(("a", "b", "c"), vectors)
    return PairInputs(PairSet(proteins, first, 60 + np.arange(120) % 2, labels), tokens, tokens)


@pytest.mark.parametrize("kind", ["amps", "mean"])
def test_all_methods(kind):
    for package in ("sklearn", "shap"):
        pytest.importorskip(package)
    seen = []
    found = importance_over_seeds(
        planted(), ROWS, smaller(kind, 24, (3, 3), layers=1), LearningSettings(epochs=8, learning_rate=3e-3), np.arange(62), (0, 1),
        progress=lambda what, done, total: seen.append(what),
    )  # fmt: skip
    assert found.shape == (len(METHODS), 2, 4, 6)
    known = np.isfinite(found).any(axis=(1, 2, 3))
    assert known.tolist() == [kind == "amps", True, True, True, True]
    assert np.nanmin(found) >= 0
    gini = found[METHODS.index("Gini")]
    assert gini.sum(axis=2) == pytest.approx(1)
    assert (gini == gini[:, :1]).all()
    assert not np.array_equal(found[1, 0], found[1, 1])  # another seed
    for method in ("gradients", "SHAP", "Gini", "network gradients"):
        assert np.argmax(np.nanmean(found[METHODS.index(method)], axis=(0, 1))) == 1
    if kind == "amps":
        assert found[0].sum(axis=2) == pytest.approx(1)
    assert {"labels 1 of 2: encoder", "labels 2 of 2: gradients of the network"} <= set(seen)


def test_shuffled_labels():
    inputs = planted()
    first, again, other = (with_shuffled_labels(inputs, seed).pairs.labels for seed in (0, 0, 1))
    assert first.sum() == inputs.pairs.labels.sum()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, inputs.pairs.labels)
