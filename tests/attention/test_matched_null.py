"""How often the nulls call random matched sites significant: AntiBERTy's real attention over AA2AR (docs/nulls.md)."""

import numpy as np
import pytest

from allo_core.attention.columns import Columns
from allo_core.attention.nulls import FEWEST_ARCS, encode_strata, moments
from allo_core.attention.scores import score_heads
from allo_core.library.receptors import find_receptor
from allo_core.library.sites import find_site, site_indices
from allo_core.models.language_model import load_model
from allo_core.runs.extract import extract_attention

SITES, DRAWS, LEVEL = 200, 20_000, 0.05


@pytest.fixture(scope="module")
def receptor():
    return find_receptor("AA2AR")


@pytest.fixture(scope="module")
def columns_at(receptor, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOSCOPE_HOME", str(tmp_path_factory.mktemp("alloscope")))
        maps = extract_attention(load_model("antiberty", device="cpu"), receptor.protein)
        return {threshold: maps.columns(threshold) for threshold in (0, 0.3)}


@pytest.fixture(scope="module")
def pocket(receptor):
    return np.array(site_indices(find_site(receptor, "sodium pocket"), receptor.protein, receptor.numbers))


def matched_sites(receptor, like: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Random sites with as many residues from each stratum as `like`, by sorting random numbers (not as the app draws); (count, n)."""
    codes, generator = encode_strata(receptor.numbers.strata(), len(receptor.protein)), np.random.default_rng(seed)
    parts = []
    for stratum, size in zip(*np.unique(codes[like], return_counts=True), strict=True):
        inside = np.flatnonzero(codes == stratum)
        parts.append(inside[np.argsort(generator.random((count, len(inside))), axis=1)[:, :size]])
    return np.concatenate(parts, axis=1)


def counted_heads(columns: Columns, like: np.ndarray, receptor) -> np.ndarray:
    """Indices of the heads with at least 10 arcs for which sites matched to `like` differ in weight: whatever the single site."""
    weights, arcs = (values.reshape(-1, values.shape[-1]) for values in (columns.weights, columns.arcs))
    codes = encode_strata(receptor.numbers.strata(), len(receptor.protein))
    _, sigma = moments(weights, codes, np.bincount(codes[like], minlength=codes.max() + 1))
    counted = np.flatnonzero((arcs.sum(axis=1) >= FEWEST_ARCS) & (sigma > 0))
    assert len(counted) >= 15
    return counted


def rejected_by_the_app(columns: Columns, heads: np.ndarray, sites: np.ndarray, null: str, strata=None) -> tuple[float, float]:
    """Share of `heads` with p <= 0.05, mean and standard error over sites; one without attention on the site is not rejected."""
    frames = [score_heads(columns, site, null, strata).frame for site in sites]
    return mean_and_error(np.array([(frame["p_value"].to_numpy()[heads] <= LEVEL).mean() for frame in frames]))


def rejected_with_ties_split(columns: Columns, heads: np.ndarray, sites: np.ndarray, draws: np.ndarray) -> tuple[float, float]:
    """The same with ties counted for a random share of themselves, which makes p uniform where the null is right, however few arcs."""
    generator = np.random.default_rng(3)
    rejected = []
    for weights in columns.weights.reshape(-1, columns.weights.shape[-1])[heads]:
        drawn, observed = np.sort(weights[draws].sum(axis=1).round(9)), weights[sites].sum(axis=1).round(9)
        above, at_least = (len(drawn) - np.searchsorted(drawn, observed, side) for side in ("right", "left"))
        p = (above + generator.random(len(sites)) * (1 + at_least - above)) / (1 + len(drawn))
        rejected.append(p <= LEVEL)
    return mean_and_error(np.mean(rejected, axis=0))


def mean_and_error(shares: np.ndarray) -> tuple[float, float]:
    """Heads share the sites, so the error comes from the spread over sites."""
    return shares.mean(), shares.std(ddof=1) / np.sqrt(len(shares))


def test_matched_p_values_reject_5_percent_where_attention_is_dense(receptor, columns_at, pocket):
    """At threshold 0 nothing ties: 5 % within 3 standard errors."""
    heads, sites = counted_heads(columns_at[0], pocket, receptor), matched_sites(receptor, pocket, SITES, seed=11)
    assert len(heads) == 64
    share, error = rejected_by_the_app(columns_at[0], heads, sites, "matched", receptor.numbers.strata())
    assert error < 0.005
    assert abs(share - LEVEL) <= 3 * error


def test_at_the_default_threshold_matched_never_rejects_too_often_and_uniform_does(receptor, columns_at, pocket):
    """Sparse weights tie, and ties count against the head: the matched null rejects less than 5 %, the uniform one still more."""
    heads, sites = counted_heads(columns_at[0.3], pocket, receptor), matched_sites(receptor, pocket, SITES, seed=12)
    share, error = rejected_by_the_app(columns_at[0.3], heads, sites, "matched", receptor.numbers.strata())
    assert 0 < share <= LEVEL + 3 * error
    share, error = rejected_by_the_app(columns_at[0.3], heads, sites, "uniform")
    assert share > LEVEL + 3 * error


@pytest.mark.parametrize("threshold", [0, 0.3])
def test_ties_split_the_matched_null_rejects_5_percent(receptor, columns_at, pocket, threshold):
    heads = counted_heads(columns_at[threshold], pocket, receptor)
    sites, draws = matched_sites(receptor, pocket, SITES, seed=13), matched_sites(receptor, pocket, DRAWS, seed=14)
    share, error = rejected_with_ties_split(columns_at[threshold], heads, sites, draws)
    assert error < 0.006
    assert abs(share - LEVEL) <= 3 * error


def uniform_rejections(receptor, columns: Columns, like: np.ndarray) -> tuple[float, float]:
    """Share rejected by the uniform null among sites matched to `like`, ties split."""
    generator = np.random.default_rng(15)
    draws = np.argsort(generator.random((DRAWS, len(receptor.protein))), axis=1)[:, : len(like)]
    sites = matched_sites(receptor, like, SITES, seed=16)
    return rejected_with_ties_split(columns, counted_heads(columns, like, receptor), sites, draws)


def test_ties_split_the_uniform_null_does_not(receptor, columns_at, pocket):
    """It rejects too often or too seldom, depending on the segments that the site lies in."""
    share, error = uniform_rejections(receptor, columns_at[0.3], pocket)
    assert share > LEVEL + 3 * error
    share, _ = uniform_rejections(receptor, columns_at[0.3], np.flatnonzero(np.array(receptor.numbers.segment) == "TM3")[:16])
    assert share > 0.5
    interface = site_indices(find_site(receptor, "G protein interface"), receptor.protein, receptor.numbers)
    share, error = uniform_rejections(receptor, columns_at[0], np.array(interface))
    assert share < LEVEL - 3 * error
