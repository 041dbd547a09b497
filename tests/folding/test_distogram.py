"""From probabilities over bins to distances, against scipy and counting."""

import numpy as np
import pytest
from scipy.stats import norm

from allo_core.errors import FoldError
from allo_core.folding.distogram import beyond_last_edge, distogram_distances

EDGES = np.array([0.0, 4, 6, 10, np.inf])


def softmax(logits):
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def symmetric(length, bins, seed=0):
    logits = np.random.default_rng(seed).normal(size=(length, length, bins)) * 2
    return softmax(logits + logits.transpose(1, 0, 2))


def sure(length, where):
    probabilities = np.zeros((length, length, len(EDGES) - 1))
    probabilities[..., where] = 1
    return probabilities


def test_it_is_the_mean_of_a_mixture_of_even_bins():
    probabilities = symmetric(5, 4)
    centre, spread, weights = distogram_distances(probabilities, EDGES)
    generator = np.random.default_rng(1)
    for at, other in ((0, 1), (3, 2), (4, 0)):
        within = probabilities[at, other, :3] / probabilities[at, other, :3].sum()
        where = generator.choice(3, size=400_000, p=within)
        drawn = generator.uniform(EDGES[where], EDGES[where + 1])
        assert centre[at, other] == pytest.approx(drawn.mean(), abs=0.03)
        assert spread[at, other] == pytest.approx(drawn.std(), abs=0.03)
        known = 1 - probabilities[at, other, 3]
        assert weights[at, other] == pytest.approx(known / spread[at, other] ** 2 if known >= 0.9 else 0)
    assert 0 < (weights > 0).mean() < 0.8
    for values in (centre, spread, weights, beyond_last_edge(probabilities, EDGES)):
        assert (values == values.T).all()
        assert (np.diagonal(values) == 0).all()


def test_a_narrow_normal_distance_is_found_again():
    edges = np.append(np.arange(2, 40.5, 0.5), np.inf)
    true = np.array([[0, 11.3, 25], [11.3, 0, 18.2], [25, 18.2, 0]])
    probabilities = np.diff(norm.cdf(edges, true[..., None], 1.5), axis=-1)
    probabilities[..., 0] += norm.cdf(2.0, true, 1.5)
    centre, spread, _ = distogram_distances(probabilities.astype(np.float16), edges)
    off = ~np.eye(3, dtype=bool)
    assert centre[off] == pytest.approx(true[off], abs=0.02)
    assert spread[off] == pytest.approx(1.5, abs=0.03)


def test_a_sure_bin_spreads_over_its_width():
    centre, spread, weights = distogram_distances(sure(3, 2), EDGES)
    assert centre[0, 1] == 8
    assert spread[0, 1] == pytest.approx(4 / np.sqrt(12))
    assert weights[0, 1] == pytest.approx(12 / 4**2)


def test_a_pair_that_may_be_farther_has_no_weight():
    probabilities = sure(2, 0)
    for share, weight in ((0.05, 0.95 * 12 / 4**2), (0.11, 0)):
        probabilities[:] = [1 - share, 0, 0, share]
        centre, spread, weights = distogram_distances(probabilities, EDGES)
        assert weights[0, 1] == pytest.approx(weight)
        assert (centre[0, 1], spread[0, 1]) == pytest.approx((2, 4 / np.sqrt(12)))
        assert beyond_last_edge(probabilities, EDGES)[0, 1] == pytest.approx(share)


def test_what_is_surely_farther_has_no_distance():
    centre, spread, weights = distogram_distances(sure(3, 3), EDGES)
    off = ~np.eye(3, dtype=bool)
    assert np.isnan(centre[off]).all()
    assert np.isnan(spread[off]).all()
    assert not weights.any()
    assert (beyond_last_edge(sure(3, 3), EDGES)[off] == 1).all()


def test_without_a_bin_for_farther_nothing_is_beyond():
    assert not beyond_last_edge(symmetric(4, 3), np.array([0.0, 5, 10, 20])).any()


def test_the_two_directions_are_averaged():
    probabilities = sure(2, 0)
    probabilities[1, 0] = [0, 1, 0, 0]
    centre, _, _ = distogram_distances(probabilities, EDGES)
    assert centre[0, 1] == centre[1, 0] == (2 + 5) / 2


def test_the_diagonal_is_not_read():
    probabilities = symmetric(4, 4)
    expected = distogram_distances(probabilities, EDGES)
    for filler in (0.0, np.nan, -3.0):
        probabilities[np.arange(4), np.arange(4)] = filler
        for found, value in zip(distogram_distances(probabilities, EDGES), expected, strict=True):
            assert (found == value).all()


def test_one_residue():
    assert all((values == 0).all() and values.shape == (1, 1) for values in distogram_distances(sure(1, 0), EDGES))


def test_logits_are_refused_with_the_reason():
    logits = np.random.default_rng(0).normal(size=(4, 4, 4))
    with pytest.raises(FoldError, match=r"pair of residues \(1, 2\) sum to .*, the lowest is -.*no probabilities.*softmax"):
        distogram_distances(logits, EDGES)
    with pytest.raises(FoldError, match="softmax"):
        distogram_distances(np.log(symmetric(4, 4)), EDGES)
    distogram_distances(softmax(logits), EDGES)


@pytest.mark.parametrize("wrong", [[0.5, 0.6, -0.1, 0], [0.5, 0.5, 0.5, 0], [0, 0, 0, 0], [np.nan, 0.5, 0.5, 0], [np.inf, 0, 0, 0]])
def test_one_wrong_pair_is_named(wrong):
    probabilities = symmetric(4, 4)
    probabilities[2, 1] = wrong
    for function in (distogram_distances, beyond_last_edge):
        with pytest.raises(FoldError, match=r"pair of residues \(3, 2\)"):
            function(probabilities, EDGES)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([0, 4, 6, 10], "4 edges for 4 bins; give 5"),
        ([0, 4, 4, 6, 10], "have to rise"),
        ([0, 6, 4, 8, 10], "have to rise"),
        ([-2, 4, 6, 8, 10], "have to rise from 0 Å or more"),
        ([0, 4, 6, np.inf, np.inf], "have to rise"),
        ([0, 4, np.nan, 8, 10], "have to rise"),
    ],
)
def test_other_edges_are_refused(edges, message):
    with pytest.raises(FoldError, match=message):
        distogram_distances(symmetric(3, 4), np.array(edges, dtype=float))


def test_other_shapes_are_refused():
    with pytest.raises(FoldError, match=r"have the shape \(2, 3, 4\); \[residues, residues, bins\]"):
        distogram_distances(np.full((2, 3, 4), 0.25), EDGES)
