import numpy as np
import pytest
import scipy.stats

from allo_core.attention import scores as scores_module
from allo_core.attention.columns import Columns, columns
from allo_core.attention.control import CONTROL_SITES
from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import FEWEST_ARCS, encode_strata
from allo_core.attention.scores import COLUMN_SINK, FEW_ARCS, FEW_RESIDUES, score_heads
from allo_core.errors import ScoreError
from tests.runs.attention_runs import random_attention, residues_of

SITES = [3, 7, 8, 20]
STRATA = np.arange(40) // 8
FRAME = [
    "layer",
    "head",
    "impact",
    "impact_count",
    "impact_arcs",
    "enrichment",
    "snr",
    "p_value",
    "q_value",
    "n_arcs",
    "residues_hit",
    "flags",
]


@pytest.fixture(scope="module")
def maps():
    return residues_of(random_attention(3, 4, 42))


@pytest.fixture(scope="module")
def cols(maps):
    return columns(maps, 0.1)


def test_every_score_follows_its_formula(maps, cols):
    scores = score_heads(cols, SITES)
    assert list(scores.frame.columns)[: len(FRAME)] == FRAME
    assert len(scores.frame) == 12
    assert (scores.frame["attention_on_site"] > 0).sum() > 6
    for row in scores.frame.itertuples():
        attention = maps[row.layer, row.head].astype(float)
        above = maps[row.layer, row.head] > np.float32(0.1)
        received = (attention * above).sum(axis=0)
        on_site = received[SITES].sum()
        assert row.n_arcs == above.sum()
        assert row.residues_hit == (received[SITES] > 0).sum()
        expected = {
            "attention_on_site": on_site,
            "impact": on_site / received.sum(),
            "impact_count": on_site / above.sum(),
            "impact_arcs": above[:, SITES].sum() / above.sum(),
            "expected": 4 * received.mean(),
            "enrichment": on_site / (4 * received.mean()),
            "snr": (on_site - 4 * received.mean()) / np.sqrt(4 * received.var() * 36 / 39),
        }
        for name, value in expected.items():
            assert getattr(row, name) == pytest.approx(value, abs=1e-9), name


def test_results_say_what_they_are(cols):
    scores = score_heads(cols, [20, 3, 3, 8, 7], "matched", STRATA, draws=500, seed=4)
    assert scores.sites == (3, 7, 8, 20)
    assert (scores.n_sites, scores.null, scores.draws, scores.seed, scores.threshold) == (4, "matched", 500, 4, 0.1)
    assert scores.grid("snr").shape == (3, 4)
    assert scores.grid("layer")[2, 1] == 2
    assert scores.grid("head")[2, 1] == 1
    assert scores.grid("snr")[1, 2] == scores.frame.query("layer == 1 and head == 2")["snr"].item()


def test_q_is_over_tested_heads_and_p_is_1_without_attention_on_the_site():
    weights = np.random.default_rng(0).lognormal(size=(2, 30, 50))
    weights[0, :5, SITES] = 0
    arcs = np.ones((2, 30, 50), dtype=int)
    arcs[1, :7] = 0
    arcs[1, :7, :9] = 1  # nine arcs: not tested
    frame = score_heads(Columns(weights, arcs), SITES).frame
    p, tested = frame["p_value"].to_numpy(), (frame["n_arcs"] >= 10).to_numpy()
    assert tested.sum() == 53
    assert np.isnan(p[:5]).all()
    assert np.isfinite(p[5:]).all()
    q = scipy.stats.false_discovery_control(np.where(np.isnan(p), 1, p)[tested])
    np.testing.assert_allclose(frame["q_value"].to_numpy()[tested][5:], q[5:], rtol=1e-12)
    assert frame["q_value"][:5].isna().all()
    assert frame["q_value"].to_numpy()[~tested].size == 7
    assert np.isnan(frame["q_value"].to_numpy()[~tested]).all()


def test_a_head_that_looks_at_the_site_passes():
    weights = np.random.default_rng(0).lognormal(size=(1, 40, 100))
    weights[0, 11, SITES] *= 200
    columns_ = Columns(weights, np.ones(weights.shape, dtype=int))
    scores = score_heads(columns_, SITES)
    assert scores.passing()["head"].tolist() == [11]
    assert scores.smallest_q == pytest.approx(40 / 20_001)
    assert scores.frame["q_value"].min() >= scores.smallest_q
    control = scores.control
    assert control.n_sites == 200
    assert control.median <= 1
    assert control.median <= control.percentile_95 <= 40


