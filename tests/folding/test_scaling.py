"""From distances to coordinates: real receptors, missing residues, breaks, lengths, and input that is refused."""

import threading

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from allo_core.errors import Cancelled, FoldError, StructureError
from allo_core.folding.distogram import distogram_distances
from allo_core.folding.scaling import CA_BOND, scale_distances
from allo_core.structure.compare import lddt, rmsd, tm_score
from tests.folding.test_hand import helix, strand
from tests.structure.traces import SHIPPED, mirrored, shipped_trace


def distances_of(trace):
    """Distances and weights of 1 where both residues are known."""
    distances = cdist(trace, trace)
    return distances, np.isfinite(distances).astype(float)


def coil(length, seed=0):
    """A chain with bonds of 3.8 Å that stays together."""
    generator = np.random.default_rng(seed)
    points = np.zeros((length, 3))
    for at in range(1, length):
        step = generator.normal(size=3) - points[at - 1] * 0.03
        points[at] = points[at - 1] + CA_BOND * step / np.linalg.norm(step)
    return points


@pytest.mark.parametrize("entry", SHIPPED)
def test_exact_distances_give_the_structure_back(entry):
    """The distances of a mirror image are the same, so what comes does not know which of the two was meant."""
    trace = shipped_trace(entry)
    distances, weights = distances_of(mirrored(trace))
    found = scale_distances(distances, weights)
    assert found.hand == "right"
    assert tm_score(found.xyz, trace) > 0.999
    assert rmsd(found.xyz, trace) < 0.05
    assert found.stress < 0.01
    assert found.settled
    assert (np.isnan(found.xyz).any(axis=1) == np.isnan(trace).any(axis=1)).all()
    assert found.handedness.mirror_share < 0.02
    assert "in the mirror image 0%" in found.handedness.sentence
    assert found.xyz[np.isfinite(found.xyz[:, 0])].mean(axis=0) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("cutoff", "noise", "least"), [(20, 0, 0.999), (20, 0.1, 0.97), (8, 0, 0.97)])
def test_near_or_noisy_distances_are_enough(cutoff, noise, least):
    trace = shipped_trace("8FYN")
    distances, weights = distances_of(trace)
    factor = np.triu(np.random.default_rng(0).normal(1, noise, size=distances.shape), 1)
    found = scale_distances(distances * (factor + factor.T), weights * (distances < cutoff))
    assert found.hand == "right"
    assert tm_score(found.xyz, trace) > least


def test_heavier_distances_are_kept_better():
    trace = shipped_trace("1U19")[40:120]
    distances, weights = distances_of(trace)
    wrong = np.zeros_like(weights, dtype=bool)
    wrong[:20, 40:] = True
    wrong |= wrong.T
    lied = np.where(wrong, distances * 1.1, distances)
    light = scale_distances(lied, np.where(wrong, 0.01, weights))
    heavy = scale_distances(lied, weights)
    assert tm_score(light.xyz, trace) > 0.95 > tm_score(heavy.xyz, trace)
    assert light.stress < heavy.stress


def test_a_sharp_distogram_gives_the_fold_and_the_spread_of_a_bin():
    trace = shipped_trace("1U19")[33:133]
    edges = np.append(np.arange(2, 40.5, 0.5), np.inf)
    distances, _ = distances_of(trace)
    where = np.clip(np.searchsorted(edges, distances, side="right") - 1, 0, len(edges) - 2)
    probabilities = np.eye(len(edges) - 1)[where]
    centre, _, weights = distogram_distances(probabilities, edges)
    found = scale_distances(centre, weights)
    assert tm_score(found.xyz, trace) > 0.99
    assert lddt(found.xyz, trace) > 0.99
    assert 0.05 < found.stress < 0.3


def test_the_chain_holds_what_no_distance_does():
    trace = shipped_trace("8FYN")[10:60]
    distances, weights = distances_of(trace)
    apart = np.abs(np.subtract.outer(np.arange(50), np.arange(50)))
    weights *= (distances < 8) & (apart > 1)
    bonds = {
        bond: np.linalg.norm(np.diff(scale_distances(np.where(weights > 0, 6.0, 0), weights, bond=bond).xyz, axis=0), axis=1)
        for bond in (CA_BOND, None)
    }
    assert np.abs(bonds[CA_BOND] - CA_BOND).mean() < np.abs(bonds[None] - CA_BOND).mean() / 3


def test_no_bond_over_a_break():
    """Two halves with their distances alone; without the bond between them only the larger one has a place."""
    first, second = helix(12), helix(9)
    distances, weights = np.zeros((21, 21)), np.zeros((21, 21))
    for part, points in ((slice(0, 12), first), (slice(12, 21), second)):
        distances[part, part], weights[part, part] = distances_of(points)
    joined = scale_distances(distances, weights)
    assert np.isfinite(joined.xyz).all()
    assert np.linalg.norm(joined.xyz[12] - joined.xyz[11]) == pytest.approx(CA_BOND, abs=1e-3)
    broken = scale_distances(distances, weights, breaks=[11])
    assert np.isfinite(broken.xyz[:12]).all()
    assert np.isnan(broken.xyz[12:]).all()
    assert tm_score(broken.xyz[:12], first) > 0.999


