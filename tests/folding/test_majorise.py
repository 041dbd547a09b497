"""Steps of the descent, against scikit-learn, numpy's pseudo-inverse and scipy's minimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial.distance import cdist

from allo_core.folding.majorise import Descent


def off_diagonal(values):
    symmetric = (values + values.T) / 2
    np.fill_diagonal(symmetric, 0)
    return symmetric


@pytest.fixture
def problem():
    """Distances that no points have, weights from 0 to 1 of which a third is 0, and a start."""
    generator = np.random.default_rng(4)
    points = generator.normal(size=(25, 3)) * 10
    distances = off_diagonal(np.abs(cdist(points, points) + generator.normal(size=(25, 25)) * 4))
    weights = off_diagonal(np.maximum(generator.uniform(-0.4, 1, size=(25, 25)), 0))
    return distances, weights, generator.normal(size=(25, 3)) * 8


def stress_of(xyz, distances, weights):
    return float((np.triu(weights) * (cdist(xyz, xyz) - distances) ** 2).sum())


def test_equal_weights_give_scikit_learns_step(problem):
    smacof = pytest.importorskip("sklearn.manifold").smacof
    distances, _, start = problem
    step, stress = next(Descent(distances, off_diagonal(np.ones((25, 25)))).points(start, 1))
    expected, _ = smacof(distances, n_components=3, init=start, n_init=1, max_iter=1)
    assert step == pytest.approx(expected - expected.mean(axis=0), abs=1e-10)
    assert stress == pytest.approx(stress_of(step, distances, np.ones((25, 25))))


def test_unequal_weights_take_the_pseudo_inverse(problem):
    distances, weights, start = problem
    step, stress = next(Descent(distances, weights).points(start, 1))
    ratio = -weights * distances / (cdist(start, start) + np.eye(25))
    b = ratio - np.diag(ratio.sum(axis=1))
    v = np.diag(weights.sum(axis=1)) - weights
    assert step == pytest.approx(np.linalg.pinv(v) @ b @ start, abs=1e-10)
    assert stress == pytest.approx(stress_of(step, distances, weights))
    # With 1 / N in its place, as for equal weights, it is another step, and a worse one.
    other = b @ start / 25
    assert stress < stress_of(other, distances, weights)


@pytest.mark.parametrize("power", [0.0, 1.0, 6.0])
def test_the_stress_never_rises(problem, power):
    distances, weights, start = problem
    weights = np.where(weights > 0, weights**power, 0)
    found = [stress for _, stress in Descent(distances, weights).points(start, 400)]
    assert len(found) > 5
    assert found[0] <= stress_of(start, distances, weights)
    assert (np.diff(found) <= 1e-12 * found[0]).all()


def test_it_ends_where_a_minimiser_ends(problem):
    distances, weights, start = problem
    *_, (xyz, stress) = Descent(distances, weights).points(start, 2000)
    found = minimize(lambda flat: stress_of(flat.reshape(-1, 3), distances, weights), xyz.ravel(), method="L-BFGS-B")
    assert found.fun == pytest.approx(stress, rel=0.01)


def test_two_points_in_one_place_do_no_harm(problem):
    distances, weights, start = problem
    start[1] = start[0]
    step, stress = next(Descent(distances, weights).points(start, 1))
    assert np.isfinite(step).all()
    assert stress <= stress_of(start, distances, weights)


def test_it_stops_where_distances_fit():
    points = np.random.default_rng(0).normal(size=(12, 3)) * 10
    ones = off_diagonal(np.ones((12, 12)))
    assert len(list(Descent(cdist(points, points), ones).points(points, 100))) == 1
