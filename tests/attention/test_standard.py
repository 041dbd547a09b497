"""Attention on marked residues against every possible random site."""

from itertools import combinations

import numpy as np
import pytest
import scipy.stats

from allo_core.attention.standard import standardise

WEIGHTS = np.random.default_rng(5).lognormal(size=(3, 9))
MARKED = np.array([1, 4, 8])


def test_mean_and_deviation_are_those_of_all_sites():
    standard = standardise(WEIGHTS, MARKED, np.zeros(9, dtype=int))
    every = np.array([WEIGHTS[:, list(site)].sum(axis=1) for site in combinations(range(9), 3)])
    np.testing.assert_allclose(standard.mu, every.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(standard.sigma, every.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(standard.snr(standard.tested), (standard.on_site - every.mean(axis=0)) / every.std(axis=0), rtol=1e-10)
    np.testing.assert_allclose(standard.enrichment(standard.tested), WEIGHTS[:, MARKED].sum(axis=1) / every.mean(axis=0), rtol=1e-12)


def test_columns_of_ones_and_zeros_are_hypergeometric():
    weights = np.array([1.0, 1, 1, 0, 0, 0, 0, 0, 0])
    standard = standardise(weights, MARKED, np.zeros(9, dtype=int))
    drawn = scipy.stats.hypergeom(9, 3, 3)
    assert (standard.mu, standard.sigma) == (pytest.approx(drawn.mean()), pytest.approx(drawn.std()))
    assert standard.on_site == 1


def test_strata_are_drawn_from_by_themselves():
    codes = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])
    standard = standardise(WEIGHTS, MARKED, codes)
    every = np.array([WEIGHTS[:, [*first, second]].sum(axis=1) for first in combinations(range(5), 2) for second in range(5, 9)])
    np.testing.assert_allclose(standard.mu, every.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(standard.sigma, every.std(axis=0), rtol=1e-12)


def test_the_published_moments_leave_the_marked_residues_out():
    standard = standardise(WEIGHTS, MARKED, None)
    unmarked = np.delete(WEIGHTS, MARKED, axis=1)
    every = np.array([unmarked[:, list(site)].sum(axis=1) for site in combinations(range(6), 3)])
    np.testing.assert_allclose(standard.mu, every.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(standard.sigma, every.std(axis=0), rtol=1e-12)


def test_tested_is_no_matter_of_the_site():
    weights = WEIGHTS.copy()
    weights[1, MARKED] = 0
    weights[2] = 0.5
    standard = standardise(weights, MARKED, np.zeros(9, dtype=int), np.array([10, 10, 50]))
    assert standard.tested.tolist() == [True, True, False]
    assert standard.snr(standard.tested)[1] < 0
    assert np.isnan(standard.snr(standard.tested)[2])
    assert standard.snr(standard.tested, undefined=0.0)[2] == 0
    assert standardise(weights, MARKED, np.zeros(9, dtype=int), np.array([9, 10, 50])).tested.tolist() == [False, True, False]
