"""Contacts from maps whose answer is known."""

import numpy as np
import pytest

from allo_core.attention.contacts import SEPARATIONS, apc, pairs_of, precision_at, precisions_among


def test_apc_is_its_formula():
    maps = np.random.default_rng(0).random((2, 5, 5))
    corrected = apc(maps)
    for one, found in zip(maps, corrected, strict=True):
        both = np.array([[one[i, j] + one[j, i] for j in range(5)] for i in range(5)])
        total = sum(both[i, j] for i in range(5) for j in range(5))
        for i in range(5):
            for j in range(5):
                row, column = sum(both[i, k] for k in range(5)), sum(both[k, j] for k in range(5))
                assert found[i, j] == pytest.approx(both[i, j] - row * column / total)


def test_a_map_of_zeros_stays_zero():
    maps = np.zeros((2, 4, 4))
    maps[1] = np.arange(16).reshape(4, 4)
    assert not apc(maps)[0].any()


def precisions(scores, cb, cutoff, separations=SEPARATIONS):
    """Of a structure."""
    near = np.linalg.norm(cb[:, None] - cb[None], axis=2) < cutoff
    return precisions_among(scores, np.flatnonzero(np.isfinite(cb[:, 0])), near, separations)


def test_pairs_are_resolved_and_far_enough_and_touch_below_the_cutoff():
    cb = np.zeros((9, 3))
    cb[:, 0] = [0, 30, 60, 90, 120, 150, 7.99, 38.0, 60]
    cb[2] = np.nan
    pairs = pairs_of(cb, 6, 8.0)
    assert list(zip(*(values.tolist() for values in pairs), strict=True)) == [
        (0, 6, True),
        (0, 7, False),
        (0, 8, False),
        (1, 7, False),
        (1, 8, False),
    ]


def test_precision_counts_the_best_pairs():
    scores = np.array([0.9, 0.1, 0.8, 0.3, 0.7])
    contact = np.array([True, True, False, False, True])
    assert precision_at(scores, contact, 1) == 1
    assert precision_at(scores, contact, 2) == 0.5
    assert precision_at(scores, contact, 3) == pytest.approx(2 / 3)
    assert precision_at(scores, contact, 50) == pytest.approx(3 / 5)
    assert np.isnan(precision_at(np.array([]), np.array([], dtype=bool), 3))


def test_pairs_that_tie_count_for_their_chance():
    contact = np.array([True, False, False, True, False])
    assert precision_at(np.zeros(5), contact, 2) == pytest.approx(0.4)
    assert precision_at(np.array([1.0, 0, 0, 0, 0]), contact, 3) == pytest.approx((1 + 2 * 0.25) / 3)


def test_precisions_of_the_right_map_and_of_chance():
    cb = np.random.default_rng(2).normal(scale=9, size=(60, 3))
    cb[7] = np.nan
    near = np.linalg.norm(cb[:, None] - cb[None], axis=2)
    right = precisions(-near, cb, 8.0)
    assert [found.separation for found in right] == [6, 12, 24]
    for found in right:
        assert found.values[2] == 1.0
        assert found.random == pytest.approx(np.mean(pairs_of(cb, found.separation, 8.0).contact))
        # All alike: every pair ties, so chance it is.
    flat = precisions(np.zeros((60, 60)), cb, 8.0)
    assert all(value == pytest.approx(found.random) for found in flat for value in found.values)


def test_pairs_without_a_score_come_last():
    cb = np.random.default_rng(3).normal(scale=9, size=(40, 3))
    near = np.linalg.norm(cb[:, None] - cb[None], axis=2)
    scores = np.where((np.arange(40) < 20)[:, None] & (np.arange(40) < 20), -near, np.nan)
    (found,) = precisions(scores, cb, 8.0, (6,))
    everything = pairs_of(cb, 6, 8.0)
    inner = everything.second < 20
    assert found.pairs == len(everything.contact)
    assert found.random == pytest.approx(everything.contact.mean())
    # The best 40 pairs all lie among the first twenty residues, in the order of their distance.
    assert found.values[0] == pytest.approx(min(40, everything.contact[inner].sum()) / 40)
