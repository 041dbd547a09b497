import numpy as np
import pytest
import scipy.stats

from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import (
    benjamini_hochberg,
    default_draws,
    encode_strata,
    exceedance_p,
    moments,
    passing_random_sites,
    published_moments,
    smallest_q,
)
from allo_core.errors import ScoreError


def heavy_weights(heads: int = 5, length: int = 80, seed: int = 0) -> np.ndarray:
    """As columns of real heads: most near 0, a few large."""
    return np.random.default_rng(seed).lognormal(sigma=1.5, size=(heads, length))


def explicit_draws(weights: np.ndarray, codes: np.ndarray, counts: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Random sites by sorting random numbers within each stratum, another way than the app's; shape (draws, heads)."""
    generator = np.random.default_rng(seed)
    total = np.zeros((draws, len(weights)))
    for stratum, count in enumerate(counts):
        inside = np.flatnonzero(codes == stratum)
        chosen = inside[np.argsort(generator.random((draws, len(inside))), axis=1)[:, :count]]
        total += weights[:, chosen].sum(axis=2).T
    return total


@pytest.mark.parametrize(
    ("codes", "counts"),
    [
        (np.zeros(80, dtype=int), np.array([16])),
        (np.zeros(80, dtype=int), np.array([79])),
        (np.arange(80) * 5 // 80, np.array([3, 0, 16, 1, 7])),
        (np.random.default_rng(1).integers(0, 8, 80), np.array([1, 2, 0, 3, 1, 0, 2, 4])),
    ],
    ids=["uniform", "all but one", "matched", "matched, scattered"],
)
def test_moments_agree_with_100000_explicit_draws(codes, counts):
    """Mean and standard deviation within 5 standard errors, that of the latter being sigma sqrt((kurtosis - 1) / 4B)."""
    weights = heavy_weights()
    drawn = explicit_draws(weights, codes, counts, 100_000, seed=0)
    mu, sigma = moments(weights, codes, counts)
    assert (np.abs(drawn.mean(axis=0) - mu) <= 5 * sigma / np.sqrt(len(drawn))).all()
    error_of_sigma = np.sqrt((scipy.stats.kurtosis(drawn, fisher=False) - 1) / (4 * len(drawn)))
    assert error_of_sigma.max() < 0.02
    assert (np.abs(drawn.std(axis=0) / sigma - 1) <= 5 * error_of_sigma).all()


def test_moments_agree_with_every_possible_site():
    from itertools import combinations

    weights = heavy_weights(heads=3, length=9)
    for size in range(1, 10):
        sums = np.array([weights[:, list(chosen)].sum(axis=1) for chosen in combinations(range(9), size)])
        mu, sigma = moments(weights, np.zeros(9, dtype=int), np.array([size]))
        np.testing.assert_allclose(mu, sums.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(sigma, sums.std(axis=0), rtol=1e-9, atol=1e-12)


def test_published_moments_leave_the_marked_residues_out():
    from itertools import combinations

    weights = heavy_weights(heads=3, length=10)
    sites = np.array([0, 4, 9])
    free = [j for j in range(10) if j not in sites]
    sums = np.array([weights[:, list(chosen)].sum(axis=1) for chosen in combinations(free, 3)])
    mu, sigma = published_moments(weights, sites)
    np.testing.assert_allclose(mu, sums.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(sigma, sums.std(axis=0), rtol=1e-9)
    assert np.isnan(published_moments(weights, np.arange(6))).all()
    assert np.isnan(published_moments(weights, np.arange(10))).all()


def test_equal_columns_have_no_spread():
    _, sigma = moments(np.full((2, 37), 0.1), np.zeros(37, dtype=int), np.array([7]))
    assert (sigma == 0).all()


@pytest.mark.parametrize("size", [1, 5, 30])
def test_p_counts_the_draws_that_reach_the_site(size):
    weights = heavy_weights(heads=20)
    codes, counts = np.zeros(80, dtype=int), np.array([size])
    sites = draw_sites(codes, counts, 20_000, 0)
    observed = weights[:, 40 : 40 + size].sum(axis=1)
    members = sites.members.astype(int)
    reached = (weights[:, members].sum(axis=2) >= observed[:, None] * (1 - 1e-9)).sum(axis=1)
    p = exceedance_p(weights, observed, sites)
    # float32 sums may count a few near ties more, never fewer.
    assert (p >= (1 + reached) / 20_001).all()
    np.testing.assert_allclose(p, (1 + reached) / 20_001, atol=2e-3)
    independent = (explicit_draws(weights, codes, counts, 20_000, seed=7) >= observed).mean(axis=0)
    assert (np.abs(p - independent) <= 5 * np.sqrt(2 * p * (1 - p) / 20_000) + 1e-3).all()


def test_ties_are_never_lost():
    """Weights that are multiples of 0.1 tie often, and no float sum of them is exact; counted with whole numbers instead."""
    tenths = np.random.default_rng(0).integers(0, 6, (10, 60))
    sites = draw_sites(np.zeros(60, dtype=int), np.array([9]), 20_000, 0)
    observed = tenths[:, 20:29]
    reached = (tenths[:, sites.members.astype(int)].sum(axis=2) >= observed.sum(axis=1)[:, None]).sum(axis=1)
    ties = (tenths[:, sites.members.astype(int)].sum(axis=2) == observed.sum(axis=1)[:, None]).sum(axis=1)
    assert ties.min() > 100
    np.testing.assert_array_equal(exceedance_p(tenths * 0.1, (observed * 0.1).sum(axis=1), sites), (1 + reached) / 20_001)


@pytest.mark.parametrize("seed", range(5))
def test_q_agrees_with_scipy(seed):
    generator = np.random.default_rng(seed)
    p = np.round(generator.random(660) ** 2, 3).clip(1e-4)  # with ties
    np.testing.assert_allclose(benjamini_hochberg(p), scipy.stats.false_discovery_control(p), rtol=1e-12)
    many = generator.random((50, 8))
    np.testing.assert_allclose(benjamini_hochberg(many), scipy.stats.false_discovery_control(many, axis=0), rtol=1e-12)


def test_q_of_nothing():
    assert benjamini_hochberg(np.empty(0)).shape == (0,)


@pytest.mark.parametrize(("heads", "draws"), [(64, 20_000), (500, 20_000), (660, 26_400), (1440, 57_600)])
def test_one_head_alone_can_pass(heads, draws):
    assert default_draws(heads) == draws
    p = np.ones(heads)
    p[3] = 1 / (1 + draws)
    assert benjamini_hochberg(p)[3] == pytest.approx(smallest_q(heads, draws), rel=1e-12)
    assert smallest_q(heads, draws) < 0.05
    assert np.isnan(smallest_q(0, draws))
    assert smallest_q(100, 10) == 1


@pytest.mark.parametrize("level", [0.05, 0.5])
def test_random_sites_are_scored_like_marked_ones(level):
    """By brute force: every random site against all others, q values by scipy."""
    weights = heavy_weights(heads=30, length=60)
    tested = np.arange(30) % 7 != 0
    sites = draw_sites(np.zeros(60, dtype=int), np.array([6]), 2000, 0)
    site_weights = weights[:, sites.members.astype(int)].sum(axis=2)
    expected = []
    for number in range(40):
        others = np.delete(site_weights, number, axis=1)
        p = (1 + (others >= site_weights[:, [number]] * (1 - 1e-9)).sum(axis=1)) / 2000
        expected.append((scipy.stats.false_discovery_control(p[tested]) < level).sum())
    assert level == 0.05 or sum(expected) > 0
    np.testing.assert_array_equal(passing_random_sites(weights, tested, sites, level, 40), expected)


def test_strata_may_be_anything_hashable():
    labels = [("TM1", 0), ("TM1", 1), None, "ICL1", ("TM1", 0), None]
    np.testing.assert_array_equal(encode_strata(labels, 6), [0, 1, 2, 3, 0, 2])
    np.testing.assert_array_equal(encode_strata(np.array([5, 5, 2]), 3), [0, 0, 1])
    np.testing.assert_array_equal(encode_strata(None, 3), [0, 0, 0])


def test_strata_that_do_not_fit():
    with pytest.raises(ScoreError, match="5 strata for 6 residues"):
        encode_strata([1] * 5, 6)
    with pytest.raises(ScoreError, match="residue index 1 is NaN"):
        encode_strata([1.0, float("nan"), 2.0], 3)
