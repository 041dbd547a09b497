"""Random places that hang together like a site."""

import numpy as np
import pytest

from allo_core.attention import pockets
from allo_core.attention.pockets import grown_pockets, is_stretch, pockets_like, shapes_of, shifted_stretches
from allo_core.errors import ScoreError


@pytest.fixture(scope="module")
def helix_bundle():
    """Positions of 200 residues on seven parallel helices, 8 Å apart, with 5.4 Å a turn; the last ten have none."""
    index = np.arange(200)
    helix, along = np.divmod(index, 28)
    height = np.where(helix % 2, 27 - along, along) * 1.5
    turn = np.deg2rad(100 * along)
    positions = np.stack([8 * helix + 2.3 * np.cos(turn), 2.3 * np.sin(turn), height], axis=1)
    positions[190:] = np.nan
    return positions


def test_grown_pockets_hold_distinct_residues_that_have_a_position(helix_bundle):
    pockets = grown_pockets(helix_bundle, 9, 3000, seed=1)
    assert pockets.shape == (3000, 9)
    assert (np.diff(pockets.astype(int), axis=1) > 0).all()
    assert pockets.max() < 190
    assert len(np.unique(pockets, axis=0)) > 2500
    assert set(np.unique(pockets)) == set(range(190))  # every residue is in some pocket
    assert (pockets == grown_pockets(helix_bundle.copy(), 9, 3000, seed=1)).all()
    assert (pockets != grown_pockets(helix_bundle, 9, 3000, seed=2)).any()


def test_one_residue_more_is_the_next_nearest(helix_bundle):
    six, seven = grown_pockets(helix_bundle, 6, 2000), grown_pockets(helix_bundle, 7, 2000)
    assert all(set(few) < set(more) for few, more in zip(six.tolist(), seven.tolist(), strict=True))


def test_full_round_pockets_are_the_residues_nearest_to_a_point(helix_bundle, monkeypatch):
    """Where nothing is stretched or disturbed, some point near its middle is nearer to all residues of a pocket than to any other."""
    monkeypatch.setattr(pockets, "_LOOSEST", 1e-6)
    monkeypatch.setattr(pockets, "_LONGEST_AXIS", 1.0 + 1e-6)
    monkeypatch.setattr(pockets, "_CENTRE_SPREAD", 1e-3)
    known = helix_bundle[:190]
    apart = ((known[:, None] - known[None]) ** 2).sum(axis=-1)
    nearest = {tuple(sorted(row)) for row in np.argsort(apart, axis=1, kind="stable")[:, :8].tolist()}
    found = {tuple(row) for row in grown_pockets(helix_bundle, 8, 2000, seed=9).tolist()}
    assert len(found & nearest) > 0.8 * len(nearest)  # the others have two residues that are as far


def test_pockets_are_small_against_residues_drawn_from_anywhere(helix_bundle):
    pockets = shapes_of(grown_pockets(helix_bundle, 9, 3000), helix_bundle).radius
    generator = np.random.default_rng(0)
    anywhere = np.stack([np.sort(generator.choice(190, 9, replace=False)) for _ in range(300)])
    assert np.median(pockets) < 0.7 * np.median(shapes_of(anywhere, helix_bundle).radius)


def test_shape_is_that_of_a_direct_count(helix_bundle):
    members = np.array([[3, 4, 5, 40], [10, 20, 188, 195]])
    shape = shapes_of(members, helix_bundle)
    assert shape.adjacent.tolist() == [2, 0]
    for row, radius in zip(members, shape.radius, strict=True):
        known = helix_bundle[row[row < 190]]
        assert radius == pytest.approx(np.sqrt(((known - known.mean(axis=0)) ** 2).sum(axis=1).mean()))


def test_pockets_like_a_site_have_its_shape(helix_bundle):
    full, loose = np.array([3, 4, 5, 6, 7, 8, 50, 51, 52]), np.array([3, 10, 20, 45, 52, 62, 70, 90, 100])
    everything = shapes_of(grown_pockets(helix_bundle, 9, 6000), helix_bundle)
    for site in (full, loose):
        own = shapes_of(site[None], helix_bundle)
        like = pockets_like(site, helix_bundle, 2000)
        found = shapes_of(like.members, helix_bundle)
        assert len(like) == 2000
        assert like.length == 200
        assert abs(found.adjacent.mean() - own.adjacent[0]) < abs(everything.adjacent.mean() - own.adjacent[0])
        assert abs(found.radius.mean() - own.radius[0]) < abs(everything.radius.mean() - own.radius[0])


def test_positions_that_are_too_few_are_said_to_be(helix_bundle):
    with pytest.raises(ScoreError, match="2 of the 3 marked residues have no position"):
        pockets_like(np.array([1, 191, 195]), helix_bundle)
    with pytest.raises(ScoreError, match="190 residues have a position, too few for pockets of 96"):
        grown_pockets(helix_bundle, 96)


@pytest.mark.parametrize(
    ("site", "stretch"), [([4, 5, 6, 7], True), ([4, 6, 8, 10], True), ([4, 5, 6, 12], False), ([7], False), ([1, 2, 3, 90], False)]
)
def test_what_is_a_stretch(site, stretch):
    assert is_stretch(np.array(site)) == stretch


def test_a_stretch_is_moved_along_the_whole_chain():
    places = shifted_stretches(np.array([4, 5, 7]), 20)
    assert len(places) == 17
    assert places.members[0].tolist() == [0, 1, 3]
    assert places.members[4].tolist() == [4, 5, 7]
    assert places.members[-1].tolist() == [16, 17, 19]
