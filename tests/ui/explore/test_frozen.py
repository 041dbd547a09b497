"""Frozen questions and the log of questions on Explore, without a browser."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from allo_core.analysis.frozen import freeze, sha256_of
from allo_core.analysis.frozen_file import read_frozen
from allo_core.errors import FrozenError
from allo_core.export import run_record
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import extract_attention
from allo_core.ui.explore import frozen as page_frozen
from allo_core.ui.explore.address import to_query
from allo_core.ui.explore.results import question_of, result_of
from allo_core.ui.explore.session import ExploreSession
from allo_core.ui.explore.view import View, starting_view
from allo_core.ui.protein.view import protein_of
from allo_core.ui.shared import inputs
from tests.ui.reading import mirror_of, open_page, said

REPOSITORY = Path(__file__).resolve().parents[3]
A2A = find_receptor("AA2AR").protein


def page_of(monkeypatch, **query) -> AppTest:
    monkeypatch.chdir(REPOSITORY)
    st.cache_data.clear()
    return open_page("explore", query, entered=False, timeout=300)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sites_b": (101, 109, 226), "measure": "BA", "threshold": 0.05, "null": "uniform", "draws": 50_000},
        {"sites_b": (101, 109, 226), "measure": "B", "threshold": 0.0, "null": "published", "model": "antiberty", "dtype": "bfloat16"},
    ],
)
def test_what_the_page_freezes_it_can_open_again(changes):
    view = replace(starting_view(), name_a="mine", **changes)
    text = page_frozen.freeze_view(view, A2A)
    frozen = read_frozen(text)
    assert page_frozen.differences(frozen, view, A2A) == ()
    assert {name: stored.given_as for name, stored in frozen.question.sets.items()} == {
        name: {"A": "sodium pocket", "B": "marked on the page"}[name] for name in view.measure
    }
    opened = page_frozen._view_of(frozen, View("ADRB2", threshold=0.7, draws=100_000, name_b="x", head=(1, 1)))
    assert (opened.protein, opened.head, opened.name_b) == ("AA2AR", None, "")
    assert question_of(opened, protein_of(opened)).key == question_of(view, A2A).key
    assert (opened.model, opened.dtype) == (view.model, view.dtype)
    key = inputs.keep_frozen(text.encode(), "mine.json")
    assert page_frozen.unchanged(replace(opened, frozen=key), A2A) == text
    assert page_frozen.unchanged(replace(opened, frozen=key, threshold=0.9), A2A) == ""
    assert page_frozen.differences(frozen, replace(opened, threshold=0.9), A2A)[0].startswith("threshold 0.9 instead of ")


def test_a_part_and_a_sequence_of_ones_own_are_opened():
    for protein in (A2A.crop(10, 320), Protein("mine", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVK")):
        view = View(inputs.key_of(protein), (40, 41, 42), threshold=0.05)
        opened = page_frozen._view_of(read_frozen(page_frozen.freeze_view(view, protein)), starting_view())
        assert (opened.protein, opened.sites) == (view.protein, view.sites)


def test_what_the_page_has_no_choice_for_is_left_to_the_terminal():
    asked = replace(question_of(starting_view(), A2A), threshold=0.123, draws=777, seed=4)
    with pytest.raises(
        FrozenError, match=r"cannot ask with threshold 0\.123, 777 random draws, seed 4; answer it with: python -m allo_core"
    ):
        page_frozen._view_of(freeze(asked, DEFAULT_MODEL), starting_view())


def test_a_record_says_how_the_page_stands_to_the_file():
    maps = extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A)
    view = starting_view()
    assert page_frozen.facts_of_frozen(view, result_of(view, A2A, maps).answer) is None
    key = inputs.keep_frozen(page_frozen.freeze_view(view, A2A).encode(), "mine.json")
    view = replace(view, frozen=key, threshold=0.1)
    answer = result_of(view, A2A, maps).answer
    facts = json.loads(run_record(answer, frozen=page_frozen.facts_of_frozen(view, answer)))["frozen_analysis"]
    assert facts["differences"] == ["threshold 0.1 instead of 0.3"]
    inputs.forget(key)
    assert "not kept on this machine" in page_frozen.facts_of_frozen(view, answer)["problem"]


def test_the_page_says_whether_it_asks_what_was_frozen_and_counts_what_was_looked_at(monkeypatch):
    extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A)
    values = json.loads(page_frozen.freeze_view(starting_view(), A2A)) | {"earlier_run": None, "frozen": "2001-01-01T00:00:00+00:00"}
    text = json.dumps(values | {"sha256": sha256_of(values)})
    key = inputs.keep_frozen(text.encode(), "mine.json")
    page = page_of(monkeypatch, protein="AA2AR", frozen=key)
    assert not page.exception
    assert "Frozen on 2001-01-01 00:00:00 UTC, unchanged.** No run of this model on this sequence that is kept here is older" in said(page)
    mirror_of(page.selectbox, "null").set_value("uniform").run()
    assert "Not the question that was frozen on 2001-01-01 00:00:00 UTC:** null uniform instead of pocket." in said(page)
    page.button(key="frozen_back").click().run()
    assert "unchanged.**" in said(page)
    mirror_of(page.selectbox, "score").set_value("snr").run()  # another picture of the same answer
    log = page.session_state["question_log"]
    assert [(each.number, each.times, each.asked["null"]) for each in log.questions] == [(1, 2, "pocket"), (2, 1, "uniform")]
    assert all(0 < each.found["global_p"] <= 1 for each in log.questions)
    page.button(key="frozen_close").click().run()
    assert not page.exception
    assert "unchanged.**" not in said(page)
    assert "frozen" not in page.query_params


def test_a_file_that_is_no_longer_kept_is_told(monkeypatch):
    extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A)
    key = inputs.keep_frozen(page_frozen.freeze_view(starting_view(), A2A).encode(), "mine.json")
    page = page_of(monkeypatch, protein="AA2AR", frozen=key)
    inputs.forget(key)
    page.run()
    assert not page.exception
    assert f"{key} is not kept on this machine" in said(page)
    page.button(key="frozen_close").click().run()
    assert "not kept on this machine" not in said(page)


def test_a_file_that_is_refused_changes_nothing(monkeypatch):
    text = page_frozen.freeze_view(starting_view(), A2A)
    kept = ExploreSession(replace(starting_view(), threshold=0.1), to_query)
    monkeypatch.setattr(st, "session_state", {"explore": kept, "protein_page": "explore"})
    before = kept.view
    for content, words in (
        (text.replace('"seed": 0', '"seed": 1').encode(), "<b>.json was changed after it was frozen"),
        (b"\xff\xfe{}", "<b>.json is no frozen analysis"),
        (b"", "<b>.json is no frozen analysis"),
    ):
        page_frozen.use_frozen(content, "<b>.json")
        assert words in kept.noted("frozen")
        assert kept.view == before
    page_frozen.use_frozen(text.encode(), "mine.json")
    assert kept.noted("frozen") == ""
    assert (kept.view.threshold, kept.view.frozen[:7]) == (0.3, "frozen-")


def test_a_question_that_cannot_be_asked_is_not_frozen(monkeypatch):
    page = page_of(monkeypatch, protein="AA2AR", sites="")
    (button,) = [button for button in page.get("download_button") if button.key == "freeze"]
    assert button.disabled
    assert "Set A is empty" in button.help.replace("\\", "")
