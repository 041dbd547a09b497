"""Covariates of shipped receptors, and what they explain in words."""

import re

import numpy as np
import pytest

from allo_core.analysis.covariates import _design, covariates_of, design_for
from allo_core.analysis.explained import explained_by_covariates, explained_sentence
from allo_core.analysis.places import Places, places_of
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.explained import Explained
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.protein.sequence import Protein
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.orient import upright
from allo_core.structure.read import read_structure

A2A = Subject.of(find_receptor("AA2AR").protein)
OTHER = Subject.of(Protein("other", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQFEVV" * 2))
POCKET = A2A.sites["sodium pocket"]


@pytest.fixture(scope="module")
def covariates():
    return covariates_of(A2A)


@pytest.fixture(autouse=True)
def nothing_kept():
    """Designs are kept for a protein, whatever a test replaces."""
    _design.cache_clear()
    yield
    _design.cache_clear()


def number(text):
    return A2A.numbers.gpcrdb.index(text)


def test_conservation_type_and_segment_are_those_of_the_library(covariates):
    np.testing.assert_array_equal(covariates["conservation"][:, 0], A2A.numbers.family_conservation)
    np.testing.assert_array_equal(covariates["conservation"][:, 1], A2A.numbers.ortholog_conservation)
    assert covariates["residue type"].shape == (412, 20)
    assert (covariates["residue type"].sum(axis=1) == 1).all()
    segment = covariates["segment"]
    for index, name in enumerate(A2A.numbers.segment):
        numbered = np.isfinite(A2A.numbers.family_conservation[index])
        assert np.isfinite(segment[index]).all() == (numbered and bool(name))
    helix = np.array(A2A.numbers.segment) == "TM3"
    assert (segment[helix] == segment[helix][0]).all()


def test_burial_counts_neighbours(covariates):
    positions = places_of(A2A).positions
    for index in (51, 90, 200, 279):
        others = [j for j in range(412) if j != index and np.linalg.norm(positions[j] - positions[index]) <= 10]
        assert covariates["burial"][index, 0] == len(others)
    np.testing.assert_array_equal(np.isnan(covariates["burial"][:, 0]), np.isnan(positions[:, 0]))
    # The sodium pocket lies inside the bundle, TM4's outer face does not.
    assert covariates["burial"][list(POCKET), 0].mean() > 1.3 * np.nanmean(covariates["burial"])


def test_depth_runs_along_the_membrane_normal(covariates):
    depth = covariates["membrane depth"][:, 0]
    np.testing.assert_allclose(covariates["membrane depth"][:, 1], depth**2)
    assert abs(depth[number("2x50")]) < 8  # in the middle of the membrane
    assert depth[number("3x50")] < -12 < 12 < depth[number("3x25")]
    helix = np.array([name.startswith("TM") for name in A2A.numbers.segment])
    assert abs(np.nanmean(depth[helix])) < 1e-6
    # Against an experiment in another frame, by CA atoms: within 2 Å for the helices, once both have the mean 0.
    structure = read_structure(shipped_structure("8FYN").path)
    ca = ca_positions(structure, map_structure(structure, A2A.protein), 412)
    there = upright(ca, A2A.numbers.segment).apply(ca)[:, 1]
    shown = helix & np.isfinite(there) & np.isfinite(depth)
    off = (there - there[shown].mean() - depth + depth[shown].mean())[shown]
    assert np.sqrt((off**2).mean()) < 2
    assert np.corrcoef(there[shown], depth[shown])[0, 1] > 0.98


def test_a_receptor_without_a_structure_of_its_own_and_proteins_without_covariates():
    assert len(design_for(Subject.of(find_receptor("GPR52").protein)).residues) > 200
    assert design_for(A2A) is design_for(Subject.of(A2A.protein))
    assert design_for(OTHER) == "without generic numbers neither conservation nor segments are known"


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (np.arange(411) < 70, "fewer than 3 helices have positions, too few to tell"),
        (np.arange(411) % 3 == 0, r"Only \d\d residues have all covariates, too few for a regression on 3\d numbers"),
    ],
)
def test_a_structure_that_shows_too_little(monkeypatch, shown, reason):
    part = Subject.of(A2A.protein.crop(1, 411))
    places = places_of(part)
    positions = np.where(shown[:, None], places.positions, np.nan)
    monkeypatch.setattr("allo_core.analysis.covariates.places_of", lambda subject: Places(positions, places.source))
    assert re.match(reason, design_for(part))
    monkeypatch.setattr("allo_core.analysis.covariates.places_of", lambda subject: None)
    assert design_for(Subject.of(A2A.protein.crop(2, 411))) == "no structure tells where the residues lie"


def received():
    return np.random.default_rng(0).gamma(0.5, size=412)


def test_the_threshold_and_the_null_do_not_count():
    found = [explained_by_covariates(Question(A2A, POCKET, (), "A", *rest), received()) for rest in ((0.3, "matched"), (0.0, "uniform"))]
    assert found[0] == found[1]
    assert (found[0].kind, found[0].n_site) == ("pocket", 16)
    assert found[0].n_places > 15_000
    assert found[0].r2 == pytest.approx(found[0].r2_by_chance, abs=0.1)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (Question(A2A, (5, 9, 20), POCKET, "AB"), "in a coupling it would matter how far residues lie from those that look"),
        (Question(A2A, (50, 60)), "at least 3 marked residues are needed"),
        (Question(A2A, tuple(range(380, 400))), "only 0 of the 20 marked residues have all covariates"),
        (Question(OTHER, (3, 40, 90)), "without generic numbers neither conservation nor segments are known"),
    ],
)
def test_not_tested_is_said_with_the_reason(question, reason):
    found = explained_by_covariates(question, np.random.default_rng(0).random(len(question.subject.protein)))
    assert found == reason
    assert explained_sentence(found, "the pocket") == f"What covariates explain is not tested: {reason}."


def test_the_sentence_has_every_number_beside_its_chance_level():
    groups = {"conservation": (0.08, 0.02), "residue type": (0.21, 0.07), "segment": (0.24, 0.18)}
    found = Explained(0.412, 0.163, groups, 273, 16, 1.376, 2.1, 0.0312, "pocket", 18_895)
    assert explained_sentence(found, "the sodium pocket") == (
        "Conservation, residue type, segment, burial and membrane depth explain 41% of what residues receive (moved along the chain: 16%), "
        "residue type alone 21% (7%); attention on the sodium pocket is 1.38 times what they predict "
        "(p 0.031 among 18,895 pockets like it, for this head alone)."
    )
