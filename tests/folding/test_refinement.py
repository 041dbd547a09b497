from threading import Event

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.refinement import Refinement, RefinementCase, learn_refinement, refine
from allo_core.folding.refinement_settings import RefinementSettings
from tests.folding.refinements import moving

LENGTH = 40
SETTINGS = RefinementSettings(features=3, width=8, layers=2, nearest=8, epochs=30, learning_rate=5e-3)


def helix(length=LENGTH):
    turn = np.arange(length) * np.deg2rad(100)
    return np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(length)], axis=1)


def case(seed):
    """A helix that is to be found again from places with noise, and its distances with a spread of 1 Å."""
    generator = np.random.default_rng(seed)
    target = helix()
    centre = cdist(target, target)
    start = target + generator.normal(0, 1.0, target.shape)
    return RefinementCase(start, target, generator.normal(size=(LENGTH, 3)), centre, np.ones_like(centre))


def moved(refinement, one, xyz):
    return refine(refinement, xyz, one.features, one.centre, one.spread)


def test_before_learning_nothing_moves():
    one = case(0)
    np.testing.assert_array_equal(moved(Refinement(SETTINGS), one, one.start), one.start)


def test_it_turns_and_shifts_with_the_fold():
    one, refinement = case(0), moving(SETTINGS, 0.5)
    turn, shift = Rotation.random(rng=1).as_matrix(), np.array([30.0, -20.0, 5.0])
    found = moved(refinement, one, one.start)
    assert np.abs(found - one.start).max() > 0.1
    np.testing.assert_allclose(moved(refinement, one, one.start @ turn + shift), found @ turn + shift, atol=1e-5)


def test_a_mirror_image_stays_one():
    one, refinement, mirror = case(0), moving(SETTINGS, 0.5), np.array([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(moved(refinement, one, one.start * mirror), moved(refinement, one, one.start) * mirror, atol=1e-5)


def test_missing_residues_stay_missing_and_move_no_other():
    one, refinement = case(0), moving(SETTINGS, 0.5)
    start, features, centre = one.start.copy(), one.features.copy(), one.centre.copy()
    start[[0, 7, 20]] = np.nan
    found = refine(refinement, start, features, centre, one.spread)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(start))
    features[7], centre[7], centre[:, 7] = 100, np.nan, 1
    np.testing.assert_array_equal(refine(refinement, start, features, centre, one.spread), found)
    alone = np.full_like(start, np.nan)
    alone[3] = 1
    np.testing.assert_array_equal(moved(refinement, one, alone), alone)


def test_unknown_distances_are_read_as_unknown():
    one, refinement = case(0), moving(SETTINGS, 0.5)
    found = refine(refinement, one.start, one.features, np.full_like(one.centre, np.nan), one.spread)
    assert np.isfinite(found).all()
    assert np.abs(found - moved(refinement, one, one.start)).max() > 1e-3


def test_what_is_learnt_helps_a_fold_that_it_has_not_seen():
    losses = []
    refinement = learn_refinement([case(seed) for seed in range(4)], SETTINGS, lambda done, most, loss: losses.append(loss))
    assert len(losses) == SETTINGS.epochs
    assert losses[-1] < 0.7 * losses[0]
    unseen = case(9)
    off = [np.abs(cdist(xyz, xyz) - unseen.centre).mean() for xyz in (moved(refinement, unseen, unseen.start), unseen.start)]
    assert off[0] < 0.8 * off[1]


def test_the_seed_gives_the_same_network_again_and_leaves_torch_as_it_was():
    few = RefinementSettings(features=3, width=4, layers=1, nearest=4, epochs=1)
    state = torch.random.get_rng_state()
    one, other = (learn_refinement([case(0)], few).state_dict() for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_targets_may_miss_residues():
    one = case(0)
    target = one.target.copy()
    target[:5] = np.nan
    few = RefinementSettings(features=3, width=4, layers=1, nearest=4, epochs=1)
    learnt = learn_refinement([RefinementCase(one.start, target, one.features, one.centre, one.spread)], few)
    assert all(torch.isfinite(parameter).all() for parameter in learnt.parameters())


def test_learning_can_be_cancelled():
    cancel = Event()
    cancel.set()
    with pytest.raises(Cancelled):
        learn_refinement([case(0)], SETTINGS, cancel=cancel)


def test_what_cannot_be_refined_is_named():
    one = case(0)
    with pytest.raises(FoldError, match=r"features of shape \(40, 2\).*\(40, 3\)"):
        refine(Refinement(SETTINGS), one.start, one.features[:, :2], one.centre, one.spread)
    with pytest.raises(FoldError, match="no fold to learn"):
        learn_refinement([], SETTINGS)
    with pytest.raises(FoldError, match="nearest of a refinement is 3; it must be at least 4"):
        RefinementSettings(features=3, nearest=3)
    with pytest.raises(FoldError, match="learning rate of a refinement is 0"):
        RefinementSettings(features=3, learning_rate=0)
