"""What the null costs, against draws and the scores themselves."""

import numpy as np
import pytest
from scipy import stats

from allo_core.attention.columns import Columns
from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import benjamini_hochberg, encode_strata, exceedance_p, most_reaching
from allo_core.attention.pockets import pockets_like, shifted_stretches
from allo_core.attention.power import needed_among_places, needed_by_residues, null_overlap
from allo_core.attention.scores import score_heads
from allo_core.attention.site_rank import rank_site, standardised_sites
from allo_core.attention.standard import standardise

LENGTH, DRAWS = 120, 2000
CODES = encode_strata([index // 30 for index in range(LENGTH)], LENGTH)
SITE = np.array([3, 8, 20, 40, 41, 95])


def made(heads=7, arcs=10):
    generator = np.random.default_rng(4)
    counts = np.ones((1, heads, LENGTH), dtype=int)
    counts[0, 0, arcs - 1 :] = 0  # too few arcs
    return Columns(generator.gamma(0.5, size=(1, heads, LENGTH)), counts, 0.1)


def test_the_overlap_is_that_of_the_draws():
    """Exact against 200,000 residues drawn: the standard error of the share is below 0.001."""
    drawn = draw_sites(CODES, np.bincount(CODES[SITE], minlength=4), 40_000, 1).members
    assert null_overlap(CODES, SITE) == pytest.approx(np.isin(drawn, SITE).mean(), abs=0.003)
    assert null_overlap(CODES, SITE) == pytest.approx((9 + 4 + 1) / 30 / 6)
    assert null_overlap(np.zeros(LENGTH, dtype=int), SITE) == pytest.approx(6 / LENGTH)
    assert null_overlap(CODES, np.arange(30)) == 1


@pytest.mark.parametrize("heads", [1, 7, 120, 660, 5000])
@pytest.mark.parametrize("draws", [10, 100, 2000, 20_000, 26_400])
def test_how_many_draws_may_reach_a_head_that_passes_alone(heads, draws):
    """As many as the q of the scores says: one more and it fails."""
    p = np.ones(heads)
    most = most_reaching(heads, draws, 0.05)
    for reaching, passes in ((most, True), (most + 1, False)):
        if reaching >= 0:
            p[0] = (1 + reaching) / (1 + draws)
            assert (benjamini_hochberg(p)[0] < 0.05) == passes
    assert most >= -1
    assert most_reaching(0, draws, 0.05) == -1


def test_a_head_passes_just_above_what_is_needed_and_not_just_below():
    columns = made()
    needed = needed_by_residues(columns, SITE, CODES, DRAWS, 0)
    weights = columns.weights[0]
    standard = standardise(weights, SITE, CODES, columns.arcs[0].sum(axis=1))
    sites = draw_sites(CODES, np.bincount(CODES[SITE], minlength=4), DRAWS, 0)
    assert np.isnan(needed.enrichment[0])  # not tested
    assert (needed.n_tested, needed.n_able, needed.enough) == (6, 6, True)
    for head in range(1, 7):
        for factor, passes in ((1 + 1e-4, True), (1 - 1e-4, False)):
            observed = needed.enrichment * standard.mu * factor
            p = np.where(np.arange(7) == head, exceedance_p(weights, np.nan_to_num(observed), sites), 1.0)
            assert (benjamini_hochberg(p[standard.tested])[head - 1] < 0.05) == passes
    assert needed.median == pytest.approx(np.median(needed.enrichment[1:]))
    assert needed.quartiles == pytest.approx(tuple(np.percentile(needed.enrichment[1:], [25, 75])))


def test_the_scores_of_all_heads_agree():
    """A head passes alone in the scores exactly where its enrichment is above what is needed."""
    columns = made(heads=40, arcs=LENGTH + 1)
    needed = needed_by_residues(columns, SITE, CODES, DRAWS, 0)
    frame = score_heads(columns, SITE, "matched", CODES, DRAWS).frame
    alone = frame["p_value"].to_numpy() * needed.n_tested < 0.05
    np.testing.assert_array_equal(alone, frame["enrichment"].to_numpy() > np.nan_to_num(needed.enrichment, nan=np.inf))
    raised = columns.weights.copy()
    raised[0, 5, SITE] *= 40
    raised = Columns(raised, columns.arcs, 0.1)
    needed, frame = needed_by_residues(raised, SITE, CODES, DRAWS, 0), score_heads(raised, SITE, "matched", CODES, DRAWS).frame
    assert frame["q_value"][5] < 0.05
    assert frame["enrichment"][5] > needed.enrichment[5]


def test_draws_that_are_too_few_and_heads_that_cannot_pass():
    columns = made()
    few = needed_by_residues(columns, SITE, CODES, 50, 0)
    assert (few.enough, few.n_able, few.n_tested) == (False, 0, 6)
    assert np.isnan(few.median)
    assert np.isnan(few.quartiles).all()
    # All attention on one residue: half of the draws hold it, and nothing weighs more.
    weights = np.zeros((1, 2, LENGTH))
    weights[0, :, 3] = 1
    alone = needed_by_residues(Columns(weights, np.ones((1, 2, LENGTH), dtype=int), 0.1), np.arange(15), CODES, DRAWS, 0)
    assert (alone.enough, alone.n_able, alone.n_tested) == (True, 0, 2)


@pytest.mark.parametrize("site", [SITE, np.array([3, 5, 6, 9])])
def test_among_places_a_head_passes_just_above_what_is_needed(site):
    """For pockets by the rule of the rank, p from the count of places; for stretches by the fitted tail, within 1e-6."""
    positions = np.random.default_rng(3).uniform(0, 30, size=(LENGTH, 3))
    columns = made()
    rank = rank_site(columns, site, CODES, positions)
    needed = needed_among_places(columns, site, CODES, rank)
    standard = standardise(columns.weights[0], site, CODES)
    assert needed.n_tested == rank.tested.sum() == 6
    able = np.isfinite(needed.enrichment)
    assert able.any()
    np.testing.assert_allclose(needed.enrichment[able], ((standard.mu + rank.needed_snr * standard.sigma) / standard.mu)[able])
    if rank.kind == "stretch":
        snr = standardised_sites(columns.weights[0], CODES, shifted_stretches(site, LENGTH)).astype(float)
        for head in range(1, 7):
            skewness = max(stats.skew(snr[head]), 0.05)
            tail = stats.pearson3(skewness, snr[head].mean(), snr[head].std()).sf(rank.needed_snr[head])
            assert 0.02 < tail * 6 < 0.05 + 1e-7  # below 0.05 where else some head would pass at 5 % of the places or more
    else:
        places = pockets_like(site, positions)
        snr = standardised_sites(columns.weights[0], CODES, places)
        for head in range(1, 7):
            reaching = {bar: (snr[head] >= rank.needed_snr[head] + bar - 1e-4).sum() for bar in (1e-4, -1e-3)}
            p = {bar: (1 + count) / (1 + len(places)) for bar, count in reaching.items()}
            assert p[1e-4] * 6 < 0.05
            assert p[-1e-3] * 6 > 0.02
    assert 0 < rank.overlap < 0.5
