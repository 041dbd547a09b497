"""Removed heads on Explore, without a browser: nothing yet, under way, cancelled, failed, and found."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from allo_core.errors import AblationError
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.readouts.ablation import ablate, kept_ablation
from allo_core.readouts.ablation_masks import masked_inputs
from allo_core.readouts.ablation_rises import rises_of, site_rises
from allo_core.readouts.head_sets import among_random, random_sets
from allo_core.readouts.removal import all_heads
from allo_core.runs.extract import extract_attention
from allo_core.ui.explore import needed, needed_panel, needed_set
from allo_core.ui.explore.needed import NeededRequest
from allo_core.ui.explore.needed_set import SetRequest
from allo_core.ui.explore.view import starting_view
from allo_core.ui.shared.jobs import Job
from tests.ui.reading import mirror_of, open_page, said

REPOSITORY = Path(__file__).resolve().parents[3]
A2A = find_receptor("AA2AR").protein
HEADS = [(layer, head) for layer in (4, 5) for head in range(10)]


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def opened(model, monkeypatch, tmp_path):
    """Open the page at one head, with a tab open; AA2AR has been run before, and no head was removed."""
    for module in (needed, needed_set):
        monkeypatch.setattr(module, "ablations_folder", lambda: tmp_path / "ablations")
    for module in ("ablation", "head_means"):
        monkeypatch.setattr(f"allo_core.readouts.{module}.ablations_folder", lambda: tmp_path / "ablations")
    monkeypatch.setattr("allo_core.readouts.head_means._REFERENCES", 2)
    extract_attention(model, A2A)
    monkeypatch.chdir(REPOSITORY)
    st.cache_data.clear()

    def open_tab(tab="This head"):
        page = open_page("explore", {"protein": "AA2AR", "a": "sodium pocket", "head": "5.3"}, entered=False)
        page.session_state["tabs"] = tab
        return page.run()

    return open_tab


def labels(page) -> list[str]:
    return [button.label for button in page.button]


def test_where_no_head_was_removed_it_is_offered_with_its_time(opened):
    page = opened()
    assert not page.exception
    assert any(label.startswith("Remove this head, about ") for label in labels(page))
    page = opened("Removed heads")
    assert not page.exception
    assert "No head was removed yet." in said(page)
    assert any(label.startswith("Remove the 40 that gradients point at and all that pass, about ") for label in labels(page))
    assert any(label.startswith("Remove all, about ") for label in labels(page))


def test_a_protein_of_few_residues_says_why_no_head_can_be_removed(opened):
    sites = (0, 1)
    protein = Protein("x", "MKX")
    result = type("Result", (), {"question": type("Question", (), {"sites": sites})})
    with pytest.raises(AblationError, match="x has 2 residues of the twenty"):
        needed.needed_of(starting_view(), protein, result)
    assert "x has 2 residues" in str(needed_panel._found(starting_view(), protein, result))


def test_what_is_kept_is_shown_with_its_chance_level(opened, model):
    sets = all_heads(model.spec)
    inputs = masked_inputs([A2A])
    ablate(model, inputs, sets, "mean", [sets.index((head,)) for head in HEADS])
    page = opened()
    assert not page.exception
    kept = kept_ablation(DEFAULT_MODEL, inputs, sets, "mean")
    assert kept is not None
    rises = site_rises(kept, {A2A.sequence: starting_view().sites})
    assert rises is not None
    at = sets.index(((5, 3),))
    line = f"Removing it: {rises.site.value[at]:+.3f} nats at the site, {rises.matched.value[at]:+.3f} at matched residues ("
    assert line in said(page)
    assert not any(label.startswith("Remove this head") for label in labels(page))
    page = opened("Removed heads")
    assert not page.exception
    assert "0 by chance" in said(page)
    assert f"20 of {len(sets)} heads were removed. The loss with all heads is {rises.base_site:.3f} nats" in said(page)


@pytest.mark.parametrize(
    ("state", "told"),
    [("cancelled", "Cancelled; what was computed is kept"), ("failed", "no memory is left"), ("running", "")],
)
def test_a_job_that_goes_on_or_has_ended_without_a_result(opened, monkeypatch, state, told):
    def job_of(request: NeededRequest) -> Job | None:
        return Job(request, state, "Removing heads: pass", 3, 7, "no memory is left") if request.heads == ((5, 3),) else None

    monkeypatch.setattr(needed_panel, "job_of", job_of)
    page = opened()
    assert not page.exception
    assert told in said(page)
    assert any(label.startswith("Remove this head") for label in labels(page)) == (state != "running")
    if state == "running":
        assert any(button.key == "cancel_needed_head" for button in page.button)


def test_the_worker_removes_the_heads_that_are_asked_and_those_that_gradients_point_at(opened, model, monkeypatch):
    monkeypatch.setattr(needed, "chosen_by_gradient", lambda guess, passing: (int(np.argmax(guess)), *passing))
    monkeypatch.setattr(needed, "guessed_rises", lambda *_: np.arange(120).reshape(10, 12))
    asked = []
    monkeypatch.setattr(needed, "ablate", lambda model, inputs, sets, kind, wanted, *_: asked.append((kind, list(wanted))))
    for guessed in (False, True):
        NeededRequest(A2A, DEFAULT_MODEL, heads=((0, 2),), guessed=guessed).run(
            lambda *_: None, type("Never", (), {"is_set": lambda self: False})(), lambda *_: model
        )
    assert asked == [("mean", [2]), ("mean", [119, (0, 2)])]


def test_heads_removed_together_are_named_offered_and_shown_beside_random_sets(opened, model, monkeypatch):
    page = opened("Removed heads")
    field = mirror_of(page.text_input, "removed")
    field.set_value("5.3 5.33").run()
    assert "There is no head 5.33" in said(page)
    assert mirror_of(page.text_input, "removed").value == "5.3 5.33"  # to be mended
    mirror_of(page.text_input, "removed").set_value("5.6 5.3").run()
    assert not page.exception
    assert page.session_state["explore"].view.removed == "5.3,5.6"
    assert any(label.startswith("Remove these 2 heads and 20 random sets of the same layers, about ") for label in labels(page))
    heads = ((5, 3), (5, 6))
    monkeypatch.setattr(needed_set, "DRAWS", 3)
    SetRequest(A2A, DEFAULT_MODEL, heads=heads).run(lambda *_: None, Event(), lambda *_: model)
    page.run()
    assert not page.exception
    sets = (heads, *random_sets(model.spec, heads, 3))
    kept = kept_ablation(DEFAULT_MODEL, masked_inputs([A2A]), sets, "mean")
    assert among_random(rises_of(kept)).sentence in said(page)
    assert "at the marked residues more than at matched ones by " in said(page)
    assert not any(label.startswith("Remove these 2 heads") for label in labels(page))
    mirror_of(page.text_input, "removed").set_value(",".join(f"0.{head}" for head in range(20))).run()
    assert "These are all heads of their layers" in said(page)


def test_without_a_name_all_heads_that_pass_are_meant(opened):
    view = starting_view()
    scores = type("Scores", (), {"passing": lambda self: pd.DataFrame({"layer": [4, 2], "head": [1, 7]})})
    result = type("Result", (), {"scores": scores()})
    assert needed_set.heads_of_set(view, result) == ((2, 7), (4, 1))
    assert needed_set.heads_of_set(replace(view, removed="3.6"), result) == ((3, 6),)
    with pytest.raises(AblationError, match=r"There is no head 33\.1"):
        needed_set.heads_of_set(replace(view, removed="33.1"), result)
