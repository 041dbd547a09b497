"""How a site ranks among places like it, against direct counts and scipy."""

import numpy as np
import pytest
from scipy import stats

from allo_core.attention.columns import Columns
from allo_core.attention.draws import RandomSites
from allo_core.attention.nulls import benjamini_hochberg, encode_strata, moments
from allo_core.attention.pockets import pockets_like, shifted_stretches
from allo_core.attention.site_rank import rank_by_tail, rank_site, rank_statistics, standardised_sites
from allo_core.attention.tails import tail_of

LENGTH = 160
CODES = encode_strata([f"{index // 40}, {index % 3}" for index in range(LENGTH)], LENGTH)
SITE = np.array([10, 11, 14, 18, 60, 64, 67, 100])


def made(seed=0, heads=6, smooth=7):
    """Column weights that are smooth along the chain, as attention is, with arcs enough in every head but the last."""
    noise = np.random.default_rng(seed).gamma(0.4, size=(heads, LENGTH + smooth - 1))
    weights = np.lib.stride_tricks.sliding_window_view(noise, smooth, axis=1).mean(axis=-1)
    arcs = np.ones((1, heads, LENGTH), dtype=int)
    arcs[0, -1, 5:] = 0
    return Columns(weights[None], arcs, 0.1)


@pytest.fixture(scope="module")
def positions():
    return np.random.default_rng(3).uniform(0, 30, size=(LENGTH, 3))


def direct(weights, members):
    """SNR of each site by the moments of its own strata, one after the other."""
    rows = []
    for site in members:
        mu, sigma = moments(weights, CODES, np.bincount(CODES[site], minlength=CODES.max() + 1))
        rows.append((weights[:, site].sum(axis=1) - mu) / sigma)
    return np.array(rows).T


def test_standardised_sites_are_those_of_the_moments():
    weights = made().weights[0]
    members = np.stack([np.sort(np.random.default_rng(seed).choice(LENGTH, 8, replace=False)) for seed in range(40)])
    found = standardised_sites(weights, CODES, RandomSites(members.astype(np.uint16), LENGTH, ("test", "members")))
    np.testing.assert_allclose(found, direct(weights, members), rtol=2e-4, atol=2e-4)


def test_a_pocket_is_ranked_among_pockets_like_it(positions):
    columns = made()
    rank = rank_site(columns, SITE[::-1], CODES, positions)
    assert rank.kind == "pocket"
    places = pockets_like(SITE, positions)
    weights = columns.weights[0]
    snr, own = standardised_sites(weights, CODES, places), direct(weights, SITE[None])
    p = (1 + (snr >= own - 1e-4).sum(axis=1)) / (1 + len(places))
    assert rank.tested.tolist() == [True] * 5 + [False]
    np.testing.assert_allclose(rank.p_value[:5], p[:5], rtol=0.02)
    assert np.isnan(rank.p_value[5])
    np.testing.assert_allclose(rank.q_value[:5], benjamini_hochberg(rank.p_value[:5]))
    low = sum((stats.rankdata(-snr[head], method="max") / len(places) <= 0.05).astype(int) for head in range(5))
    assert rank.n_low == (rank.p_value[:5] <= 0.05).sum()
    assert rank.global_p == pytest.approx((1 + (low >= rank.n_low).sum()) / (1 + len(places)), abs=0.01)


def test_a_planted_pocket_is_found_and_the_rest_is_not(positions):
    columns = made(heads=12)
    weights = columns.weights.copy()
    weights[0, 2, SITE] += 5
    rank = rank_site(Columns(weights, columns.arcs, 0.1), SITE, CODES, positions)
    assert rank.passing[0] == 2
    assert 2 not in rank_site(columns, SITE, CODES, positions).passing


def test_a_model_that_looks_there_as_a_whole_is_told_though_no_head_passes(positions):
    columns = made(heads=40)
    weights = columns.weights.copy()
    weights[0][:, SITE] *= 1.5
    rank = rank_site(Columns(weights, columns.arcs, 0.1), SITE, CODES, positions)
    assert rank.n_low > 6
    assert rank.global_p < 0.02


def direct_tail(value, others):
    """The share of others that reach a value, or the fitted tail where fewer than ten do."""
    reached = int((others >= value - 1e-4).sum())
    if reached >= 10:
        return (1 + reached) / (1 + len(others))
    fitted = stats.pearson3.sf((value - others.mean()) / others.std(), max(stats.skew(others), 0.05))
    return min(fitted, 11 / (1 + len(others)))


