"""The rank correlation of looking and needing, against scipy."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from allo_core.readouts.looks_and_needs import rank_agreement

RNG = np.random.default_rng(0)


def test_the_correlation_is_that_of_scipy_over_heads_that_have_both():
    looks, needs = RNG.normal(size=60), RNG.normal(size=60)
    needs[:45] = looks[:45]
    looks[50], needs[51] = np.nan, np.nan
    found = rank_agreement(looks, needs)
    both = np.isfinite(looks) & np.isfinite(needs)
    assert found.heads == 58
    assert found.rho == pytest.approx(spearmanr(looks[both], needs[both]).statistic)
    assert found.low < found.rho < found.high
    assert found.sentence.startswith("Heads that look at the site more are needed there more: ")


def test_that_looking_tells_nothing_is_said_first():
    found = rank_agreement(RNG.normal(size=40), RNG.normal(size=40))
    assert found.low < 0 < found.high
    assert found.sentence.startswith("Looking at the site does not tell which heads are needed there: ")
    assert found.sentence.endswith("0 by chance.")


def test_too_few_heads_have_no_correlation():
    found = rank_agreement(np.arange(7.0), np.arange(7.0))
    assert np.isnan([found.rho, found.low, found.high]).all()
    assert found.sentence == "7 heads have both numbers; at least 8 are needed for a correlation of ranks."
