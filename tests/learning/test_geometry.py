"""Shapes of clouds against brute force and scikit-learn, and in cases whose answer is known."""

import builtins

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from allo_core.errors import PredictionError
from allo_core.learning.geometry import linear_cka, participation_ratio, principal_axes, tsne, two_nn, unbiased_hsic
from allo_core.learning.neighbours import adjusted_rand, clusters_at, cosine_distances, nearest_agrees, neighbour_chance

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 9)) @ RNG.normal(size=(9, 9)) + 5


def brute_hsic(x, y):
    """Song et al. 2012, equation 5, with the kernels written out and not centred."""
    k, l, n = x @ x.T, y @ y.T, len(x)
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    one = np.ones(n)
    return (np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))


def test_hsic_is_that_of_the_kernels():
    y = RNG.normal(size=(60, 4)) + X[:, :4]
    for one, other in ((X, y), (X - X.mean(axis=0), y - y.mean(axis=0)), (X, X)):
        assert unbiased_hsic(one, other) == pytest.approx(brute_hsic(one, other), rel=1e-9)
    # It does not change when clouds are moved.
    assert brute_hsic(X, y) == pytest.approx(brute_hsic(X + 3, y - 2), rel=1e-6)
    expected = brute_hsic(X, y) / np.sqrt(brute_hsic(X, X) * brute_hsic(y, y))
    assert linear_cka(X, y) == pytest.approx(expected, rel=1e-6)


def test_rotated_and_scaled_clouds_are_alike():
    rotation = ortho_group.rvs(9, random_state=1)
    assert linear_cka(X, X) == pytest.approx(1)
    assert linear_cka(X, -2.5 * X @ rotation + 40) == pytest.approx(1)
    assert linear_cka(X.astype(np.float32), X) == pytest.approx(1, abs=1e-5)


def test_independent_clouds_are_not_alike_however_many_dimensions():
    """The biased estimate is far from 0 here."""
    found, biased = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(100, 300)), rng.normal(size=(100, 300))
        found.append(linear_cka(x, y))
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        biased.append(((x.T @ y) ** 2).sum() / np.sqrt(((x.T @ x) ** 2).sum() * ((y.T @ y) ** 2).sum()))
    assert abs(np.mean(found)) < 0.01
    assert np.mean(biased) > 0.5


def test_clouds_that_do_not_vary_have_no_alignment():
    assert np.isnan(linear_cka(np.ones((10, 3)), RNG.normal(size=(10, 3))))
    with pytest.raises(PredictionError, match="3 vectors cannot be compared"):
        linear_cka(X[:3], X[:3])


def test_participation_ratio_counts_directions():
    values = np.linalg.eigvalsh(np.cov(X.T))
    assert participation_ratio(X) == pytest.approx(values.sum() ** 2 / (values**2).sum())
    assert participation_ratio(X[:5]) == pytest.approx((w := np.linalg.eigvalsh(np.cov(X[:5].T))).sum() ** 2 / (w**2).sum())
    assert participation_ratio(np.random.default_rng(0).normal(size=(20_000, 7))) == pytest.approx(7, rel=0.01)
    line = np.outer(np.arange(10.0), np.ones(4))
    assert participation_ratio(line) == pytest.approx(1)
    assert np.isnan(participation_ratio(np.ones((5, 2))))


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_two_nn_finds_the_dimension(dimension):
    points = np.random.default_rng(0).random((1500, dimension)) @ np.random.default_rng(1).normal(size=(dimension, 20))
    assert two_nn(points) == pytest.approx(dimension, rel=0.15)


def test_two_nn_of_equal_vectors_is_not_defined():
    tokens = np.random.default_rng(0).normal(size=(20, 8))[np.random.default_rng(1).integers(0, 20, 500)]
    assert np.isnan(two_nn(tokens))
    assert np.isnan(two_nn(np.ones((50, 3))))
    assert np.isnan(two_nn(np.ones((2, 3))))


