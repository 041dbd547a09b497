"""Which of two mirror images a fold is, against biotite's dihedrals and real receptors."""

import numpy as np
import pytest
from biotite.structure import dihedral
from scipy.spatial.transform import Rotation

from allo_core.errors import StructureError
from allo_core.folding.hand import helix_shares, right_hand
from allo_core.structure.compare import tm_score
from tests.structure.traces import SHIPPED, mirrored, shipped_trace


def helix(length, turn=100.0, rise=1.5, radius=2.3):
    """CA of an ideal helix; with these numbers an alpha helix, right-handed where the turn is positive."""
    angle = np.radians(turn) * np.arange(length)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), rise * np.arange(length)])


def strand(length):
    return np.column_stack([3.3 * np.arange(length), 0.9 * (-1.0) ** np.arange(length), np.zeros(length)])


def test_dihedrals_are_biotites():
    trace = shipped_trace("1U19")
    trace = trace[np.isfinite(trace).all(axis=1)]
    angles = np.degrees(dihedral(trace[:-3], trace[1:-2], trace[2:-1], trace[3:]))
    near = np.linalg.norm(trace[3:] - trace[:-3], axis=1) < 6.5
    runs = np.flatnonzero(np.diff(np.r_[0, near, 0])).reshape(-1, 2)
    chosen = np.concatenate([np.arange(*run) for run in runs if run[1] - run[0] >= 4])
    shares = helix_shares(trace)
    assert shares.dihedrals == len(chosen)
    assert shares.right == pytest.approx(((angles[chosen] > 20) & (angles[chosen] < 90)).mean())
    assert shares.left == pytest.approx(((angles[chosen] < -20) & (angles[chosen] > -90)).mean())


@pytest.mark.parametrize("entry", SHIPPED)
@pytest.mark.parametrize("turn", [mirrored, np.array, lambda points: -points])
def test_a_receptor_is_right_handed_whichever_way_it_came(entry, turn):
    trace = shipped_trace(entry)
    xyz, hand = right_hand(turn(trace))
    assert hand.hand == "right"
    assert hand.chosen_by == "helices"
    assert tm_score(xyz, trace) > 0.999
    assert hand.share > 0.95
    assert hand.mirror_share < 0.02
    assert hand.dihedrals > 180
    assert np.isnan([hand.tm, hand.mirror_tm]).all()
    assert hand.sentence.startswith("Hand right: 9")


def test_so_are_structures_of_all_classes(shared):
    """Every twelfth; of all 472 the lowest share was 0.976 of CA and 0.956 of CB, the highest of the mirror image 0.005."""
    stored = np.load(shared / "data/gpcr_structures_ca_cb.npz")
    offsets = stored["offsets"]
    every = range(0, len(offsets) - 1, 12)
    assert {"A", "B", "C", "F"} <= set(stored["gpcr_class"][list(every)].tolist())
    for at in every:
        rows = slice(offsets[at], offsets[at + 1])
        breaks = np.flatnonzero(np.diff(stored["position"][rows]) != 1)
        for atom in ("ca", "cb"):
            points = stored[atom][rows].astype(float)
            shares = helix_shares(points, breaks.tolist())
            assert shares.right > 0.9, stored["id"][at]
            assert shares.left < 0.05, stored["id"][at]
            assert helix_shares(mirrored(points), breaks.tolist()) == (shares.left, shares.right, shares.dihedrals)


def test_the_smallest_helix():
    assert helix_shares(helix(7)) == (1, 0, 4)
    assert helix_shares(helix(7, turn=-100)) == (0, 1, 4)
    assert helix_shares(helix(6)).dihedrals == 0


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4])
def test_too_short_for_a_helix(length):
    _, hand = right_hand(helix(length))
    assert (hand.hand, hand.chosen_by, hand.dihedrals) == ("not determined", "nothing", 0)
    assert np.isnan([hand.share, hand.mirror_share, hand.tm, hand.mirror_tm]).all()


def test_breaks_and_gaps_are_not_bridged():
    whole = helix_shares(helix(20)).dihedrals
    assert whole == 17
    assert helix_shares(helix(20), breaks=[9]).dihedrals == whole - 3
    points = helix(20)
    points[10] = np.nan
    assert helix_shares(points).dihedrals == whole - 4
    assert helix_shares(helix(20), breaks=[-1, 19, 40]).dihedrals == whole


def test_strands_say_nothing_and_it_is_said():
    xyz, hand = right_hand(strand(30))
    assert (hand.hand, hand.chosen_by) == ("not determined", "nothing")
    assert (xyz == strand(30)).all()
    assert hand.sentence == "Hand not determined, this may be the mirror image: there is no helical stretch."


def bundle(*turns):
    """Helices beside each other in one chain."""
    parts = [Rotation.from_euler("x", 180 * (at % 2), degrees=True).apply(helix(20, turn)) for at, turn in enumerate(turns)]
    return np.concatenate([part + np.array([12.0 * at, 4.0 * at * at, 0]) for at, part in enumerate(parts)])


def test_where_helices_are_at_odds_the_reference_chooses_and_it_is_said():
    fold = bundle(100, -100, 100, -100)
    breaks = (19, 39, 59)
    assert abs(helix_shares(fold, breaks).right - helix_shares(fold, breaks).left) < 0.1
    for given in (fold, mirrored(fold)):
        xyz, hand = right_hand(given, reference_xyz=fold, breaks=breaks)
        assert tm_score(xyz, fold) > 0.999
        assert (hand.hand, hand.chosen_by) == ("not determined", "reference")
        assert hand.tm > hand.mirror_tm + 0.05
        assert "not determined, the reference chose" in hand.sentence
    _, hand = right_hand(fold, breaks=breaks)
    assert (hand.hand, hand.chosen_by) == ("not determined", "nothing")


def test_stretches_that_are_no_helices_say_nothing():
    """A third of the dihedrals are right-handed, the others far from both hands: so are those of folds from distances by chance."""
    twisted = helix(20, turn=150, rise=1.5, radius=2.0)
    fold = np.concatenate([helix(20), twisted + 15, twisted + 30])
    shares = helix_shares(fold, (19, 39))
    assert 0.25 < shares.right < 0.4
    assert shares.left == 0
    _, hand = right_hand(fold, breaks=(19, 39))
    assert (hand.hand, hand.chosen_by) == ("not determined", "nothing")
    assert "this may be the mirror image: 33% of 51 dihedrals" in hand.sentence


def test_a_reference_that_contradicts_helices_is_said():
    fold = bundle(100, 100, 100)
    xyz, hand = right_hand(fold, reference_xyz=mirrored(fold), breaks=(19, 39))
    assert (xyz == fold).all()
    assert (hand.hand, hand.chosen_by) == ("not determined", "helices")
    assert hand.mirror_tm > hand.tm
    assert "the reference contradicts the helices" in hand.sentence


def test_a_reference_without_shared_residues_decides_nothing():
    nothing = np.full((30, 3), np.nan)
    _, hand = right_hand(strand(30), reference_xyz=nothing)
    assert hand.chosen_by == "nothing"
    _, hand = right_hand(helix(30), reference_xyz=nothing)
    assert hand.hand == "right"


def test_a_reference_of_another_length_is_refused():
    with pytest.raises(StructureError, match="30 residues and the reference 29"):
        right_hand(helix(30), reference_xyz=helix(29))
