"""The network on the page: offered, computed by the worker, shown beside its null, on the structure and as a route."""

import threading
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from allo_core.errors import Cancelled
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.networks.report import NetworkReport, SetPaths
from allo_core.runs.extract import extract_attention
from allo_core.ui.explore import network, results
from allo_core.ui.explore import shown as shown_module
from allo_core.ui.explore import view as state
from allo_core.ui.explore.network_against import DifferenceRequest
from allo_core.ui.explore.painting import paint
from allo_core.ui.explore.shown import Shown
from allo_core.ui.shared.jobs import Job
from allo_core.ui.shared.structures import load_structure
from tests.ui.reading import mirror_of, open_page, said

PROTEIN = find_receptor("AA2AR").protein


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def view():
    return replace(state.starting_view(), sites_b=(101, 109, 226))


@pytest.fixture
def asked(view):
    return network.request_of(view, PROTEIN, load_structure("8FYN", PROTEIN), None)


@cache  # seconds, and two tests want the same
def computed(request) -> Job:
    told = []
    outcome = request.run(lambda *words: told.append(words), threading.Event(), load_model)
    assert told[0] == ("Network", 0, 22)
    return Job(request, state="done", outcome=outcome)


def test_the_same_wish_is_one_job(view, asked):
    loaded = load_structure("8FYN", PROTEIN)
    assert network.request_of(view, PROTEIN, loaded, None) == asked
    assert len({asked, network.request_of(replace(view, contacts="ca"), PROTEIN, loaded, None)}) == 2
    assert network.request_of(replace(view, sites_b=()), PROTEIN, loaded, None).sets is None


def test_a_cancelled_one_ends(asked):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        asked.run(lambda *words: None, stop, load_model)


def test_it_is_offered_then_shown(model, view, asked):
    maps = extract_attention(model, PROTEIN)
    query = {"protein": "AA2AR", "sites_b": "R102,L110,K227", "colouring": "network"}
    page = open_page("explore", query, entered=False)
    page.session_state["tabs"] = "Network"
    page.run()
    assert not page.exception
    assert "compute_network" in [button.key for button in page.button]
    assert "its stability and its paths: about" in said(page)

    loaded = load_structure("8FYN", PROTEIN)
    job = computed(asked)
    report = job.outcome.value
    assert isinstance(report, NetworkReport)
    assert isinstance(report.between, SetPaths)
    page.session_state["jobs"] = {job.request: job}
    page.run()
    assert not page.exception
    assert "The path from A to B" in said(page)
    assert "pocket pairs at that distance" in said(page)
    assert "compute_network" not in [button.key for button in page.button]
    (table,) = [frame.value for frame in page.dataframe if "burial" in frame.value]
    assert table["value"].tolist() == sorted(report.values["betweenness"][report.network.nodes], reverse=True)

    values = network.central_values(report, "betweenness", len(PROTEIN))
    assert np.flatnonzero(np.isfinite(values.values)).tolist() == report.network.nodes.tolist()
    route = report.between.paths.routes[0]
    steps = network.route_of(report)
    assert [steps[0][0], *(other for _, other in steps)] == list(route)
    missing = paint(replace(view, colouring="network"), PROTEIN, results.result_of(view, PROTEIN, maps), None, "light", loaded=loaded)
    assert "not computed yet" in (missing.legend or {})["title"]
    assert not missing.pairs


def test_scripts_draw_the_path_or_the_contacts_of_the_network_and_else_the_pairs_of_the_head(model, view, asked, monkeypatch):
    result, loaded = results.result_of(view, PROTEIN, extract_attention(model, PROTEIN)), load_structure("8FYN", PROTEIN)
    details = results.details_of(result, 2, loaded)
    shown = Shown(replace(view, colouring="network", pairs=2), PROTEIN, result, None, loaded, {}, "", details)
    monkeypatch.setattr(shown_module, "report_of", lambda *_: None)
    assert shown.lines == ("strongest pairs", shown.pairs)
    report = computed(asked).outcome.value
    monkeypatch.setattr(shown_module, "report_of", lambda *_: report)
    assert replace(shown).lines == ("path", [(*step, 1.0) for step in network.route_of(report)])
    alone = replace(report, between=None)
    monkeypatch.setattr(shown_module, "report_of", lambda *_: alone)
    kind, contacts = replace(shown).lines
    edges = report.network.edges
    assert (kind, len(contacts)) == ("contacts", int((~edges.bonded).sum()))
    assert {pair[:2] for pair in contacts} == {tuple(pair) for pair in edges.pairs[~edges.bonded].tolist()}
    assert replace(shown, view=replace(view, colouring="received", pairs=2)).lines == ("strongest pairs", shown.pairs)


def test_without_a_network_there_is_no_route():
    assert network.route_of(None) == []
    assert network.central_values(None, "degree", 5).missing


def test_edges_are_weighted_by_the_head_or_the_passing_ones(model, view, monkeypatch):
    result, loaded = results.result_of(view, PROTEIN, extract_attention(model, PROTEIN)), load_structure("8FYN", PROTEIN)
    assert network.request_of(view, PROTEIN, loaded, result).heads == ()
    weighted = network.request_of(replace(view, edges="head"), PROTEIN, loaded, result)
    assert weighted.heads == (result.head,)
    assert weighted.attention == result.maps.meta.key
    passing = result.scores.frame.iloc[[3, 7]]
    monkeypatch.setattr(type(result.scores), "passing", lambda self, q=0.05: passing)
    both = network.request_of(replace(view, edges="passing"), PROTEIN, loaded, result)
    assert both.heads == tuple(zip(passing["layer"], passing["head"], strict=True))
    monkeypatch.setattr(type(result.scores), "passing", lambda self, q=0.05: passing.iloc[:0])
    none = network.request_of(replace(view, edges="passing"), PROTEIN, loaded, result)
    assert none == network.request_of(view, PROTEIN, loaded, result)


def test_contacts_beside_another_structure(model):
    """Chosen, compared by the worker, and shown with what noise alone changes."""
    extract_attention(model, PROTEIN)
    page = open_page("explore", {"protein": "AA2AR", "structure": "8FYN"}, entered=False)
    page.session_state["tabs"] = "Network"
    page.run()
    box = mirror_of(page.selectbox, "against")
    assert not any(label.startswith("8FYN") for label in box.options)
    box.set_value("AF-P29274-F1").run()
    assert not page.exception
    assert page.session_state["explore"].view.against == "AF-P29274-F1"
    assert "compare_contacts" in [button.key for button in page.button]
    first, second = (load_structure(name, PROTEIN) for name in ("8FYN", "AF-P29274-F1"))
    request = DifferenceRequest(PROTEIN, "8FYN", first.mapping.chain, "AF-P29274-F1", "heavy", first, second)
    outcome = request.run(lambda *words: None, threading.Event(), load_model)
    page.session_state["jobs"] = {request: Job(request, state="done", outcome=outcome)}
    page.run()
    assert not page.exception
    assert outcome.value.sentence in said(page)
    (table,) = [frame.value for frame in page.dataframe if "contact" in frame.value]
    assert table["contact"].value_counts().to_dict() == {"gained": len(outcome.value.gained), "lost": len(outcome.value.lost)}
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        request.run(lambda *words: None, stop, load_model)


def test_another_protein_has_no_such_other_structure():
    assert replace(state.starting_view(), against="AF-P29274-F1").of_another_protein("ADRB2").against == ""
