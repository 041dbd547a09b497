"""Jensen-Shannon divergence of rows against scipy, and the part of it that some columns make against its definition."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from allo_core.attention.divergence import divergence_at, row_divergence


def rows(generator, sharpness, shape=(3, 2, 40, 42), dtype=np.float32):
    return generator.dirichlet(np.full(shape[-1], sharpness), shape[:-1]).astype(dtype)


@pytest.mark.parametrize("sharpness", [0.02, 0.3, 5.0])
def test_it_is_scipys_squared(sharpness):
    generator = np.random.default_rng(3)
    first, second = rows(generator, sharpness), rows(generator, sharpness)
    expected = jensenshannon(first.astype(float), second.astype(float), axis=-1, base=2) ** 2
    found = row_divergence(first, second)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("noise", [1e-1, 1e-3, 1e-5])
def test_nearly_alike_rows_lose_nothing(noise):
    """In double precision the relative error stays below 1e-6 where the difference of entropies would lose all digits."""
    generator = np.random.default_rng(4)
    first = rows(generator, 0.5, (20, 50), np.float64)
    second = first * np.exp(noise * generator.standard_normal(first.shape))
    second /= second.sum(axis=-1, keepdims=True)
    middle = (first + second) / 2
    parts = first * np.log1p((first - second) / (2 * middle)) + second * np.log1p((second - first) / (2 * middle))
    np.testing.assert_allclose(row_divergence(first, second), parts.sum(axis=-1) / (2 * np.log(2)), rtol=1e-5)


def test_alike_is_0_and_apart_is_1():
    first = np.eye(5, dtype=np.float32)[None]
    assert row_divergence(first, first).tolist() == [[0.0] * 5]
    np.testing.assert_allclose(row_divergence(first, np.roll(first, 1, axis=2)), 1, atol=1e-6)


def test_special_tokens_count_as_columns():
    """Rows that differ in what they give to special tokens alone are not alike."""
    first, second = np.array([[[0.5, 0.3, 0.2]]]), np.array([[[0.2, 0.3, 0.5]]])
    expected = jensenshannon(first[0, 0], second[0, 0], base=2) ** 2
    assert row_divergence(first, second)[0, 0] == pytest.approx(expected, abs=1e-12)


def test_the_part_of_some_columns_is_that_of_the_rest_put_together():
    generator = np.random.default_rng(5)
    first, second = rows(generator, 0.3, dtype=np.float64), rows(generator, 0.3, dtype=np.float64)
    chosen = np.array([4, 17])
    together = [np.concatenate([a[..., chosen], 1 - a[..., chosen].sum(-1, keepdims=True)], axis=-1) for a in (first, second)]
    expected = jensenshannon(*together, axis=-1, base=2) ** 2
    found = divergence_at(first, second, chosen)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert (found <= row_divergence(first, second) + 1e-12).all()


def test_it_is_all_of_it_where_the_others_keep_their_ratios():
    generator = np.random.default_rng(6)
    first = rows(generator, 0.5, (30, 40), np.float64)
    second = first.copy()
    second[:, 7] *= 0.1
    second /= second.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(divergence_at(first, second, np.array([7])), row_divergence(first, second), atol=1e-12)
