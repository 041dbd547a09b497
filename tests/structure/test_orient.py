import numpy as np
import pytest

from allo_core.structure.orient import helix_ends, upright
from tests.structure.structure_files import map_of, protein_of, segments_of, structure_of

ENTRIES = ("3VG9", "5G53", "8FYN", "4LDO", "3SN6", "1U19")


def ca_of(entry):
    """CA positions along the sequence, looked up atom by atom."""
    atoms, mapping = structure_of(entry).atoms, map_of(entry)
    ca = np.full((len(protein_of(entry)), 3), np.nan)
    for atom in atoms[(atoms.atom_name == "CA") & (atoms.chain_id == mapping.chain)]:
        index = mapping.index_of.get((atom.chain_id, int(atom.res_id), atom.ins_code))
        if index is not None:
            ca[index] = atom.coord
    return ca


def mean_of(placed, segments, name):
    return np.nanmean(placed[np.array(segments) == name], axis=0)


@pytest.mark.parametrize("entry", ENTRIES)
def test_extracellular_side_up_and_tm1_at_the_left(entry):
    ca, segments = ca_of(entry), segments_of(entry)
    placement = upright(ca, segments)
    placed = placement.apply(ca)
    assert mean_of(placed, segments, "ECL2")[1] > 12
    assert mean_of(placed, segments, "H8")[1] < -12
    assert mean_of(placed, segments, "TM1")[0] < -8
    assert mean_of(placed, segments, "TM1")[2] == pytest.approx(0, abs=1e-6)
    in_helices = np.isin(segments, [f"TM{k}" for k in range(1, 8)])
    np.testing.assert_allclose(np.nanmean(placed[in_helices], axis=0), 0, atol=1e-6)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_rigid_motion_without_mirror(entry):
    ca = ca_of(entry)
    for segments in (segments_of(entry), None):
        placement = upright(ca, segments)
        assert np.linalg.det(placement.rotation) == pytest.approx(1, abs=1e-9)
        np.testing.assert_allclose(placement.rotation @ placement.rotation.T, np.eye(3), atol=1e-9)
        known = ca[np.isfinite(ca[:, 0])]
        placed = placement.apply(known)
        before = np.linalg.norm(known[:, None] - known[None], axis=2)
        np.testing.assert_allclose(np.linalg.norm(placed[:, None] - placed[None], axis=2), before, atol=1e-6)


@pytest.mark.parametrize("entry", ENTRIES)
def test_helices_run_counterclockwise_seen_from_outside(entry):
    """The order TM1 to TM7 of every GPCR, counterclockwise from the extracellular side (Baldwin 1993); a mirror image would turn it."""
    placed, segments = upright(ca_of(entry), segments_of(entry)).apply(ca_of(entry)), segments_of(entry)
    middles = np.array([mean_of(placed, segments, f"TM{k}") for k in (1, 2, 4, 5, 6, 7)])
    # From above (+y towards the viewer, x to the right) z points down the page.
    angles = np.unwrap(np.arctan2(-middles[:, 2], middles[:, 0]))
    turns = np.diff(np.append(angles, angles[0] + np.sign(angles[-1] - angles[0]) * 2 * np.pi))
    assert (turns > 0).all()


@pytest.mark.parametrize("entry", ["8FYN", "3SN6", "1U19"])
def test_shape_alone_stands_the_receptor_nearly_the_same_way(entry):
    ca, segments = ca_of(entry), segments_of(entry)
    placed = upright(ca).apply(ca)
    shown = np.flatnonzero(np.isfinite(ca[:, 0]))
    assert placed[shown[:10], 1].mean() > 0
    spread = np.nanstd(placed, axis=0)
    assert spread[1] == max(spread)
    assert mean_of(placed, segments, "ECL2")[1] > 0 > mean_of(placed, segments, "H8")[1]
    assert np.nanmean(placed[shown[:30], 0]) < 0


def test_any_starting_pose_ends_the_same():
    ca, segments = ca_of("8FYN"), segments_of("8FYN")
    rng = np.random.default_rng(4)
    expected = upright(ca, segments).apply(ca)
    for _ in range(5):
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        turn *= np.linalg.det(turn)
        moved = ca @ turn.T + rng.normal(size=3) * 100
        np.testing.assert_allclose(upright(moved, segments).apply(moved), expected, atol=1e-6)


def test_helix_ends_lie_on_their_sides_of_the_membrane():
    ca, segments = ca_of("3SN6"), segments_of("3SN6")
    placed = upright(ca, segments).apply(ca)
    ends = helix_ends(placed, segments)
    assert [end.name for end in ends] == [f"TM{k}" for k in range(1, 8)]
    for end in ends:
        rows = np.flatnonzero((np.array(segments) == end.name) & np.isfinite(placed[:, 0]))
        outer, inner = (rows[0], rows[-1]) if int(end.name[2]) % 2 else (rows[-1], rows[0])
        assert end.top[1] > end.bottom[1] + 15
        # In an α-helix the first CA is 3.2 Å from the middle of its turn: 2.3 Å off the axis and 2.25 Å along it.
        assert np.linalg.norm(end.top - placed[outer]) < 4.5
        assert np.linalg.norm(end.bottom - placed[inner]) < 4.5


def test_few_residues_and_lines_give_a_proper_rotation():
    for ca in (np.array([[1.0, 2, 3]]), np.outer(np.arange(60.0), [0, 0, 1]), np.outer(np.arange(60.0), [0, 1, 0])):
        placement = upright(ca)
        assert np.linalg.det(placement.rotation) == pytest.approx(1, abs=1e-9)
        assert np.isfinite(placement.apply(ca)).all()


def test_wrong_lengths_and_nothing_shown():
    with pytest.raises(ValueError, match="2 segments for 3 residues"):
        upright(np.zeros((3, 3)), ["TM1", "TM1"])
    with pytest.raises(ValueError, match="no residue has a position"):
        upright(np.full((3, 3), np.nan))
