"""A batch of what heads look at on the page Batch, without a browser."""

import json
from pathlib import Path

import pytest
import streamlit as st

from allo_core.batch.heads_summary import shares_over
from allo_core.heads.verdict import verdict
from tests.batch.made import heads_batch, receptor_records, sequence
from tests.ui.reading import mirror_of, open_page, said

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    return heads_batch(tmp_path_factory.mktemp("batch") / "out", receptor_records())


@pytest.fixture
def opened(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    st.cache_resource.clear()

    def of_folder(folder: Path):
        page = open_page("batch", {})
        mirror_of(page.text_input, "batch_folder").set_value(str(folder)).run()
        assert not page.exception
        return page

    return of_folder


def test_all_heads_for_a_value_and_another_property(opened, batch):
    page = opened(batch.folder)
    assert not page.error
    text = said(page)
    assert "<i>a</i>.fasta :gray[|]" in text
    assert "8 records, 1 failed :gray[|] what heads look at" in text
    assert "Known of 7 sequences in 6 groups of homologues, which are drawn for intervals and q." in text
    assert "heads look at residue type" in text
    assert page.dataframe[0].value["relative"].tolist()[:3] == ["AA1R", "AA2AR", "ADRB2"]
    assert page.dataframe[0].value["notes"].tolist()[7].startswith("long has 511 residues")
    mirror_of(page.selectbox, "batch_property").set_value("segment").run()
    mirror_of(page.selectbox, "batch_value").set_value("TM3").run()
    assert not page.exception
    shares = shares_over(batch, "segment")
    assert verdict(shares, shares.what.values.index("TM3")).split(";")[0] in said(page)
    page.session_state["batch"].change(head=(40, 40))
    page.run()
    assert not page.exception
    assert "Layer 7, head 7" in said(page)  # of those that there are the nearest


def test_too_few_sequences_are_said_and_the_sequences_stand_below(opened, tmp_path):
    few = heads_batch(tmp_path / "out", [(1, "a", sequence(60, 1)), (2, "<b>b</b>", sequence(60, 2))])
    page = opened(few.folder)
    assert "These sequences are of 2 clusters of homologues; at least 5 are needed." in said(page)
    assert page.dataframe[0].value["name"].tolist() == ["a", "<b>b</b>"]
    assert json.loads((few.folder / "metadata.json").read_text())["settings"]["task"] == "heads"