def test_principal_axes_are_scikit_learns():
    found, expected = principal_axes(X, 3), PCA(3).fit(X)
    np.testing.assert_allclose(np.abs(found.axes), np.abs(expected.components_), atol=1e-9)
    np.testing.assert_allclose(found.shares, expected.explained_variance_ratio_, atol=1e-12)
    np.testing.assert_allclose(np.abs(found.place(X[:4] + 1)), np.abs(expected.transform(X[:4] + 1)), atol=1e-9)
    assert (found.axes[np.arange(3), np.abs(found.axes).argmax(axis=1)] > 0).all()
    np.testing.assert_allclose(principal_axes(X[::-1].copy(), 3).axes, found.axes, atol=1e-9)
    few = principal_axes(X[:5], 2)
    np.testing.assert_allclose(few.shares, PCA(2).fit(X[:5]).explained_variance_ratio_, atol=1e-9)
    with pytest.raises(PredictionError, match="1 vectors of 9 numbers have no 2"):
        principal_axes(X[:1])


def test_tsne_is_scikit_learns_with_a_seed():
    found = tsne(X, seed=4, perplexity=10)
    expected = TSNE(2, perplexity=10, init="pca", random_state=4, n_jobs=1).fit_transform(X.astype(np.float32))
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_array_equal(found, tsne(X, seed=4, perplexity=10))
    assert tsne(X[:6]).shape == (6, 2)  # perplexity is lowered
    with pytest.raises(PredictionError, match="t-SNE of 3 vectors says nothing"):
        tsne(X[:3])


def test_tsne_without_scikit_learn_says_what_to_do(monkeypatch):
    original = builtins.__import__

    def absent(name, *rest, **named):
        if name.startswith("sklearn"):
            raise ImportError
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(PredictionError, match="pip install scikit-learn"):
        tsne(X)


def test_agreement_of_two_divisions_is_scikit_learns():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        one, other = rng.integers(0, 6, 80), rng.choice(list("abcde"), 80)
        assert adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other))
    assert adjusted_rand(np.array([1, 1, 2]), np.array(["x", "x", "y"])) == 1
    assert adjusted_rand(np.zeros(4), np.zeros(4)) == 1


def test_the_nearest_neighbour_is_scikit_learns_left_out():
    kinds = np.random.default_rng(2).choice(list("abc"), len(X))
    distances, nobody = cosine_distances(X), np.zeros((len(X), len(X)), dtype=bool)
    centred = X - X.mean(axis=0)
    expected = []
    for at in range(len(X)):
        rest = np.arange(len(X)) != at
        expected.append(KNeighborsClassifier(1, metric="cosine").fit(centred[rest], kinds[rest]).predict(centred[[at]])[0] == kinds[at])
    np.testing.assert_array_equal(nearest_agrees(distances, kinds, nobody), expected)
    shares = [(kinds == kind).sum() - 1 for kind in kinds]
    np.testing.assert_allclose(neighbour_chance(kinds, nobody), np.array(shares) / (len(X) - 1))


def test_who_may_be_nobodys_neighbour_is_passed_over():
    distances = np.array([[0, 1, 2.0], [1, 0, 3], [2, 3, 0]])
    kinds = np.array(["a", "a", "b"])
    near = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=bool)
    assert nearest_agrees(distances, kinds, near).tolist() == [False, False, False]
    assert nearest_agrees(distances, kinds, np.zeros_like(near)).tolist() == [True, True, False]
    assert neighbour_chance(kinds, near).tolist() == [0, 0, 0]
    assert not nearest_agrees(distances, np.array(["a"] * 3), np.ones_like(near)).any()


def test_clusters_are_as_many_as_were_asked():
    points = np.repeat(np.array([[0, 1.0], [1, 0], [-1, -1]]), 5, axis=0) + 0.01 * np.random.default_rng(0).normal(size=(15, 2))
    found = clusters_at(cosine_distances(points), 3)
    assert adjusted_rand(found, np.repeat([0, 1, 2], 5)) == 1
