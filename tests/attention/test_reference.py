"""Real ESM-2 650M attention of an ADRB2 construct, and the numbers that were published for it (shared/data/README.md, at the end)."""

from pathlib import Path

import numpy as np
import pytest

from allo_core.attention.columns import columns
from allo_core.attention.draws import draw_sites
from allo_core.attention.nulls import exceedance_p
from allo_core.attention.scores import FEW_ARCS, score_heads

HEADS = [(6, 2), (8, 1), (29, 15)]


@pytest.fixture(scope="module")
def reference():
    path = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "esm2_650m_adrb2_365_heads.npz"
    if not path.is_file():
        pytest.skip("the reference data (shared, beside the repository) is not at hand")
    with np.load(path) as data:
        stored = dict(data)
    order = [stored["heads"].tolist().index(list(head)) for head in HEADS]
    stored["attention"] = stored["attention"][order].astype(np.float32)
    stored["published_snr"] = stored["published_snr"][order]
    return stored


@pytest.fixture(scope="module")
def residue_maps(reference):
    """One layer of three heads, BOS and EOS cut off."""
    return reference["attention"][None, :, 1:-1, 1:-1]


def test_the_published_numbers_come_from_the_column_before_each_site(reference):
    """Maps of tokens, indexed by residue number minus 1: position p - 1 of [BOS, residues, EOS] is residue p - 1."""
    scores = score_heads(columns(reference["attention"][None], 0.3), reference["sites_1based"] - 1, "published")
    np.testing.assert_allclose(scores.frame["snr"], [2.579, 2.047, 5.074], atol=1e-3)
    # 1000 draws of the published scripts: close for heads with many arcs, noisy for the one with three.
    np.testing.assert_allclose(scores.frame["snr"][:2], reference["published_snr"][:2], atol=0.05)
    np.testing.assert_allclose(scores.frame["snr"][2], reference["published_snr"][2], atol=0.5)


def test_on_residues_two_of_the_three_heads_are_not_sensitive(reference, residue_maps):
    scores = score_heads(columns(residue_maps, 0.3), reference["sites_1based"] - 1, "published")
    np.testing.assert_allclose(scores.frame["snr"], [0.880, 0.219, 5.059], atol=1e-3)


def test_the_third_rests_on_three_arcs(reference, residue_maps):
    scores = score_heads(columns(residue_maps, 0.3), reference["sites_1based"] - 1)
    assert scores.frame["n_arcs"][2] == 3
    assert FEW_ARCS in scores.frame["flags"][2]
    assert np.isnan(scores.frame["q_value"][2])
    assert (scores.frame["p_value"][:2] > 0.05).all()


@pytest.mark.parametrize("size", [3, 16, 57])
@pytest.mark.parametrize("threshold", [0, 0.05, 0.3])
@pytest.mark.parametrize("matched", [False, True])
def test_random_sites_are_not_rejected_too_often(residue_maps, size, threshold, matched):
    """P(p <= a) <= a + 3 standard errors over 2000 random sites of the same kind; at threshold 0, without ties, P is not lower either."""
    weights = columns(residue_maps[0], threshold).weights
    length = weights.shape[1]
    codes = np.arange(length) * 6 // length if matched else np.zeros(length, dtype=int)
    counts = np.bincount(np.arange(size) % 6, minlength=6) if matched else np.array([size])
    null = draw_sites(codes, counts, 20_000, 0)
    sites = draw_sites(codes, counts, 2000, 1).members.astype(int)
    p = np.array([exceedance_p(weights, weights[:, site].sum(axis=1), null) for site in sites])
    for level in (0.01, 0.05, 0.1):
        error = 3 * np.sqrt(level * (1 - level) / len(sites))
        rejected = (p <= level).mean(axis=0)
        assert (rejected <= level + error).all()
        if threshold == 0:
            assert (rejected >= level - error).all()
