"""The page Receptors without a browser."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from allo_core.analysis.question_log import PENDING
from allo_core.export import set_asked, set_found, set_record
from allo_core.family.consensus import consensus
from allo_core.family.members import library_set
from allo_core.family.places import rank_set
from allo_core.family.runs import run_set
from allo_core.family.swap import swap_control
from allo_core.family.table import read_set
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.runs.column_store import columns_folder
from allo_core.ui.shared import inputs
from allo_core.ui.shared.text import plain
from tests.ui.reading import mirror_of, open_page, said

A2A = find_receptor("AA2AR").protein.sequence
REPOSITORY = Path(__file__).resolve().parents[3]
TABLE = b"receptor,residues\nAA2AR,D52 S91 N280\nNOSUCH,D52\nOPRD,D95 N131 S135\n"


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def opened(monkeypatch):
    """Open the page with URL parameters."""
    monkeypatch.chdir(REPOSITORY)
    st.cache_data.clear()
    st.cache_resource.clear()

    return lambda **query: open_page("receptors", query)


@pytest.fixture
def table(model):
    """A table of two receptors that have been run."""
    run_set(DEFAULT_MODEL, read_set(TABLE.decode()), load=lambda *wanted: model)
    return inputs.keep_table(TABLE, "two.csv")


def test_a_set_that_was_not_run_is_offered(opened):
    page = opened()
    assert not page.exception
    assert "sodium-pocket positions of class A" in said(page)
    assert page.button(key="run_set").label == "Run 280 receptors"
    assert "**Left out: 13**" in said(page)
    assert not columns_folder().exists()  # nothing runs unasked


def test_sets_that_were_looked_at_are_counted_and_recorded(opened, table, model):
    page = opened(kind="table", table=table)
    assert not [popover for popover in page.get("popover") if "of this session" in popover.proto.popover.label]
    mirror_of(page.select_slider, "set_threshold").set_value(0.1).run()
    assert "2nd question of this session" in [popover.proto.popover.label for popover in page.get("popover")]
    assert not page.exception
    assert ", q " in (head := next(box.value for box in page.markdown if box.value.startswith("##### Layer")))
    assert "among places like these" in head
    log = page.session_state["question_log"]
    assert [(each.number, each.asked["receptors"], each.asked["threshold"]) for each in log.questions] == [
        (1, "residues of two.csv", 0.3),
        (2, "residues of two.csv", 0.1),
    ]
    done = run_set(DEFAULT_MODEL, read_set(TABLE.decode(), "residues of two.csv"), load=lambda *wanted: model)
    columns = done.columns(0.1)
    found = consensus(done.asked, columns)
    places, swapped = rank_set(found, columns), swap_control(found, columns)
    assert log.current.found == set_found(found, places)
    assert log.current.found["heads_that_pass_among_places"] == len(places.rank.passing)
    assert set_found(found, None)["not_compared"] == PENDING
    assert log.current.asked == set_asked(done, found)
    written = json.loads(set_record(done, found, None, places, swapped, log))
    assert written["places"]["global_p"] == places.rank.global_p
    assert written["swapped"] == {"not_compared": swapped}
    record = written["questions_looked_at"]
    assert (record["total"], record["this_question"], len(record["questions"])) == (2, 2, 2)
    assert "questions_looked_at" not in json.loads(set_record(done, found, None, places, swapped))


def test_a_table_that_was_run(opened, table):
    page = opened(kind="table", table=table)
    assert not page.exception
    assert not page.error
    verdict = r"\d+ of 120 heads looks? at the residues of two\.csv more than .* over 2 receptors in 2 clusters of homologues \(q < 0\.05\)"
    assert re.search(verdict, said(page))
    assert "2 receptors, 1 left out." in said(page)
    assert re.search(r"Layer \d, head \d+ :gray\[mean SNR", said(page))


def test_a_partly_run_set_says_so(opened, model, table):
    page = opened(kind="library", evidence="ligand contacts")
    assert not page.exception
    assert "2 of 6 have been run before and are kept" in said(page)
    assert page.button(key="run_set").label == "Run the 4 that are left"


@pytest.mark.parametrize("tab", ["Over receptors", "Structures", "Heads", "Members", "Control", "Downloads"])
def test_every_tab_opens(opened, table, tab):
    page = opened(kind="table", table=table)
    page.session_state["set_tabs"] = tab
    page.run()
    assert not page.exception
    assert not page.error
    tables = [table.value.columns[:3].tolist() for table in page.dataframe]
    first = {
        "Over receptors": ["receptor", "cluster", "weight"],
        "Heads": ["layer", "head", "mean_snr"],
        "Members": ["receptor", "residues", "asked about"],
    }
    assert (tables[:1] or [None])[0] == first.get(tab)
    assert ("Random matched residues" in said(page)) == (tab == "Control")
    assert ("Record, JSON" in [button.label for button in page.get("download_button")]) == (tab == "Downloads")
    assert bool(page.multiselect) == (tab == "Structures")


def test_classes_are_told_apart_in_the_profile(opened, model):
    some = library_set(evidence="ligand contacts")
    run_set(DEFAULT_MODEL, some, load=lambda *wanted: model)
    page = opened(kind="library", evidence="ligand contacts")
    assert not page.exception
    assert "below: the 4 receptors of class A" in said(page)


def test_a_question_that_cannot_be_asked_changes_nothing(opened):
    page = opened(positions="2x50", receptor_class="C")
    before = said(page)
    assert "2x50 of class C" in before
    mirror_of(page.text_input, "positions").set_value("2.46").run()
    assert not page.exception
    assert "write the GPCRdb number" in said(page)
    assert "2x50 of class C" in said(page)
    assert mirror_of(page.text_input, "positions").value == "2.46"  # to be mended
    mirror_of(page.text_input, "positions").set_value("3x50").run()
    assert "3x50 of class C" in said(page)
    assert "write the GPCRdb number" not in said(page)


def test_thresholds_scores_and_models(opened, table):
    page = opened(kind="table", table=table)
    mirror_of(page.select_slider, "set_threshold").set_value(0.05).run()
    assert not page.exception
    assert "threshold 0.05" in said(page)
    mirror_of(page.selectbox, "set_score").set_value("q").run()
    assert not page.exception
    page.button(key="publish_with").click().run()
    assert not page.exception
    assert "ESM-2 650M" in said(page)
    assert page.button(key="run_set").label == "Run 2 receptors"


def test_deleted_columns_are_asked_for_again(opened, table):
    page = opened(kind="table", table=table)
    for file in columns_folder().iterdir():
        file.write_bytes(b"damaged")
    mirror_of(page.select_slider, "set_threshold").set_value(0.1).run()
    assert not page.exception
    page.run()
    assert page.button(key="run_set").label == "Run 2 receptors"


def test_an_empty_table_question(opened):
    page = opened(kind="table")
    assert not page.exception
    assert "Upload a table" in said(page)
    assert "No question yet" in said(page)


def test_a_table_that_is_no_utf8_changes_nothing(opened, table):
    page = opened(kind="table", table=table)
    page.file_uploader(key="set_table").upload("mine.csv", "name,receptor,residues\né,AA2AR,D52\n".encode("cp1252"), "text/csv").run()
    assert not page.exception
    assert [error.value for error in page.error] == [
        plain("mine.csv: the table is not UTF-8 text; save it as 'CSV UTF-8'. The table before stays.")
    ]
    assert page.session_state["receptors"].view.table == table
    assert "residues of two" in said(page)


def test_hostile_names_are_shown_as_text(opened, model):
    content = f"name,sequence,residues\n<img src=x>*b*,{A2A},D52 S91 N280\n"
    run_set(DEFAULT_MODEL, read_set(content), load=lambda *wanted: model)
    page = opened(kind="table", table=inputs.keep_table(content.encode(), "<b>evil</b>.csv"))
    assert not page.exception
    strip = next(str(item.value) for item in page.markdown if "evil" in str(item.value))
    assert "\\<b\\>" in strip


def test_another_table_of_the_same_members_is_told_apart(opened, table):
    first = inputs.keep_table(TABLE.replace(b"NOSUCH", b"NOSUCH1"), "first.csv")
    second = inputs.keep_table(TABLE.replace(b"NOSUCH", b"NOTTHIS"), "second.csv")
    page = opened(kind="table", table=first)
    assert "residues of first" in said(page)
    assert "NOSUCH1" in members_said(page)
    receptors = page.session_state["receptors"]
    receptors.view = replace(receptors.view, table=second)
    page.run()
    assert not page.exception
    assert "residues of second" in said(page)
    assert "residues of first" not in said(page)
    assert "NOTTHIS" in members_said(page)
    assert "NOSUCH1" not in members_said(page)


def members_said(page) -> str:
    """What the tab Members lists as left out."""
    page.session_state["set_tabs"] = "Members"
    page.run()
    return " ".join(str(frame.value.to_dict()) for frame in page.dataframe if "why" in frame.value)


def test_a_table_that_was_deleted_meanwhile_is_said(opened, table, own_home):
    page = opened(kind="table", table=table)
    kept = list(own_home.rglob(f"{table}.*"))
    assert kept
    for file in kept:
        file.unlink()
    page.run()
    assert not page.exception
    assert "no longer kept on this machine" in said(page)
