"""The page Sequence without a browser: every tab with what is kept, and what it says where something is missing."""

import time

import numpy as np
import pytest
import streamlit as st

from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.probabilities import ResidueProbabilities, residue_probabilities
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.readouts.state_changes import relations, state_changes
from allo_core.runs.extract import extract_attention
from allo_core.ui.protein import panel
from allo_core.ui.sequence import residues, session
from allo_core.ui.shared import inputs
from tests.ui.reading import mirror_of, open_page, said

A2A = find_receptor("AA2AR").protein


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def opened(model):
    """Open the page with URL parameters; AA2AR has been run before."""
    extract_attention(model, A2A)
    st.cache_data.clear()
    return lambda **query: open_page("sequence", query)


@pytest.fixture
def painted(monkeypatch):
    """What the structure was painted with, instead of the view."""
    seen = []
    monkeypatch.setattr(panel, "structure_view", lambda scene, first, painting, *rest, **more: seen.append(painting))
    return seen


def test_after_an_attention_run_the_residues_are_there(opened, painted, model):
    page = opened()
    assert not page.exception
    assert not page.error
    assert "One pass, in which the model sees the residue that it is asked for" in said(page)
    expected = residue_probabilities(model, A2A, masked=False)
    assert painted[-1].values[245] == f"{expected.wild_type[245]:.3f}"
    assert "p(wild type), one pass, a ranking only" in painted[-1].value_name


def test_a_click_selects_a_residue_and_once_more_puts_it_away(opened, painted):
    page = opened(residue="W246")
    assert "W246 6.48 6x48" in said(page)
    assert "expected W" in said(page)
    assert (246, "W246 6.48") in [tuple(tag) for tag in painted[-1].tags]
    view = page.session_state["sequence_page"].view
    assert view.residue == 245


def test_masked_probabilities_are_offered_and_shown_where_they_are_kept(opened, monkeypatch):
    page = opened(how="masked")
    assert "The masked pass has not run yet" in said(page)
    assert any(button.label.startswith("Masked pass, about") for button in page.button)
    log_p = np.full((len(A2A), 20), -np.log(20), dtype=np.float32)
    kept = ResidueProbabilities(A2A, log_p, masked=True)
    monkeypatch.setattr(residues, "kept_probabilities", lambda view, protein, masked=None: kept if masked else None)
    page = opened()
    assert "The model is no better than a guess: pseudo-perplexity 20.00" in said(page)


@pytest.mark.parametrize("tab", ["contacts", "layers", "variant"])
def test_every_tab_opens(opened, tab):
    page = opened(tab=tab)
    assert not page.exception
    assert not page.error


def test_what_layers_change_colours_the_receptor_beside_untrained_weights(opened, painted, model):
    page = opened(tab="layers", colouring="update", span="2-3")
    end = time.monotonic() + 60
    while "it is no evidence of a site" not in said(page):
        assert time.monotonic() < end
        time.sleep(0.2)
        page.run()
    page.run()  # the receptor is drawn before the words, and the job may have ended in between
    assert not page.exception
    found = state_changes(model, A2A)
    assert painted[-1].values[245] == f"{found.mean('update', (2, 3))[245]:.3f}"
    assert painted[-1].value_name.startswith("relative update, layers 2 to 3")
    for one in relations(found, "update", (2, 3)):
        assert one.sentence in said(page)
    # Another model has other layers.
    page.session_state["sequence_page"].change(model="antiberty")
    assert page.session_state["sequence_page"].view.span is None


def test_a_substitution_that_does_not_fit_is_named_and_the_earlier_one_stays(opened):
    page = opened(tab="variant", substitutions="W246A")
    assert "AA2AR W246A has not been read yet" in said(page)
    mirror_of(page.text_input, "substitutions").set_value("W245A").run()
    assert "W245A" in said(page)
    assert "C" in said(page)  # what stands there
    assert page.session_state["sequence_page"].view.substitutions == "W246A"
    assert mirror_of(page.text_input, "substitutions").value == "W245A"


def test_an_unknown_letter_has_no_score_but_the_page_stands(opened):
    key = inputs.keep_protein(Protein("with X", A2A.sequence[:60] + "X" + A2A.sequence[61:120]))
    page = open_page("sequence", {"protein": key, "residue": "61"})
    assert not page.exception


def test_nothing_of_gpcrs_is_offered_to_antiberty(opened):
    page = opened(model="antiberty")
    assert not page.exception
    assert "Antibody: species and chain" in said(page)
    assert "a receptor gets an answer, too" in said(page)


def test_pairs_and_residues_beyond_the_protein_are_ignored(monkeypatch):
    page = session.SequenceSession(session.SequenceView("AA2AR"), lambda view: {})
    monkeypatch.setattr(st, "session_state", {"sequence_page": page, "protein_page": "sequence_page"})
    session.select_residue(len(A2A))
    session.select_pair(0, len(A2A))
    assert (page.view.residue, page.view.pair) == (None, None)
    session.select_pair(3, 9)
    session.select_residue(3)
    assert (page.view.residue, page.view.pair) == (3, (3, 9))
    session.select_pair(3, 9)
    session.select_residue(3)
    assert (page.view.residue, page.view.pair) == (None, None)
