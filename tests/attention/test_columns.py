import numpy as np
import pytest
import torch

from allo_core.attention.columns import Columns, columns
from allo_core.errors import ScoreError


def by_loops(attention: np.ndarray, threshold: float, queries: range) -> tuple[np.ndarray, np.ndarray]:
    weights, arcs = np.zeros(attention.shape[0]), np.zeros(attention.shape[0], dtype=int)
    for i in queries:
        for j in range(attention.shape[0]):
            if attention[i, j] > np.float32(threshold):
                weights[j] += float(attention[i, j])
                arcs[j] += 1
    return weights, arcs


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.95])
def test_columns_follow_the_definition(seed, threshold):
    attention = np.random.default_rng(seed).dirichlet(np.full(9, 0.03), size=9).astype(np.float32)
    got = columns(attention, threshold)
    weights, arcs = by_loops(attention, threshold, range(9))
    assert arcs.sum() > 0
    np.testing.assert_allclose(got.weights, weights, atol=1e-12)
    np.testing.assert_array_equal(got.arcs, arcs)
    assert got.weights.dtype == np.float64


def test_queries_are_the_rows_that_count():
    attention = np.random.default_rng(0).dirichlet(np.full(9, 0.2), size=9).astype(np.float32)
    weights, arcs = by_loops(attention, 0.2, [2, 7])
    got = columns(attention, 0.2, queries=[7, 2, 2])
    np.testing.assert_allclose(got.weights, weights, atol=1e-12)
    np.testing.assert_array_equal(got.arcs, arcs)


def test_threshold_0_is_the_column_sum_and_every_query_an_arc():
    attention = np.random.default_rng(0).random((2, 3, 5, 5))
    got = columns(attention, 0)
    np.testing.assert_allclose(got.weights, attention.sum(axis=-2), atol=1e-12)
    assert (got.arcs == 5).all()
    assert (columns(attention, 0, queries=[1, 3]).arcs == 2).all()


def test_the_threshold_itself_is_not_above_it_in_the_precision_of_the_maps():
    just_reached = np.full((2, 2), 0.3, dtype=np.float32)
    assert columns(just_reached, 0.3).arcs.sum() == 0
    assert columns(just_reached, np.float64(0.3)).arcs.sum() == 0


def test_tensors_and_half_precision_are_taken():
    attention = torch.softmax(torch.randn(2, 6, 6, generator=torch.Generator().manual_seed(0)), dim=-1)
    np.testing.assert_allclose(columns(attention, 0.2).weights, columns(attention.numpy(), 0.2).weights)
    assert columns(attention.half(), 0.2).weights.dtype == np.float64


@pytest.mark.parametrize("threshold", [-0.1, 0.96, 1, float("nan"), float("inf")])
def test_a_threshold_outside_0_to_095_is_named(threshold):
    with pytest.raises(ScoreError, match=f"threshold {threshold:g} is not possible; choose from 0 to 0.95"):
        columns(np.eye(3), threshold)


@pytest.mark.parametrize("shape", [(3,), (3, 4), (0, 0)])
def test_maps_must_be_square(shape):
    with pytest.raises(ScoreError, match="square"):
        columns(np.zeros(shape), 0.3)


@pytest.mark.parametrize(
    ("queries", "message"), [([], "give at least one"), ([3], "index 3 does not exist"), ([-1], "index -1"), ([0.5], "whole number")]
)
def test_queries_that_do_not_exist(queries, message):
    with pytest.raises(ScoreError, match=message):
        columns(np.eye(3), 0.3, queries)


def test_columns_of_different_shapes_do_not_belong_together():
    with pytest.raises(ScoreError, match=r"\(2,\).*\(3,\)"):
        Columns(np.zeros(2), np.zeros(3, dtype=int))
