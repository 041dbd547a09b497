"""Helices that turn to the left within a fold of the right hand."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from allo_core.folding.hand import helix_shares, left_handed_helices, right_hand
from allo_core.folding.helices import breaks_among, reflected, with_right_helices
from allo_core.folding.scaling import scale_distances


def helix(turns_left=False, start=(0.0, 0.0, 0.0), length=16):
    """CA of a helix along z: 100 degrees and 1.5 Å a residue, 2.3 Å from its axis."""
    angle = np.radians(100) * np.arange(length) * (-1 if turns_left else 1)
    return np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(length)], axis=1) + start


def bundle(left=()):
    """Four helices side by side; the chain is broken between them."""
    corners = [(0.0, 0.0, 0.0), (10.0, 0.0, 0.0), (10.0, 10.0, 0.0), (0.0, 10.0, 0.0)]
    return np.concatenate([helix(at in left, corner) for at, corner in enumerate(corners)])


BREAKS = [15, 31, 47]


def test_a_left_handed_helix_is_found():
    assert left_handed_helices(bundle(), BREAKS) == []
    assert left_handed_helices(bundle({2}), BREAKS) == [slice(32, 48)]
    assert left_handed_helices(np.full((3, 3), np.nan)) == []


def test_reflecting_keeps_the_axis_and_the_side_that_faces_the_middle():
    inside = np.array([10.0, 3.0, 11.0])
    given = helix(True)
    found = reflected(given, inside)
    assert helix_shares(found).right == 1
    assert cdist(found, found) == pytest.approx(cdist(given, given))
    assert found.mean(axis=0) == pytest.approx(given.mean(axis=0))
    # A mirror whose plane holds the point leaves every distance to it as it was, up to how well the axis is known.
    assert np.linalg.norm(found - inside, axis=1) == pytest.approx(np.linalg.norm(given - inside, axis=1), abs=0.6)
    assert np.isfinite(reflected(given, given.mean(axis=0))).all()


def test_it_is_turned_where_the_distances_allow_it_and_left_where_they_do_not():
    wrong = bundle({1})
    right = with_right_helices(wrong, 1.0, BREAKS, lambda start: (start, 1.01, 1))
    assert left_handed_helices(right, BREAKS) == []
    assert np.array_equal(with_right_helices(wrong, 1.0, BREAKS, lambda start: (start, 1.03, 1)), wrong)
    assert np.array_equal(with_right_helices(wrong, 1.0, BREAKS, lambda start: (wrong, 0.5, 1)), wrong)


def test_distances_of_a_left_handed_helix_keep_it():
    """Exact distances say that one helix is the mirror image of the others; they are believed."""
    wrong = bundle({1})
    distance = cdist(wrong, wrong)
    found = scale_distances(distance, np.ones_like(distance), BREAKS)
    assert found.stress < 0.01
    assert left_handed_helices(found.xyz, BREAKS) == [slice(16, 32)]


def test_breaks_are_told_among_the_drawn():
    assert breaks_among(np.array([0, 1, 2, 5, 6, 7]), [6]) == [2, 4]
    assert breaks_among(np.array([4]), []) == []


@pytest.mark.parametrize(("left", "chosen_by"), [({0}, "reference"), (set(), "helices")])
def test_helices_of_both_hands_do_not_overrule_a_reference(left, chosen_by):
    """Most helices are right-handed, and the reference is the mirror image of the whole."""
    given = bundle(left)
    mirror = given * [-1.0, 1.0, 1.0]
    found, handedness = right_hand(given, mirror, BREAKS)
    assert (handedness.chosen_by, handedness.hand) == (chosen_by, "not determined")
    assert np.array_equal(found, mirror if chosen_by == "reference" else given)
