"""Methods agree where rankings are shared by the real models alone, and not where tokens or chance make them alike."""

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction.agreement import agreement, agreement_sentence, rank_correlations

METHODS = ("attention", "gradients", "SHAP", "Gini")


def rankings(shared: float, seed: int, tokens: int = 20, seeds: int = 5) -> np.ndarray:
    """Importance of four methods that have some of one order."""
    random = np.random.default_rng(seed)
    return np.exp(shared * np.arange(tokens) / tokens + random.normal(size=(4, seeds, tokens)) * 0.3)


def test_correlations_are_spearmans():
    stats = pytest.importorskip("scipy.stats")
    values = np.round(rankings(1, 0), 1)  # with ties
    found = rank_correlations(values)
    for one, first, other, second in ((0, 0, 1, 0), (2, 3, 1, 4), (3, 2, 3, 2)):
        expected = stats.spearmanr(values[one, first], values[other, second]).statistic
        assert found[one, first, other, second] == pytest.approx(expected)
    values[1, 2] = 1
    assert np.isnan(rank_correlations(values)[1, 2]).all()


def test_agreement_beyond_the_control():
    real, control = rankings(2, 0), rankings(0, 1)
    found = agreement(METHODS, real, control)
    assert found.mean > 0.5
    assert abs(found.control_mean) < 0.25
    assert found.mean_p == pytest.approx(1 / 252)
    assert agreement_sentence(found).startswith("The methods agree")
    every = rank_correlations(real)
    assert found.real[0, 1] == pytest.approx(np.mean([every[0, seed, 1, seed] for seed in range(5)]))
    assert found.real[2, 2] == pytest.approx(np.mean([every[2, one, 2, other] for one in range(5) for other in range(5) if one != other]))
    assert np.isnan(np.diag(found.p)).all()
    assert found.p[0, 1] == found.p[1, 0]


def test_tokens_that_are_alike_in_both_are_no_agreement():
    """Long tokens first, whatever the labels say."""
    sentence = agreement_sentence(agreement(METHODS, rankings(2, 0), rankings(2, 1)))
    assert sentence.startswith("The methods do not agree on which tokens matter more than they do when labels are shuffled")


def test_chance():
    p = [agreement(METHODS, rankings(0, 2 * seed), rankings(0, 2 * seed + 1)).mean_p for seed in range(60)]
    assert 0.3 < np.mean(p) < 0.7
    found = agreement(METHODS, rankings(0, 3), rankings(0, 4))
    assert found.deviation == pytest.approx(1 / np.sqrt(19))
    singles = rank_correlations(rankings(0, 5, seeds=200))[0, :, 1]
    assert np.std(singles) == pytest.approx(found.deviation, abs=0.03)


def test_a_control_that_is_opposite_is_no_agreement():
    real = rankings(0, 7)
    control = rankings(0, 8)
    control[::2] = np.exp(np.linspace(0, 3, 20))
    control[1::2] = np.exp(np.linspace(3, 0, 20))
    found = agreement(METHODS, real, control)
    assert found.mean_p == pytest.approx(1 / 252)
    assert agreement_sentence(found).startswith("The methods do not agree on which tokens matter more than rankings drawn")


def test_a_method_without_values_is_not_tested():
    real, control = rankings(2, 0), rankings(0, 1)
    real[0] = np.nan
    found = agreement(METHODS, real, control)
    assert np.isnan(found.real[0]).all()
    assert np.isnan(found.p[0]).all()
    assert "mean of 3 pairs of methods" in agreement_sentence(found)
    real[1:3] = np.nan
    with pytest.raises(PairError, match="1 methods have values"):
        agreement(METHODS, real, control)
