"""Burial, pocketness and distances against naive loops and a made-up pocket."""

import numpy as np
import pytest

from allo_core.library.receptors import find_receptor
from allo_core.prediction.examples import OrthostericSite
from allo_core.prediction.frame import place
from allo_core.prediction.geometry import burial, orthosteric_distance, pocketness, structure_features


def sphere(radius, spacing, hole=0.0):
    """Points on a grid in a ball, without those in a smaller one at its centre."""
    axis = np.arange(-radius, radius + 1, spacing)
    points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    apart = np.linalg.norm(points, axis=1)
    return points[(apart <= radius) & (apart >= hole)]


def test_burial_is_a_count():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 30, size=(80, 3))
    points[7] = np.nan
    found = burial(points)
    for j in range(80):
        expected = sum(np.linalg.norm(points[j] - points[k]) <= 10 for k in range(80) if k not in (j, 7)) if j != 7 else 0
        assert found[j] == expected


def test_a_cavity_is_a_pocket_and_the_outside_is_none():
    points = sphere(16.0, 4.0, hole=7.0)
    found = pocketness(points)
    apart = np.linalg.norm(points, axis=1)
    assert found[apart < 9].min() > 0.9
    assert found[apart > 14].max() < 0.8
    assert ((found >= 0) & (found <= 1)).all()


def test_where_there_is_no_room_there_is_no_pocket():
    points = sphere(20.0, 4.0)
    found = pocketness(points)
    assert found[np.linalg.norm(points, axis=1) < 5].max() == 0


def test_turning_the_protein_changes_little():
    placed = place(find_receptor("CCR5").protein)
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    one, other = pocketness(placed.positions), pocketness(placed.positions @ turn.T + 100)
    assert np.corrcoef(one, other)[0, 1] > 0.8
    np.testing.assert_allclose(pocketness(placed.positions + 7.3), one)  # the grid moves with it


def test_the_ligand_pocket_of_a_receptor_is_one():
    receptor = find_receptor("CCR5")
    placed = place(receptor.protein)
    found = pocketness(placed.positions)
    pocket = [receptor.protein.index(number) for number in (86, 108, 109, 195, 251, 283)]  # touch maraviroc in 4MBS
    assert np.median(found[pocket]) > np.quantile(found[np.isfinite(placed.positions[:, 0])], 0.75)


def test_distances_to_the_orthosteric_site():
    points = np.array([[0.0, 0, 0], [3, 4, 0], [10, 0, 0], [np.nan] * 3])
    assert orthosteric_distance(points, (0,)) == pytest.approx([0, 5, 10, 10])
    assert np.isnan(orthosteric_distance(points, (3,))).all()


def test_what_is_not_known_is_missing():
    assert np.isnan(structure_features(None, 5, OrthostericSite((1,), "made up"))).all()
    points = np.random.default_rng(0).uniform(0, 20, size=(30, 3))
    found = structure_features(points, 30, None)
    assert np.isfinite(found[:, :2]).all()
    assert np.isnan(found[:, 2]).all()