def test_residues_without_weight_are_not_drawn():
    trace = helix(30)
    distances, weights = distances_of(trace)
    gone = [0, 11, 12, 29]
    weights[gone] = weights[:, gone] = 0
    distances[gone] = np.nan
    found = scale_distances(distances, weights)
    assert np.flatnonzero(np.isnan(found.xyz).any(axis=1)).tolist() == gone
    assert tm_score(found.xyz[~np.isnan(found.xyz[:, 0])], np.delete(trace, gone, axis=0)) > 0.999


@pytest.mark.parametrize("length", [2, 3, 4, 5, 8])
def test_few_residues(length):
    trace = helix(length)
    found = scale_distances(*distances_of(trace))
    assert cdist(found.xyz, found.xyz) == pytest.approx(cdist(trace, trace), abs=0.05)
    assert found.hand == ("right" if length == 8 else "not determined")


def test_one_residue():
    found = scale_distances(np.zeros((1, 1)), np.zeros((1, 1)))
    assert found.xyz.tolist() == [[0, 0, 0]]
    assert np.isnan(found.stress)
    assert found.hand == "not determined"


def test_a_long_chain_begins_at_landmarks():
    """More residues than landmarks: the distances to 400 of them place the rest exactly."""
    trace = coil(1500)
    distances, weights = distances_of(trace)
    found = scale_distances(distances, weights)
    drawn = cdist(found.xyz[::50], found.xyz)
    assert drawn == pytest.approx(distances[::50], abs=0.05)
    assert found.steps < 5


def test_a_reference_decides_where_helices_do_not():
    fold = np.concatenate([strand(12), strand(12)[:, [1, 2, 0]] + [30, 6, 3], strand(12)[:, [2, 0, 1]] + [20, 20, -9]])
    for reference in (fold, mirrored(fold)):
        found = scale_distances(*distances_of(fold), breaks=(11, 23), reference_xyz=reference)
        assert (found.hand, found.handedness.chosen_by) == ("not determined", "reference")
        assert tm_score(found.xyz, reference) > 0.99


def test_progress_and_the_same_result_again():
    trace = shipped_trace("1U19")[33:93]
    distances, weights = distances_of(trace)
    weights *= distances < 10
    told = []
    found = scale_distances(distances, weights, progress=lambda done, most: told.append((done, most)))
    assert [done for done, _ in told] == list(range(1, found.steps + 1))
    assert {most for _, most in told} == {2000}
    assert (scale_distances(distances, weights).xyz == found.xyz).all()


def test_scales_of_weights_do_not_matter():
    distances, weights = distances_of(coil(40))
    weights *= distances < 12
    found = scale_distances(distances, weights)
    assert scale_distances(distances.astype(np.float32), weights * 1e6).xyz == pytest.approx(found.xyz, abs=0.05)


def test_cancel():
    distances, weights = distances_of(coil(60))
    cancel = threading.Event()
    cancel.set()
    for near in (1e9, 10):  # in the descent, and among the shortest paths
        with pytest.raises(Cancelled):
            scale_distances(distances, weights * (distances < near), cancel=cancel)

    def stop(done, most):
        cancel.set()

    cancel.clear()
    with pytest.raises(Cancelled):
        scale_distances(distances, weights * (distances < 10), progress=stop, cancel=cancel)


ONES = np.ones((4, 4))


def changed(at, value, values=ONES):
    other = values.copy()
    other[at] = value
    return other


@pytest.mark.parametrize(
    ("distances", "weights", "message"),
    [
        (np.ones((4, 3)), np.ones((4, 3)), r"shape \(4, 3\) and weights \(4, 3\); \[residues, residues\]"),
        (np.ones((0, 0)), np.ones((0, 0)), r"\(0, 0\)"),
        (ONES, np.zeros((4, 4)), "No pair of residues has a weight above 0"),
        (ONES, np.diag(np.ones(4)), "No pair of residues has a weight above 0"),
        (changed((1, 2), np.nan), ONES, "The distance from residue 2 to 3 is nan, which cannot be; give it the weight 0"),
        (changed((1, 2), -2.5), ONES, "The distance from residue 2 to 3 is -2.5"),
        (changed((0, 3), np.inf), ONES, "The distance from residue 1 to 4 is inf"),
        (changed((1, 2), 7.0), ONES, "The distance from residue 2 to 3 is 7, .*differs from the distance back; average"),
        (ONES, changed((1, 2), np.nan), "The weight from residue 2 to 3 is nan"),
        (ONES, changed((1, 2), -1.0), "The weight from residue 2 to 3 is -1"),
        (ONES, changed((1, 2), 0.5), "The weight from residue 2 to 3 is 0.5, .*differs from the weight back"),
    ],
)
def test_what_cannot_be_drawn_is_refused(distances, weights, message):
    with pytest.raises(FoldError, match=message):
        scale_distances(distances, weights)


def test_a_reference_of_another_length_is_refused():
    with pytest.raises(StructureError, match="the reference 7"):
        scale_distances(ONES * 4, ONES, reference_xyz=np.zeros((7, 3)))
