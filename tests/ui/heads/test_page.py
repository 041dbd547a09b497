"""The page Heads without a browser: what it offers, what it shows of what is kept, and what it says where something is missing."""

import json

import numpy as np
import pytest
import streamlit as st

from allo_core.heads import sample
from allo_core.heads.arcs import family_arcs
from allo_core.heads.properties import head_property
from allo_core.heads.shares import shares_of
from allo_core.heads.verdict import verdict
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts import own_share as own_share_module
from allo_core.readouts.own_share import own_share
from allo_core.ui.heads import session
from allo_core.ui.heads.view import HeadsView, from_query, to_query
from tests.ui.reading import mirror_of, open_page, said

NAMES = ("AA2AR", "ADRB2", "CCR5", "OPSD", "MTR1A", "P2Y12")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Six receptors, so that a pass over all takes a second."""
    monkeypatch.setattr(sample, "panel_receptors", lambda: NAMES)
    sample.sample_of.cache_clear()
    st.cache_resource.clear()
    yield
    sample.sample_of.cache_clear()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def found(model):
    return family_arcs(model, NAMES)


def test_nothing_is_run_unasked_and_the_time_is_said():
    page = open_page("heads", {})
    assert not page.exception
    assert "reads 6 receptors once" in said(page)
    assert [button.label for button in page.button if button.key == "read_heads"] == ["Read 6 receptors"]


def test_what_is_kept_is_shown_with_its_verdict(found):
    page = open_page("heads", {"property": "offset", "value": "+1"})
    assert not page.exception
    assert not page.error
    shares = shares_of(found, head_property("offset"))
    value = shares.what.values.index("+1")
    assert verdict(shares, value) in said(page)
    view = page.session_state["heads_page"].view
    assert (view.property, view.value, view.head) == ("offset", "+1", None)
    best = divmod(shares.best(value), 20)
    assert f"Layer {best[0]}, head {best[1]}" in said(page)


def test_a_property_without_its_value_shows_the_one_that_stands_out(found):
    page = open_page("heads", {"value": "nothing such"})
    shares = shares_of(found, head_property("residue type"))
    above = np.where(shares.tested, shares.share - shares.background, -np.inf).max(axis=0)
    assert mirror_of(page.selectbox, "head_value").value == shares.what.values[int(above.argmax())]
    mirror_of(page.selectbox, "head_property").set_value("conserved third").run()
    assert not page.exception
    assert "look at conserved third more than expected" in said(page)
    assert page.session_state["heads_page"].view.head is None


def test_difference_of_two_values(found):
    page = open_page("heads", {"property": "offset", "value": "+1", "minus": "-1", "shows": "enrichment"})
    assert not page.exception
    assert "the residue at +1 minus the residue at -1" in said(page)
    assert "beyond what is expected of both" in said(page)
    assert "of its attention goes to special tokens; spread evenly it would be" in said(page)


def test_a_property_that_is_known_of_too_few_receptors_is_said_and_the_page_stands(found, monkeypatch):
    monkeypatch.setattr(sample, "FEWEST_CLUSTERS", 50)
    page = open_page("heads", {"property": "segment"})
    assert not page.exception
    assert "at least 50 are needed" in said(page)
    assert mirror_of(page.selectbox, "head_property").value == "segment"


def test_a_table_of_ones_own_is_asked_for_first(found):
    page = open_page("heads", {"property": "own"})
    assert not page.exception
    assert "Upload a table at the left" in said(page)


def test_every_choice_is_in_the_address_and_comes_back():
    view = HeadsView("segment", "TM3", "TM5", 60, "published", "esm2_t33_650M_UR50D", (32, 19), "cpu", "bfloat16")
    assert from_query(to_query(view)) == (view, [])
    assert to_query(HeadsView()) == {}
    shown, notices = from_query({"property": "charm", "sample": "7", "head": "99.1", "threshold": "0.3"})
    assert shown == HeadsView()
    assert len(notices) == 4


def test_another_property_or_model_forgets_value_and_head(monkeypatch):
    page = session.HeadsSession(HeadsView("segment", "TM3", head=(1, 2)), lambda view: {})
    page.change(property="contact")
    assert (page.view.value, page.view.head) == ("", None)
    page.change(head=(3, 4))
    page.change(minus="", value="")  # nothing is another
    assert page.view.head == (3, 4)
    page.change(model="antiberty")
    assert page.view.head is None
    monkeypatch.setattr(st, "session_state", {"heads_page": page})
    session.select_head(9, 1)  # AntiBERTy has 8 layers
    assert page.view.head is None


def test_residues_that_are_looked_at_alike_are_said_to_mean_nothing_about_receptors(found):
    page = open_page("heads", {})
    assert "This says nothing about receptors" in said(page)
    assert json.loads(json.dumps(to_query(page.session_state["heads_page"].view))) == {}


def test_own_share_is_offered_and_shown_where_it_is_kept(found, model, monkeypatch):
    monkeypatch.setattr(own_share_module, "panel_receptors", lambda: NAMES[:2])
    monkeypatch.setattr(own_share_module, "_RESIDUES", 1)
    monkeypatch.setattr(own_share_module, "_PROBES", 1)
    page = open_page("heads", {})
    assert "is read from gradients: 12 receptors, six residues of each, and as many with untrained weights" in said(page)
    assert [button.label for button in page.button if button.key == "compute_own_share"] == ["Compute the own share"]
    kept = own_share(model)
    page.run()
    assert not page.exception
    assert kept.sentence in said(page)
    assert not [button for button in page.button if button.key == "compute_own_share"]
