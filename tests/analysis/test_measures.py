import numpy as np
import pytest

from allo_core.analysis.measures import MEASURES, setting
from allo_core.attention.columns import columns
from allo_core.attention.scores import score_heads
from allo_core.errors import ScoreError

A, B = (1, 4), (7, 8, 9)


def test_what_each_measure_means():
    assert list(MEASURES) == ["A", "B", "AB", "BA"]
    assert setting("A", A, B) == (None, A)
    assert setting("B", A, B) == (None, B)
    assert setting("AB", A, B) == (A, B)
    assert setting("BA", A, B) == (B, A)


def test_coupling_is_what_a_pays_to_b():
    attention = np.random.default_rng(0).dirichlet(np.full(12, 0.3), (2, 3, 12))
    for measure, looking, looked_at in (("AB", A, B), ("BA", B, A), ("B", range(12), B)):
        queries, sites = setting(measure, A, B)
        scores = score_heads(columns(attention, 0.1, queries), sites)
        block = attention[:, :, list(looking)][..., list(looked_at)]
        expected = np.where(block > 0.1, block, 0).sum(axis=(2, 3))
        np.testing.assert_allclose(scores.grid("attention_on_site"), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("measure", "a", "b", "empty"), [("A", (), B, "A"), ("B", A, (), "B"), ("AB", (), B, "A"), ("BA", A, (), "B")])
def test_a_set_that_is_needed_and_empty(measure, a, b, empty):
    with pytest.raises(ScoreError, match=f"Set {empty} is empty.*mark at least one residue for set {empty}") as error:
        setting(measure, a, b)
    assert "\n" not in str(error.value)


def test_a_set_that_is_not_needed_may_be_empty():
    assert setting("A", A, ()) == (None, A)
    assert setting("B", (), B) == (None, B)


@pytest.mark.parametrize("measure", ["", "C", "AA", "ab"])
def test_unknown_measures(measure):
    with pytest.raises(ScoreError, match="is unknown; choose one of A, B, AB, BA"):
        setting(measure, A, B)