def test_matched_takes_the_level_of_the_strata_away():
    """Columns that only depend on the stratum: enriched against all residues, not against the same strata."""
    generator = np.random.default_rng(0)
    weights = (1 + 9 * (STRATA == 0)) * generator.uniform(0.9, 1.1, (1, 12, 40))
    cols = Columns(weights, np.ones(weights.shape, dtype=int))
    sites = [0, 1, 2]
    uniform, matched = score_heads(cols, sites), score_heads(cols, sites, "matched", STRATA)
    assert (uniform.frame["enrichment"] > 3).all()
    assert (uniform.frame["p_value"] < 0.02).all()
    np.testing.assert_allclose(matched.frame["enrichment"], 1, atol=0.1)
    assert matched.frame["p_value"].median() > 0.1


def test_one_stratum_is_the_uniform_null(cols):
    uniform, matched = score_heads(cols, SITES), score_heads(cols, SITES, "matched", ["all"] * 40)
    for name in ("expected", "snr", "p_value", "q_value"):
        np.testing.assert_array_equal(uniform.grid(name), matched.grid(name))


def test_published_gives_no_p(cols):
    scores = score_heads(cols, SITES, "published")
    assert scores.frame["snr"].notna().any()
    assert scores.frame[["p_value", "q_value"]].isna().all(axis=None)
    assert scores.draws == 0
    assert np.isnan(scores.smallest_q)
    assert scores.passing().empty
    assert scores.control is None


@pytest.mark.parametrize("null", ["uniform", "matched"])
def test_the_control_scores_random_sites_of_the_same_draws(cols, null):
    """Each of the first 200 draws, scored by hand against the others."""
    scores = score_heads(cols, SITES, null, STRATA, draws=700, seed=3)
    codes = encode_strata(STRATA if null == "matched" else None, 40)
    sites = draw_sites(codes, np.bincount(codes[SITES], minlength=codes.max() + 1), 700, 3)
    weighed = sites.weigh(cols.weights.reshape(-1, 40))
    tested = scores.frame["n_arcs"].to_numpy() >= FEWEST_ARCS
    passing = []
    for at in range(CONTROL_SITES):
        p = np.array([(head >= head[at] * (1 - 1e-6)).sum() / 700 for head in weighed])
        passing.append((scipy.stats.false_discovery_control(p[tested]) < 0.05).sum())
    assert scores.control == (np.median(passing), pytest.approx(np.percentile(passing, 95)), CONTROL_SITES)


def test_scores_and_control_prepare_once(cols, monkeypatch):
    counted = {"standardise": 0, "draw_sites": 0, "codes_of": 0}
    for name in counted:
        whole = getattr(scores_module, name)

        def count(*arguments, name=name, whole=whole):
            counted[name] += 1
            return whole(*arguments)

        monkeypatch.setattr(scores_module, name, count)
    scores = score_heads(cols, SITES)
    assert scores.control is scores.control is not None
    # The control asks for the same draws once more instead of holding them; they come from the cache of draws.
    assert counted == {"standardise": 1, "draw_sites": 2, "codes_of": 1}


def test_the_best_head_is_the_most_enriched_without_a_flag():
    weights = np.random.default_rng(0).uniform(0.9, 1.1, (2, 3, 40))
    weights[1, 0, SITES] *= 3
    weights[1, 2, SITES[0]] *= 20  # more, but on one residue
    scores = score_heads(Columns(weights, np.ones(weights.shape, dtype=int)), SITES)
    assert scores.frame["enrichment"].idxmax() == 5
    assert scores.frame["flags"][5] == FEW_RESIDUES
    assert scores.best_head() == (1, 0)


def test_without_scores_the_best_head_has_most_arcs(cols):
    scores = score_heads(cols, range(40))
    assert scores.frame["enrichment"].isna().all()
    assert scores.best_head() == np.unravel_index(cols.arcs.sum(axis=-1).argmax(), (3, 4))


def test_without_attention_or_spread_scores_are_nan():
    weights = np.random.default_rng(0).lognormal(size=(1, 3, 40))
    weights[0, 0, SITES] = 0
    weights[0, 1] = 0.1
    weights[0, 2] = 0
    frame = score_heads(Columns(weights, (weights > 0) * 5), SITES).frame
    assert frame[["enrichment", "snr", "p_value", "q_value"]].isna().all(axis=None)
    assert frame["impact"][0] == 0
    assert frame["impact"][1] == pytest.approx(4 / 40)
    assert np.isnan(frame["impact"][2])
    assert np.isnan(frame["impact_count"][2])