def test_a_tail_among_few_places_is_counted_where_it_can_be():
    generator = np.random.default_rng(7)
    places = np.stack([generator.gamma(1.5, size=400), generator.standard_t(5, size=400)])
    values = np.array([[1.0, 3.0, 9.0, 30.0], [0.0, -4.0, 9.0, 30.0]])
    one_sided = tail_of(values, places)
    np.testing.assert_allclose(one_sided, [[direct_tail(value, row) for value in line] for line, row in zip(values, places, strict=True)])
    assert (np.diff(one_sided[0]) < 0).all()
    two_sided = tail_of(values, places, two_sided=True)
    for line, row, found in zip(values, places, two_sided, strict=True):
        z, others = np.abs((line - row.mean()) / row.std()), np.abs((row - row.mean()) / row.std())
        freedom = 4 + 6 / max(stats.kurtosis(row), 0.1)
        for value, p in zip(z, found, strict=True):
            reached = int((others >= value - 1e-4).sum())
            fitted = 2 * stats.t.sf(value * np.sqrt(freedom / (freedom - 2)), freedom)
            assert p == pytest.approx((1 + reached) / 401 if reached >= 10 else min(fitted, 11 / 401), rel=1e-6)


def test_no_head_passes_for_what_some_head_does_at_many_places():
    """Mostly nothing, and in each head one place with very much: no fitted tail reaches so far, and each place would make a head pass."""
    generator = np.random.default_rng(4)
    places = generator.normal(0, 0.1, size=(60, 400)).astype(np.float32)
    places[np.arange(60), generator.permutation(400)[:60]] = 30
    own = np.zeros(60)
    own[0] = 30
    rank = rank_by_tail("stretch", own, places, np.ones(60, dtype=bool))
    assert benjamini_hochberg(rank.p_value)[0] < 0.05
    assert rank.q_value[0] > 0.1
    assert len(rank.passing) == 0
    assert rank.passing_share <= 0.05
    own[0] = 100
    further = rank_by_tail("stretch", own, places, np.ones(60, dtype=bool))
    assert further.q_value[0] == pytest.approx(1 / 401)
    assert further.needed_snr[0] > 30


def test_statistics_that_are_known_are_ranked_like_those_of_weights(positions):
    columns = made()
    places = pockets_like(SITE, positions)
    weights = columns.weights[0].copy()
    weights[4] = 0.0
    snr, own = standardised_sites(weights, CODES, places), direct(columns.weights[0], SITE[None])[:, 0]
    enough = np.array([True] * 5 + [False])
    found, expected = rank_statistics(own, snr, enough, 123), rank_site(columns, SITE, CODES, positions)
    np.testing.assert_allclose(found.p_value[:4], expected.p_value[:4], rtol=0.02)
    assert found.tested.tolist() == [True] * 4 + [False] * 2
    assert found.n_places == 123


def test_a_stretch_is_compared_with_itself_elsewhere():
    columns = made()
    site = np.arange(50, 58)
    rank = rank_site(columns, site, CODES, None)
    assert (rank.kind, rank.n_places) == ("stretch", LENGTH - 7)
    snr = direct(columns.weights[0], shifted_stretches(site, LENGTH).members)[:5]
    tails = np.stack([[direct_tail(value, row) for value in row] for row in snr])
    np.testing.assert_allclose(rank.p_value[:5], tails[:, 50], rtol=2e-3)
    assert rank.n_low == (tails[:, 50] <= 0.05).sum()
    assert rank.global_p == pytest.approx((1 + ((tails <= 0.05).sum(axis=0) >= rank.n_low).sum()) / (1 + LENGTH - 7))


@pytest.mark.parametrize("smooth", [1, 9])
def test_places_pass_no_more_often_than_they_should(positions, smooth):
    """However smooth attention is: stretches by the fitted tail, pockets by their rank."""
    columns = made(seed=smooth, heads=60, smooth=smooth)
    for site in (np.arange(30, 42), SITE):
        rank = rank_site(columns, site, CODES, positions)
        assert rank.passing_share <= 0.07  # 0.05 and the error of 149 to 200 places that overlap


def test_without_positions_or_places_there_is_no_rank(positions):
    assert rank_site(made(), SITE, CODES, None) is None
    assert rank_site(made(), np.arange(10, 120), CODES, positions) is None  # a stretch that fits at 51 places


def test_heads_without_arcs_leave_nothing_to_say(positions):
    columns = made()
    rank = rank_site(Columns(columns.weights, columns.arcs * 0, 0.1), SITE, CODES, positions)
    assert not rank.tested.any()
    assert rank.passing.tolist() == []
    assert np.isnan(rank.global_p)
