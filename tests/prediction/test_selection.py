"""Heads are chosen by how far they exceed the matched null."""

import numpy as np
import pytest

from allo_core.attention.columns import Columns
from allo_core.attention.scores import score_heads
from allo_core.errors import PredictionError
from allo_core.learning.method import StrongestHeads
from allo_core.library.receptors import find_receptor
from allo_core.prediction.selection import sensitivity
from tests.learning.planted import HEADS, PLANTED, examples, received

A2A = find_receptor("AA2AR")
SITES = (51, 90, 279)


def test_the_snr_is_that_of_the_scores():
    weights = np.random.default_rng(0).lognormal(size=(4, 412))
    columns = Columns(weights[None], np.full((1, 4, 412), 412), 0.0)
    matched = score_heads(columns, SITES, "matched", A2A.numbers.strata(), draws=10).frame["snr"]
    uniform = score_heads(columns, SITES, "uniform", draws=10).frame["snr"]
    np.testing.assert_allclose(sensitivity(weights, SITES, A2A.numbers), matched)
    np.testing.assert_allclose(sensitivity(weights, SITES, None), uniform)


def test_a_head_without_spread_is_evidence_for_nothing():
    weights = np.vstack([np.ones(412), np.arange(412.0)])
    assert sensitivity(weights, SITES, None)[0] == 0
    assert sensitivity(weights, SITES, None)[1] != 0


def test_the_head_that_looks_at_the_sites_is_found():
    made = examples(8)
    found = np.array([sensitivity(received(example, seed), example.residues, None) for seed, example in enumerate(made)])
    everyone = tuple(range(len(made)))
    assert StrongestHeads(found, 1)(everyone) == (PLANTED,)
    assert PLANTED in StrongestHeads(found, 3)(everyone)
    nothing = np.array([sensitivity(received(example, seed, 0.0), example.residues, None) for seed, example in enumerate(made)])
    assert found.mean(axis=0)[PLANTED] > 3 * np.abs(nothing.mean(axis=0)).max()


def test_every_receptor_counts_alike_and_the_heads_ascend():
    sensitivities = np.array([[3.0, 0.0, 2.0], [0.0, 0.0, 2.0]])
    assert StrongestHeads(sensitivities, 1)((0, 1)) == (2,)
    assert StrongestHeads(sensitivities, 2)((0, 1)) == (0, 2)
    assert StrongestHeads(sensitivities, 99)((0, 1)) == (0, 1, 2)


@pytest.mark.parametrize(("receptors", "size"), [(0, 1), (2, 0)])
def test_nothing_to_choose_from(receptors, size):
    with pytest.raises(PredictionError, match=rf"{size} heads cannot be chosen from {receptors} receptors"):
        StrongestHeads(np.zeros((receptors, HEADS)), size)(tuple(range(receptors)))
