"""Metrics of two structures, against TM-align (tmtools), biotite, scipy and brute force."""

import numpy as np
import pytest
from biotite.structure import AtomArray, superimpose
from biotite.structure import rmsd as biotite_rmsd
from biotite.structure import tm_score as biotite_tm_score
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from allo_core.errors import StructureError
from allo_core.structure.compare import both_known, gdt_ha, gdt_ts, lddt, lddt_per_residue, rmsd, tm_scale, tm_score
from tests.structure.traces import SHIPPED, mirrored, same_receptor_pairs, shipped_trace

METRICS = (rmsd, tm_score, gdt_ts, gdt_ha, lddt)


def both_of(model, reference):
    both = np.isfinite(model).all(axis=1) & np.isfinite(reference).all(axis=1)
    return model[both], reference[both]


def by_definition(apart, known):
    """TM-score of one superposition."""
    return float((1 / (1 + (apart / tm_scale(known)) ** 2)).sum() / known)


def shaken(points, size, seed=0):
    return points + np.random.default_rng(seed).normal(size=points.shape) * size


@pytest.fixture
def pairs(shared):
    return same_receptor_pairs(shared, 20)


def check_against_tm_align(model, reference):
    tm_align = pytest.importorskip("tmtools").tm_align
    mobile, fixed = both_of(model, reference)
    letters = "A" * len(mobile)
    found = tm_align(mobile, fixed, letters, letters)
    apart = np.linalg.norm(mobile @ found.u.T + found.t - fixed, axis=1)
    score, known = tm_score(model, reference), int(np.isfinite(reference).all(axis=1).sum())
    # TM-align's own superposition of the same residues is no better than the one that was found here, nor much worse.
    assert by_definition(apart, known) <= score + 5e-4
    assert score <= by_definition(apart, known) + 0.01
    if found.seqxA == found.seqyA and known == len(mobile):  # it aligned each residue with itself
        assert score == pytest.approx(found.tm_norm_chain2, abs=5e-4)
        return True
    return False


def test_tm_score_is_that_of_tm_align_on_twenty_pairs(pairs):
    assert len(pairs) == 20
    assert sum(check_against_tm_align(*pair) for pair in pairs) >= 5


def test_tm_score_is_that_of_tm_align_on_what_ships():
    check_against_tm_align(shipped_trace("4LDO"), shipped_trace("3SN6"))


def test_lddt_is_counted_pair_by_pair_on_twenty_pairs(pairs):
    for model, reference in [*pairs, (shipped_trace("4LDO"), shipped_trace("3SN6"))]:
        mobile, fixed = both_of(model, reference)
        known, drawn = cdist(fixed, fixed), cdist(mobile, mobile)
        near = (known < 15) & ~np.eye(len(known), dtype=bool)
        kept = np.mean([np.abs(drawn - known) <= cutoff for cutoff in (0.5, 1, 2, 4)], axis=0)
        assert lddt(model, reference) == pytest.approx(kept[near].mean(), abs=1e-4)
        rows = np.array([kept[at, near[at]].mean() for at in range(len(kept))])
        found = lddt_per_residue(model, reference)
        assert found[np.isfinite(found)] == pytest.approx(rows, abs=0.01)  # single precision decides pairs at a threshold
        assert np.isfinite(found).sum() == len(rows)


def test_rmsd_is_biotites_and_scipys(pairs):
    for model, reference in pairs[:5]:
        mobile, fixed = both_of(model, reference)
        fitted, _ = superimpose(fixed, mobile)
        assert rmsd(model, reference) == pytest.approx(float(biotite_rmsd(fixed, fitted)), abs=1e-3)
        _, apart = Rotation.align_vectors(fixed - fixed.mean(axis=0), mobile - mobile.mean(axis=0))
        assert rmsd(model, reference) == pytest.approx(apart / np.sqrt(len(fixed)), abs=1e-3)


def test_the_tm_formula_is_biotites():
    fixed = shipped_trace("1U19")
    fixed = fixed[np.isfinite(fixed).all(axis=1)]
    moved = fixed + np.array([3.0, 0, 0])
    # Biotite takes coordinates as they are; its formula needs residues, and atoms of which it takes these.
    atoms = AtomArray(len(fixed))
    atoms.res_id, atoms.coord = np.arange(len(fixed)), fixed
    atoms.res_name[:], atoms.atom_name[:] = "ALA", "CA"
    other = atoms.copy()
    other.coord = moved
    every = np.arange(len(fixed))
    score = by_definition(np.full(len(fixed), 3.0), len(fixed))
    assert biotite_tm_score(atoms, other, every, every) == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("cutoffs", [(1, 2, 4, 8), (0.5, 1, 2, 4)])
def test_gdt_is_not_below_a_search_from_every_stretch(cutoffs):
    model, reference = both_of(shipped_trace("4LDO")[:200], shipped_trace("3SN6")[:200])
    metric = gdt_ts if cutoffs[0] == 1 else gdt_ha
    most = dict.fromkeys(cutoffs, 0.0)
    for size in (4, 8, 16, 32, 64, len(model)):
        for start in range(len(model) - size + 1):
            chosen = slice(start, start + size)
            center, target = model[chosen].mean(axis=0), reference[chosen].mean(axis=0)
            turn, _ = Rotation.align_vectors(reference[chosen] - target, model[chosen] - center)
            apart = np.linalg.norm(turn.apply(model - center) + target - reference, axis=1)
            most = {cutoff: max(best, (apart <= cutoff).mean()) for cutoff, best in most.items()}
    assert metric(model, reference) >= np.mean(list(most.values())) - 0.005


