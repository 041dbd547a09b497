"""Value-weighted columns against a naive loop over the arcs."""

import numpy as np
import pytest

from allo_core.attention.columns import Columns
from allo_core.attention.scores import score_heads
from allo_core.attention.value_weighted import value_factors

LENGTH = 40


@pytest.fixture
def made():
    random = np.random.default_rng(4)
    maps = random.dirichlet(np.full(LENGTH, 0.3), size=(2, 3, LENGTH))
    return maps, random.uniform(0.2, 9, size=(2, 3, LENGTH))


def test_factors_against_a_loop(made):
    maps, norms = made
    factors = value_factors(maps.sum(axis=-2), norms)
    for where in np.ndindex(2, 3):
        arcs = [[maps[where][i, j] * norms[where][j] for j in range(LENGTH)] for i in range(LENGTH)]
        mean = sum(map(sum, arcs)) / LENGTH
        np.testing.assert_allclose(maps[where] * factors[where], np.array(arcs) / mean, rtol=1e-12)
        assert (maps[where] * factors[where]).sum() == pytest.approx(LENGTH)


def test_equal_norms_leave_attention_whose_rows_sum_to_one(made):
    maps, _ = made
    np.testing.assert_allclose(value_factors(maps.sum(axis=-2), np.full((2, 3, LENGTH), 7.0)), 1, rtol=1e-12)


def test_scores_do_not_depend_on_the_division(made):
    maps, norms = made
    received = maps.sum(axis=-2)
    arcs = np.full(received.shape, LENGTH)
    tables = [
        score_heads(Columns(weights, arcs, 0.0), range(5, 17), draws=500).frame
        for weights in (received * norms, received * value_factors(received, norms))
    ]
    for name in ("impact", "enrichment", "snr", "p_value", "q_value"):
        np.testing.assert_allclose(tables[0][name], tables[1][name], rtol=1e-9)
    assert (tables[0]["flags"] == tables[1]["flags"]).all()


def test_a_head_that_gives_nothing(made):
    maps, norms = made
    norms[1, 2] = 0
    factors = value_factors(maps.sum(axis=-2), norms)
    assert not factors[1, 2].any()
    assert factors[:, :2].all()
