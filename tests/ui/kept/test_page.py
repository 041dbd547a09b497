"""The page of kept runs without a browser: the three states of a run."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from allo_core.runs.extract import keep_probabilities
from tests.runs.attention_runs import random_attention, run_meta, write_run
from tests.ui.reading import open_page, said


@pytest.fixture
def kept():
    """One run of each state: a whole one, one of another version, a damaged one."""
    attention = random_attention(3, 4, 32)
    whole, other, damaged = (write_run(run_meta(model_id=name), attention).folder for name in ("whole", "other", "damaged"))
    content = json.loads((other / "meta.json").read_text())
    (other / "meta.json").write_text(json.dumps(content | {"meta": content["meta"] | {"format": 2, "<b>": 1}, "alloscope": "9.0"}))
    (damaged / "meta.json").write_text("{")
    return whole, other, damaged


def page_of_runs() -> AppTest:
    return open_page("runs")


def test_three_states_are_shown(kept):
    page = page_of_runs()
    assert not page.exception
    # A run that another test began in the background may end up here, too.
    assert page.dataframe[0].value["protein"].tolist().count("random") == 1
    assert "1 run in the folder cannot be read." in said(page)
    assert "was made by another version of AlloScope (written by 9.0 in format 2, this version reads 1)" in said(page)
    assert "Run again, or open it with that version." in said(page)


def test_deleting_what_is_damaged_leaves_what_another_version_made(kept):
    whole, other, damaged = kept
    page_of_runs().button(key="delete_damaged").click().run()
    assert [folder.exists() for folder in (whole, other, damaged)] == [True, True, False]


def test_what_another_version_made_is_deleted_on_purpose(kept):
    whole, other, damaged = kept
    page = page_of_runs()
    button = page.button(key="delete_other_versions")
    assert button.label.startswith("Delete 1 run of another version, ")
    button.click().run()
    assert not page.exception
    assert [folder.exists() for folder in (whole, other, damaged)] == [True, False, True]
    assert "another version" not in said(page)


def test_what_is_kept_of_residues_is_named():
    keep_probabilities(run_meta(), np.full((30, 20), -np.log(20), dtype=np.float32), masked=True)
    page = page_of_runs()
    assert not page.exception
    assert "masked probabilities" in page.dataframe[0].value["holds"].tolist()
