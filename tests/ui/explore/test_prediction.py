"""Predicted sites on the page: table, marks, colours, and what is said where there is no prediction."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from allo_core.errors import PredictionError
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.prediction.predictor import predict_sites
from allo_core.runs.extract import extract_attention
from allo_core.ui.explore import prediction
from allo_core.ui.explore import view as state
from allo_core.ui.explore.painting import paint, source_of
from allo_core.ui.explore.tracks import tracks
from allo_core.ui.protein import view as protein_view
from tests.ui.predictors import small_predictor
from tests.ui.reading import open_page, said

REPOSITORY = Path(__file__).resolve().parents[3]
UNKNOWN = find_receptor("GPR3").protein  # class A, no site in the library but the generic sodium pocket


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def predictor(monkeypatch):
    made = small_predictor()
    monkeypatch.setattr(prediction, "load_predictor", lambda: made)
    st.cache_resource.clear()
    yield made
    st.cache_resource.clear()


@pytest.fixture
def maps(model):
    return extract_attention(model, UNKNOWN)


@pytest.fixture
def opened(maps, monkeypatch):
    """Open the page with URL parameters; the receptor has been run before."""
    monkeypatch.chdir(REPOSITORY)

    return lambda **query: open_page("explore", {"protein": "GPR3"} | query, entered=False)


def table_of(page) -> pd.DataFrame:
    (table,) = [frame.value for frame in page.dataframe if "probability" in frame.value]
    return table


def button(page, key):
    (found,) = [one for one in page.button if one.key == key]
    return found


def test_without_marked_residues_the_page_predicts(opened, predictor, maps):
    page = opened(sites="")
    assert not page.exception
    assert not page.error
    table = table_of(page)
    expected = predict_sites(maps, UNKNOWN, numbers_for(UNKNOWN), predictor)
    assert table["probability"].to_numpy() == pytest.approx(np.sort(expected)[::-1])
    assert table["residue"].iloc[0] == UNKNOWN.label(int(expected.argmax()))
    assert table["rank"].tolist() == list(range(1, len(UNKNOWN) + 1))
    assert table.set_index("residue")["library"].ne("").sum() == len(protein_view.offered_sites("GPR3")["sodium pocket"])
    assert "Fitted to the listed allosteric sites of 2 receptors" in said(page)
    assert "unlabelled, not known to be no site" in said(page)


def test_what_attention_adds_and_how_it_was_picked_are_not_folded_away(opened, maps):
    st.cache_resource.clear()
    page = opened(sites="")
    in_view = [element.value.replace("\\", "") for element in page.markdown if not element.value.startswith("- ")]
    for words in ("The predictor (", "Which row ships was decided", "Attention adds"):
        assert any(value.startswith(words) for value in in_view), words


def test_the_highest_are_marked_at_once(opened, predictor, maps):
    page = opened(sites="")
    button(page, "mark_predicted").click().run()
    assert not page.exception
    expected = predict_sites(maps, UNKNOWN, numbers_for(UNKNOWN), predictor)
    assert page.session_state["explore"].view.sites == tuple(sorted(np.argsort(-expected, kind="stable")[:10].tolist()))
    assert "p and q are circular" in said(page)
    page.session_state["explore"].change(sites=(50, 60, 70))
    page.run()
    assert "circular" not in said(page)


def test_the_orthosteric_site_is_counted_and_can_be_left_out(opened, predictor):
    page = opened(sites="")
    whole = table_of(page)
    assert re.search(r"\d+ of the 10 highest lie in the orthosteric site \(the ligand positions of class A\)", said(page))
    page.toggle(key="without_orthosteric").set_value(True).run()
    assert not page.exception
    rest = table_of(page)
    assert len(rest) == len(whole) - 10
    assert not {"3x32", "6x48", "7x42"} & set(rest["generic"])
    assert rest["rank"].tolist() == whole.set_index("residue").loc[rest["residue"], "rank"].tolist()


def test_the_structure_shows_it_with_and_without_marks(model, predictor):
    protein = find_receptor("AA2AR").protein
    maps = extract_attention(model, protein)
    view = replace(state.starting_view(), colouring="predicted", sites=())
    shown = tracks()["predicted"].of(source_of(view, protein, None, maps))
    assert shown.values == pytest.approx(predict_sites(maps, protein, numbers_for(protein), predictor))
    painted = paint(view, protein, None, None, "light", maps)
    assert "predicted sites" in painted.legend["title"]
    assert len(painted.colours) == len(protein)
    assert painted.legend["low"] == f"≤ {np.median(shown.values):.3g} (median)"
    lower = shown.values <= np.median(shown.values)
    assert len({colour for colour, low in zip(painted.colours, lower, strict=True) if low}) == 1
    assert len(set(painted.colours)) > 50
    assert paint(view, protein, None, None, "light").colours == []  # no run yet


def test_another_model_is_told_and_offered_the_right_one(monkeypatch, predictor):
    monkeypatch.chdir(REPOSITORY)
    extract_attention(load_model("antiberty", device="cpu"), UNKNOWN)
    query = {"protein": "GPR3", "sites": "", "model": "antiberty", "colouring": "predicted"}
    page = open_page("explore", query, entered=False)
    assert not page.exception
    told = " ".join(str(box.value) for box in page.info).replace("\\", "")
    assert "was fitted to the attention of AlloScope GPCR 8M; that of AntiBERTy means nothing to it." in told
    button(page, "predictors_model").click().run()
    assert not page.exception
    assert page.session_state["explore"].view.model == DEFAULT_MODEL


def test_without_a_predictor_the_page_stays(opened, monkeypatch):
    def missing():
        raise PredictionError("There is no site predictor here; make it with python -m allo_core.terminal.fit.")

    monkeypatch.setattr(prediction, "load_predictor", missing)
    st.cache_resource.clear()
    page = opened(sites="", colouring="predicted")
    assert not page.exception
    assert not page.error
    assert "There is no site predictor here" in " ".join(str(box.value) for box in page.info)
    assert [one.key for one in page.button if one.key in ("mark_predicted", "predictors_model")] == []


def test_a_receptor_of_the_training_is_said(model, predictor, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    extract_attention(model, find_receptor("CCR9").protein)
    page = open_page("explore", {"protein": "CCR9", "sites": ""}, entered=False)
    assert not page.exception
    assert any("fitted to CCR9 itself" in str(box.value) for box in page.warning)
