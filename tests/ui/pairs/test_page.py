"""The page Pairs without a browser: what it shows, what it says where something is missing, and the link."""

import time

import pytest

from allo_core.interaction.coupling_models import shipped_models
from allo_core.interaction.coupling_table import families, reported
from allo_core.interaction.coupling_worth import explained_sentence, worth_sentence
from allo_core.interaction.new_families import new_families
from allo_core.interaction.splits import by_pair, by_protein
from allo_core.interaction.tables import read_pair_table
from allo_core.ui.pairs import own_pairs
from allo_core.ui.pairs.address import from_query, to_query
from allo_core.ui.pairs.requests import TrainRequest
from allo_core.ui.pairs.view import PairsView
from tests.ui.reading import mirror_of, open_page, said


def answered(query):
    """The page once the models were asked."""
    page, end = open_page("pairs", query), time.monotonic() + 120
    while any(job.active for job in page.session_state["jobs"].values()):
        assert time.monotonic() < end, "the models do not answer"
        time.sleep(0.1)
    return page.run()


def test_it_opens_with_adenosine_and_gs():
    page = answered({})
    assert not page.exception
    text = said(page)
    assert "Gs is reported of AA2AR." in text
    assert "without having learnt from it or its homologues" in text
    assert "Click a stretch" in text


def test_another_family_and_way_of_weighing():
    page = answered({"protein": "ADRB2", "partner": "Gq/11", "by": "gradients", "segment": "4"})
    assert not page.exception
    assert "Gq/11" not in (reported("ADRB2") or ())
    assert "Gq/11 is not reported, which is less than" in said(page)
    assert "5 of 10" in said(page)
    mirror_of(page.selectbox, "by").set_value("attention").run()
    assert page.session_state["pairs_page"].view.by == "attention"
    assert page.session_state["pairs_page"].view.segment is None


def test_inside_the_model_its_rank_is_said_first():
    page = answered({"tab": "inside", "layer": "1"})
    assert not page.exception
    text = said(page)
    amps = next(one.card for one in shipped_models() if one.key == "amps")
    assert explained_sentence(amps) in text
    assert "0.46 (0.38 to 0.53; chance 0.5, which is not told from it)" in text
    assert "G protein contacts" in text
    assert "A is the receptor, B the G protein." in text


def test_what_it_is_worth():
    page = open_page("pairs", {"tab": "worth"})
    assert not page.exception
    assert worth_sentence(shipped_models()[0].card) in said(page)
    methods, left_out, receptors = (frame.value for frame in page.dataframe)
    assert new_families().sentence in said(page)
    assert len(left_out) == len(new_families().rows)
    assert "ESM2_AMPS" in set(methods["method"])
    assert len(receptors) == 251
    assert receptors.set_index("receptor").loc["AA2AR", "reported"] == "Gs, Gq/11"


def test_what_is_no_receptor_is_said_in_place_of_the_pictures(monkeypatch):
    from allo_core.protein.sequence import Protein
    from allo_core.ui.shared import inputs

    key = inputs.keep_protein(Protein("mine", "MKVLAAGIVGLLLA" * 12))
    page = answered({"protein": key})
    assert not page.exception
    assert "mine is like no receptor of the library" in said(page)
    assert [button.label for button in page.button if button.key == "ask_models"] == ["Ask the models"]


def test_own_pairs_are_asked_for_first():
    page = open_page("pairs", {"tab": "yours"})
    assert not page.exception
    assert "Two tables: one names proteins" in said(page)


def test_the_examples_are_tables_that_can_be_read():
    table = read_pair_table(own_pairs._example_sequences().encode(), own_pairs._example_pairs().encode())
    assert not table.complaints
    assert table.labelled
    assert len(table.pairs) == 4 * 12


@pytest.mark.parametrize("split", ["protein", "pair"])
def test_a_model_of_own_pairs_is_learnt_and_compared(split, monkeypatch):
    """Two epochs on the example, in which no protein but the partners stands on both sides."""
    from allo_core.interaction import learning_settings
    from allo_core.models.language_model import load_model
    from allo_core.ui.pairs import requests

    monkeypatch.setattr(requests, "LearningSettings", lambda: learning_settings.LearningSettings(epochs=2))
    monkeypatch.setattr(requests, "split_by", of_receptors)
    table = read_pair_table(own_pairs._example_sequences().encode(), own_pairs._example_pairs().encode())
    request = TrainRequest("0" * 64, table.pairs, split, shipped_models()[0].card.model_id)
    stages = []
    card = request.run(lambda stage, done, total: stages.append(stage), None, load_model).value
    assert card.comparison[0].name == "ESM2_AMPS"
    assert {"names alone", "lengths alone", "side B alone", "chance"} <= {row.name for row in card.comparison}
    assert any(stage.startswith("Fold 1 of") for stage in stages)
    assert card.data == "own pairs"


def of_receptors(kind, pairs):
    """The four partners of the example may be on both sides."""
    return by_pair(pairs) if kind == "pair" else by_protein(pairs, side="A")


def test_the_link_brings_the_view_back():
    view = PairsView("AA2AR", sites=(51,), structure="8FYN", tab="inside", partner="Gi/o", by="attention", segment=3, layer=1)
    again, notices = from_query(to_query(view))
    assert (again, notices) == (view, [])


@pytest.mark.parametrize("query", [{"partner": "Gx"}, {"by": "magic"}, {"segment": "99"}, {"layer": "x"}, {"tab": "none"}])
def test_what_a_link_may_not_say_is_named(query):
    view, notices = from_query({"protein": "AA2AR", **query})
    assert len(notices) == 1
    assert next(iter(query.values())) in notices[0]
    assert view.partner == families()[0].name
