"""Distances to the next but one residue, which no head gives."""

import numpy as np

from allo_core.folding.distogram import DistogramDistances
from allo_core.folding.next_but_one import with_next_but_one


def distances(thirds):
    """Of ten residues; the distance of each to the third one is given."""
    centre = np.full((10, 10), 20.0)
    for at, third in enumerate(thirds):
        centre[at, at + 3] = centre[at + 3, at] = third
    return DistogramDistances(centre, np.full((10, 10), 2.0), np.full((10, 10), 0.25))


def test_a_turn_is_told_from_what_is_stretched():
    found = with_next_but_one(distances([5.2, 5.2, 10, 10, 10, 10, 10]), np.arange(10))
    assert [found.centre[at, at + 2] for at in range(8)] == [5.55] * 3 + [6.39] * 5
    assert np.array_equal(found.centre, found.centre.T)
    assert found.weights[0, 2] == 1 / 0.18**2
    assert found.weights[5, 7] == 1 / 0.52**2
    untouched = np.abs(np.subtract.outer(np.arange(10), np.arange(10))) != 2
    assert (found.weights[untouched] == 0.25).all()


def test_nothing_is_said_across_a_break_and_nothing_of_a_distance_without_weight():
    index = np.array([0, 1, 2, 3, 4, 10, 11, 12, 13, 14])
    given = distances([5.2] * 7)
    found = with_next_but_one(given, index)
    across = [(3, 5), (4, 6)]
    assert all(found.centre[pair] == 20.0 and found.weights[pair] == 0.25 for pair in across)
    silent = with_next_but_one(given._replace(weights=np.zeros((10, 10))), index)
    assert silent.centre[0, 2] == 6.39
    assert given.centre[0, 2] == 20.0