@pytest.mark.parametrize("null", ["uniform", "matched", "published"])
def test_everything_marked_leaves_nothing_to_compare_with(cols, null):
    scores = score_heads(cols, range(40), null, STRATA)
    assert scores.frame[["enrichment", "snr", "p_value", "q_value"]].isna().all(axis=None)
    np.testing.assert_allclose(scores.frame["impact"], 1)
    assert np.isnan(scores.smallest_q)
    if null != "published":
        assert scores.control == (0, 0, 0)


def test_threshold_0_has_no_arcs_to_divide_by(maps):
    frame = score_heads(columns(maps, 0), SITES).frame
    assert frame[["impact_count", "impact_arcs"]].isna().all(axis=None)
    assert frame[["impact", "snr", "p_value", "q_value"]].notna().all(axis=None)
    assert (frame["n_arcs"] == 40 * 40).all()


def test_coupling_is_the_score_of_some_queries(maps):
    frame = score_heads(columns(maps, 0, queries=[0, 5]), SITES).frame
    np.testing.assert_allclose(frame["attention_on_site"], maps[:, :, [0, 5]][..., SITES].sum(axis=(2, 3)).ravel(), rtol=1e-6)


def test_flags_say_why():
    weights, arcs = np.full((1, 6, 40), 0.5), np.full((1, 6, 40), 1)
    arcs[0, 1], arcs[0, 1, :9] = 0, 1  # 9 arcs
    weights[0, 2, SITES[:2]] = 0  # 2 marked residues hit
    weights[0, 3, SITES] = [6.1, 1.3, 1.3, 1.3]  # one carries 61 %
    weights[0, 4, [0, 1]] = 9.5  # both together as much as all others
    weights[0, 5, :] = 0
    arcs[0, 5, :] = 0
    flags = score_heads(Columns(weights, arcs), SITES).frame["flags"].tolist()
    assert flags == ["", FEW_ARCS, FEW_RESIDUES, FEW_RESIDUES, COLUMN_SINK, f"{FEW_ARCS}; {FEW_RESIDUES}"]


def test_flags_at_the_border():
    weights, arcs = np.full((1, 2, 40), 0.5), np.full((1, 2, 40), 1)
    arcs[0, 0], arcs[0, 0, :10] = 0, 1  # 10 arcs are enough
    weights[0, 1, [0, 1]] = 9.49  # just less than all others
    assert score_heads(Columns(weights, arcs), SITES).frame["flags"].tolist() == ["", ""]


def test_the_same_seed_gives_the_same_p(cols):
    first, again, other = (score_heads(cols, SITES, seed=seed).grid("p_value") for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_allclose(first, other, atol=0.02)


def test_a_single_residue_protein_does_not_crash():
    scores = score_heads(Columns(np.ones((1, 2, 1)), np.ones((1, 2, 1), dtype=int)), [0])
    assert scores.frame["p_value"].isna().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sites": []}, "mark at least one residue"),
        ({"sites": [40]}, "site index 40 does not exist; indices run from 0 to 39"),
        ({"sites": [-1]}, "site index -1 does not exist"),
        ({"sites": SITES, "null": "normal"}, "null 'normal' is unknown; choose one of uniform, matched, pocket, published"),
        ({"sites": SITES, "null": "matched"}, "needs a stratum for each residue"),
        ({"sites": SITES, "null": "matched", "strata": [0] * 39}, "39 strata for 40 residues"),
        ({"sites": SITES, "draws": 0}, "0 random draws give no p value; use 1 to 1,000,000"),
        ({"sites": SITES, "draws": -5}, "-5 random draws"),
        ({"sites": SITES, "draws": 1_000_001}, "1000001 random draws are too many; use 1 to 1,000,000"),
    ],
)
def test_settings_without_a_score(cols, arguments, message):
    with pytest.raises(ScoreError, match=message) as error:
        score_heads(cols, **arguments)
    assert "\n" not in str(error.value)


def test_columns_of_one_map_have_no_layers(maps):
    with pytest.raises(ScoreError, match=r"\(layers, heads, L\), not \(40,\)"):
        score_heads(columns(maps[0, 0], 0.3), SITES)