@pytest.mark.parametrize("entry", SHIPPED)
def test_a_structure_is_like_itself_wherever_it_lies(entry):
    fixed = shipped_trace(entry)
    moved = Rotation.from_euler("xyz", [40, 100, -20], degrees=True).apply(fixed) + np.array([10.0, -40, 7])
    assert rmsd(moved, fixed) == pytest.approx(0, abs=1e-3)
    for metric in (tm_score, gdt_ts, gdt_ha, lddt):
        assert metric(moved, fixed) == pytest.approx(1, abs=1e-4)
    assert np.nanmin(lddt_per_residue(moved, fixed)) == pytest.approx(1, abs=1e-4)


def test_the_mirror_image_keeps_distances_and_loses_the_fold():
    fixed = shipped_trace("3SN6")
    assert lddt(mirrored(fixed), fixed) == pytest.approx(1, abs=1e-4)
    assert 0.3 < tm_score(mirrored(fixed), fixed) < 0.4
    assert gdt_ts(mirrored(fixed), fixed) < 0.3


@pytest.mark.parametrize("metric", METRICS)
def test_two_structures_of_equal_residues_may_be_exchanged(metric):
    model, reference = both_of(shipped_trace("4LDO"), shipped_trace("3SN6"))
    # lDDT asks for pairs that are near in the reference, which is why it alone differs.
    assert metric(model, reference) == pytest.approx(metric(reference, model), abs=0.02 if metric is lddt else 2e-3)


def test_a_disturbed_half_costs_half():
    fixed = shipped_trace("8FYN")
    fixed = fixed[np.isfinite(fixed).all(axis=1)]
    half = len(fixed) // 2
    model = fixed.copy()
    model[half:] = shaken(fixed[half:] + 200, 60)
    share = half / len(fixed)
    assert share <= tm_score(model, fixed) < share + 0.05
    assert share <= gdt_ha(model, fixed) < share + 0.02


@pytest.mark.parametrize("length", [3, 4, 8, 15, 21, 22])
def test_short_chains_have_a_scale(length):
    """Below 22 residues the formula gives d0 < 0.5, for 15 a negative number: it is held at 0.5 Å."""
    fixed = shipped_trace("1U19")[40 : 40 + length]
    assert tm_scale(length) == pytest.approx(max(1.24 * np.cbrt(length - 15) - 1.8, 0.5))
    assert tm_score(fixed, fixed) == pytest.approx(1, abs=1e-4)
    assert 0 < tm_score(shaken(fixed, 1.0), fixed) < 1


def test_rows_without_a_place_are_left_out():
    fixed = shipped_trace("1U19")
    fixed = fixed[np.isfinite(fixed).all(axis=1)]
    model = shaken(fixed, 0.8)
    gone = np.zeros(len(fixed), dtype=bool)
    gone[50:120] = True
    model[gone, 1] = np.nan  # one number is enough
    rest = 1 - gone.mean()
    for metric in (rmsd, lddt):
        assert metric(model, fixed) == pytest.approx(metric(model[~gone], fixed[~gone]))
    for metric in (gdt_ts, gdt_ha):
        assert metric(model, fixed) == pytest.approx(metric(model[~gone], fixed[~gone]) * rest, abs=0.01)
    assert tm_score(model, fixed) < rest
    # What the reference does not know costs nothing.
    assert tm_score(fixed, model) == pytest.approx(tm_score(fixed[~gone], model[~gone]))
    per_residue = lddt_per_residue(model, fixed)
    assert np.isnan(per_residue[gone]).all()
    assert np.isfinite(per_residue[~gone]).all()


@pytest.mark.parametrize("drawn", [0, 1, 2])
def test_too_few_residues_have_no_score(drawn):
    fixed = shipped_trace("1U19")[40:50]
    model = np.full_like(fixed, np.nan)
    model[:drawn] = fixed[:drawn]
    assert all(np.isnan(metric(model, fixed)) for metric in (rmsd, tm_score, gdt_ts, gdt_ha))
    assert np.isnan(lddt(model, fixed)) == (drawn < 2)
    assert np.isfinite(lddt_per_residue(model, fixed)).sum() == (0 if drawn < 2 else drawn)


def test_points_in_one_place_or_on_a_line_can_be_compared():
    fixed = shipped_trace("1U19")[40:70]
    for model in (np.zeros_like(fixed), np.arange(30)[:, None] * [3.8, 0, 0]):
        assert 0 <= tm_score(model, fixed) < 0.5
        assert np.isfinite([metric(model, fixed) for metric in METRICS]).all()


@pytest.mark.parametrize("metric", [*METRICS, lddt_per_residue])
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (np.zeros((7, 3)), "The model has 7 residues and the reference 8; give a row"),
        (np.zeros((0, 3)), "The model has 0 residues"),
    ],
)
def test_other_lengths_are_refused(metric, model, message):
    with pytest.raises(StructureError, match=message):
        metric(model, np.zeros((8, 3)))


def test_what_is_no_point_in_space_is_refused():
    # Below the check of shapes, which tests alone have.
    with pytest.raises(StructureError, match=r"The model has the shape \(8, 2\); coordinates of the shape \[residues, 3\]"):
        both_known(np.zeros((8, 2)), np.zeros((8, 3)))
