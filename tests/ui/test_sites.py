"""Sites on the pages: where each list comes from, this machine's own ones, and a build without the lists of the AlloSteric Database."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from allo_core.errors import LibraryError, ScoreError
from allo_core.family.members import library_set
from allo_core.library import receptors as module
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor, has_asd_lists
from allo_core.library.site import APP, Site
from allo_core.library.site_library import OwnSite, SiteLibrary, site_library_path, write_site_library
from allo_core.library.sites import find_site
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.examples import orthosteric_site, site_examples
from allo_core.runs.extract import extract_attention
from allo_core.ui.explore.prediction import prediction_of
from allo_core.ui.protein import view as protein_view
from tests.ui.reading import open_page, said

REPOSITORY = Path(__file__).resolve().parents[2]
A2A = find_receptor("AA2AR").protein
OWN = OwnSite(
    "AA2AR",
    Site(
        "orthosteric site (adenosine)",
        "orthosteric",
        "ligand contacts",
        "L85 F168 N253",
        "agonist",
        "adenosine",
        "2YDO",
        "ADN",
        "contacts",
        APP,
    ),
    "",
)


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def opened(monkeypatch):
    """Open a page with URL parameters."""
    monkeypatch.chdir(REPOSITORY)
    st.cache_data.clear()
    st.cache_resource.clear()

    return lambda name, **query: open_page(name, query)


@pytest.fixture
def without_asd(monkeypatch):
    """The library as a build with --without-asd has it."""

    def forget():
        for kept in (module._shipped, module._without_own_sites, module._library, protein_view._offered_sites):
            kept.cache_clear()

    monkeypatch.setattr(module, "_ASD_LISTS", "left_out.json")
    monkeypatch.setattr(module, "_SITE_FILES", ("left_out.json", "sites.json"))
    forget()
    module.receptors()  # read here and now: a job of the test before may still be reading the other lists, and would keep them
    yield
    monkeypatch.undo()
    forget()


def captions(page: AppTest) -> str:
    """All captions, without the escapes of Markdown."""
    return " ".join(caption.value.replace("\\", "") for caption in page.caption)


def test_a_site_says_entry_ligand_rule_and_compiler(opened, model):
    extract_attention(model, A2A)
    page = opened("explore", protein="AA2AR", sites="D52 S91 N280")
    assert not page.exception
    assert "PDB 4EIY, Na+ (NA); residues as the compiler lists them, who names no cut-off" in captions(page)
    page = opened("explore", protein="AA2AR", sites="D52 S91")
    assert "PDB 4EIY" not in captions(page)


def test_sites_of_this_machine_are_offered_and_said(opened, model):
    extract_attention(model, A2A)
    write_site_library(SiteLibrary((OWN,), "2026-01-01T00:00:00+00:00"))
    page = opened("explore", protein="AA2AR", sites="L85 F168 N253")
    assert not page.exception
    assert "PDB 2YDO, adenosine (ADN); residues with a heavy atom within 4 Å of the modulator; compiled by AlloScope." in captions(page)


def test_a_damaged_library_is_said_on_the_page(opened, model):
    extract_attention(model, A2A)
    site_library_path().write_text("{")
    page = opened("explore", protein="AA2AR")
    assert not page.exception
    assert "is damaged" in said(page)
    assert "Until then the shipped lists count." in said(page)


def test_the_predictor_says_that_it_was_fitted_to_other_lists(model):
    st.cache_resource.clear()
    maps = extract_attention(model, A2A)
    before = prediction_of(maps, A2A)
    assert not any("This machine computed" in note for note in before.notes)
    assert before.orthosteric.residues == (167, 168, 252, 276, 277)
    write_site_library(SiteLibrary((OWN,), "2026-01-01T00:00:00+00:00"))
    after = prediction_of(maps, A2A)
    assert any(
        "This machine computed 1 site of its own: the predictor keeps the lists that it was fitted to" in note for note in after.notes
    )
    assert after.orthosteric.residues == (84, 167, 252)
    assert np.array_equal(
        after.probabilities, before.probabilities
    )  # it carries the lists that it was fitted to over, and reads no attention
    site_library_path().unlink()
    assert np.array_equal(prediction_of(maps, A2A).probabilities, before.probabilities)


def test_without_the_lists_of_asd_explore_and_the_predictor_run(opened, model, without_asd):
    assert not has_asd_lists()
    assert [site.name for site in find_receptor("AA2AR").sites] == ["sodium pocket", "orthosteric site (adenosine)", "G protein interface"]
    with pytest.raises(LibraryError, match="has no site"):
        find_site(find_receptor("AA2AR"), "Na+ contacts (4EIY)")
    assert site_examples() == ()
    maps = extract_attention(model, A2A)
    page = opened("explore", protein="AA2AR")
    assert not page.exception
    assert "the same generic positions in every class A receptor" in captions(page)
    assert orthosteric_site(A2A, numbers_for(A2A)).source == "listed for AA2AR"
    assert prediction_of(maps, A2A).probabilities.shape == (412,)


def test_without_the_lists_of_asd_receptors_says_how_to_compute_sites(opened, without_asd):
    with pytest.raises(ScoreError, match="The library has no allosteric sites; its kinds are allosteric, orthosteric, transducer"):
        library_set("allosteric")
    assert {member.name for member in library_set("orthosteric").members} == {"AA2AR", "ADRB2"}
    page = opened("receptors", kind="library", library="allosteric")
    assert not page.exception
    assert "leaves out the lists of the AlloSteric Database" in said(page)
    page = opened("receptors", kind="library", library="orthosteric")
    assert not page.exception
