"""The features against their definitions, written out residue by residue."""

import numpy as np
import pytest

from allo_core.library.receptors import find_receptor
from allo_core.prediction.examples import OrthostericSite
from allo_core.prediction.features import HEAD_FEATURES, head_features
from tests.runs.attention_runs import random_attention, residues_of, run_meta, write_run

PART = find_receptor("AA2AR").protein.crop(40, 69)
NUMBERS = find_receptor("AA2AR").numbers.crop(39, 69)
SITE = OrthostericSite((3, 10, 11), "made up")
HEADS = ((0, 1), (2, 3), (1, 0))


@pytest.fixture
def attention():
    return random_attention(3, 4, 32)


@pytest.fixture
def maps(attention):
    return write_run(run_meta(30, 3, 4, sequence=PART.sequence), attention)


def test_against_the_definitions(maps, attention):
    found = head_features(maps, HEADS, NUMBERS, SITE)
    assert found.shape == (30, 3, 4)
    assert len(HEAD_FEATURES) == 4
    strata, site = NUMBERS.strata(), list(SITE.residues)
    assert len(set(strata)) > 2
    for at, (layer, head) in enumerate(HEADS):
        a = residues_of(attention)[layer, head].astype(np.float64)
        c = a.sum(axis=0)
        for j in range(30):
            same = [k for k in range(30) if strata[k] == strata[j]]
            given = [a[k, site].sum() for k in range(30)]
            ratios = (
                c[j] / c.mean(),
                c[j] / np.mean([c[k] for k in same]),
                given[j] / np.mean(given),
                a[site, j].sum() / (c[j] * len(site) / 30),
            )
            # The exchange is read from float16 maps.
            np.testing.assert_allclose(found[j, at], np.log2(np.maximum(ratios, 0.01)), rtol=1e-3, atol=2e-3)


def test_what_is_not_known_is_missing_for_all_residues(maps):
    known = head_features(maps, HEADS, NUMBERS, SITE)
    without = head_features(maps, HEADS, None, None)
    assert np.isnan(without[:, :, 1:]).all()
    np.testing.assert_array_equal(without[:, :, 0], known[:, :, 0])
    assert np.isfinite(known).all()


def test_what_a_head_hardly_looks_at_counts_as_a_hundredth():
    attention = random_attention(1, 1, 32)
    attention[0, 0, :, 5] = 0  # token 5 is residue 4
    attention[0, 0, :, 6] *= 1e-5
    found = head_features(write_run(run_meta(30, 1, 1), attention), ((0, 0),), None, OrthostericSite((4,), "made up"))
    assert found[4, 0, 0] == found[5, 0, 0] == pytest.approx(np.log2(0.01))
    assert (found[:, 0, 2] == 0).all()  # nothing is given to the site, and nothing was expected
    assert found[4, 0, 3] == 0
    assert np.isfinite(found[:, 0, [0, 2, 3]]).all()
