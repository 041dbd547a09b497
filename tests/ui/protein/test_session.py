"""The pages of one protein show the same protein and marks, whichever was open before."""

import pytest
import streamlit as st

from allo_core.ui.explore import session as explore_session
from allo_core.ui.explore.session import ExploreSession
from allo_core.ui.explore.view import starting_view
from allo_core.ui.protein import session as protein_session
from allo_core.ui.sequence import session as sequence_session


@pytest.fixture
def pages(monkeypatch):
    """A browser session with no page yet, and no link."""

    class Parameters(dict):
        def to_dict(self):
            return dict(self)

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(st, "query_params", Parameters())


def test_a_page_takes_over_protein_marks_model_and_structure(pages):
    explore = explore_session.start()
    protein_session.open_protein("ADRB2")
    protein_session.mark((112, 113), "B")
    explore.change(structure="3SN6", name_b="mine", model="esm2_t33_650M_UR50D", panel="snake", threshold=0.1)
    sequence = sequence_session.start()
    shared = ("protein", "sites", "sites_b", "marking", "structure", "name_b", "model")
    assert [getattr(sequence.view, name) for name in shared] == [getattr(explore.view, name) for name in shared]
    assert sequence.view.panel == ""  # each page has its own picture
    assert sequence.inputs is explore.inputs

    protein_session.mark((5,), "A")
    assert sequence.view.sites == (5,)
    assert explore.view.sites != (5,)
    assert explore_session.start().view.sites == (5,)
    assert explore.view.threshold == 0.1


def test_what_belongs_to_the_protein_before_goes_when_another_is_taken_over(pages):
    explore_session.start()
    sequence = sequence_session.start()
    sequence.change(residue=51, substitutions="D52A", head=(1, 1), pair=(1, 2))
    explore = explore_session.start()
    explore.change(head=(2, 2))
    protein_session.open_protein("ADRB2")
    assert explore.view.head is None
    again = sequence_session.start()
    assert again is sequence
    assert (again.view.protein, again.view.residue, again.view.substitutions, again.view.head, again.view.pair) == (
        "ADRB2",
        None,
        "",
        None,
        None,
    )


def test_without_another_page_nothing_is_taken_over(pages):
    sequence = sequence_session.start()
    sequence.change(residue=3)
    assert sequence_session.start().view.residue == 3
    assert not sequence.notices


def test_marks_act_on_the_page_that_is_open(pages):
    explore_session.start()
    sequence_session.start()
    assert protein_session.page() is sequence_session.page()
    protein_session.toggle_residue(0)
    assert 0 in sequence_session.page().view.sites
    assert 0 not in explore_session.page().view.sites
    protein_session.undo()
    assert 0 not in sequence_session.page().view.sites


def test_another_model_has_another_best_head(pages):
    explore = ExploreSession(starting_view(), lambda view: {})
    explore.change(head=(3, 3))
    explore.change(threshold=0.1)
    assert explore.view.head == (3, 3)
    explore.change(model="esm2_t33_650M_UR50D")
    assert explore.view.head is None
