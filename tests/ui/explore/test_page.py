"""The page script without a browser: what it says when something it relies on is missing, damaged or late."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from allo_core.errors import StoreError
from allo_core.figures.head_scores import SCORES
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs.column_store import kept_columns
from allo_core.runs.extract import extract_attention
from allo_core.runs.extract_columns import extract_columns
from allo_core.runs.extract_norms import extract_weighted
from allo_core.runs.store import delete_run, list_runs
from allo_core.ui.explore import panels
from allo_core.ui.explore.tracks import tracks
from allo_core.ui.explore.view import View
from allo_core.ui.protein import panel
from allo_core.ui.shared import inputs
from allo_core.ui.shared.jobs import Job, WeightedRequest
from tests.ui.reading import mirror_of, open_page, said

REPOSITORY = Path(__file__).resolve().parents[3]
A2A = find_receptor("AA2AR").protein


@pytest.fixture(scope="module")
def model():
    return load_model(DEFAULT_MODEL, device="cpu")


@pytest.fixture
def opened(model, monkeypatch):
    """Open the page with URL parameters; AA2AR has been run before."""
    extract_attention(model, A2A)
    monkeypatch.chdir(REPOSITORY)
    st.cache_data.clear()  # where weights lie is remembered for seconds, which the next test need not share

    return lambda **query: open_page("explore", query, entered=False)


# How the legend's title of each colouring begins, with the threshold 0.05; no head passes in AA2AR for sure, so that either is right.
LEGENDS = {name: track.label for name, track in tracks().items()} | {
    "plain": None,
    "segment": "segment",
    "above threshold": "received above 0.05",
    "passing": "attention received",
    "intolerance": "mean loss of log odds",
    "network": "betweenness",
}


@pytest.fixture
def painted(monkeypatch):
    """What the structure was painted with, in the order of drawing, instead of the view."""
    seen = []
    monkeypatch.setattr(panel, "structure_view", lambda scene, first, painting, *rest, **more: seen.append(painting))
    return seen


@pytest.fixture
def heatmaps(monkeypatch):
    """The heatmaps in the order of drawing, instead of the plots."""
    seen = []
    monkeypatch.setattr(panels, "draw_heads", lambda figure, *rest, **more: seen.append(figure))
    return seen


def kept_runs_page() -> AppTest:
    """The page of kept runs, reached through app.py."""
    return open_page("runs")


def test_a_kept_run_is_shown(opened):
    page = opened()
    assert not page.exception
    assert not page.error
    among = r"0 of \d+ heads attend to the sodium pocket more than to [\d,]+ random pockets of its size and shape .* \(global p\)"
    assert re.search(rf"{among}\.", said(page))
    assert re.search(
        r"None of \d+ heads looks at the sodium pocket more than at pockets like it, but the model as a whole does \(p 0\.00\d+\)\.",
        said(page),
    )
    assert "Conservation, residue type, segment, burial and membrane depth explain" in said(page)
    assert re.search(r"Among places like the site: a single head would need \d\.\d times the expected attention", said(page))
    assert "AlloScope GPCR 8M read UniProt P29274, 412 residues, wild type. Structure 8FYN is a BRIL fusion with" in said(page)
    assert "The model never saw this structure or its state." in said(page)
    assert "Attention is not evidence of mechanism." in said(page)


def test_another_null_says_what_both_say(opened):
    page = opened(null="matched")
    assert re.search(
        r"0 of \d+ heads attend to the sodium pocket more than to [\d,]+ random pockets of its size and shape .* \(global p\); "
        r"\d+ of \d+ tested heads (\(\d+ of them flagged\) )?attends? to the sodium pocket more than to segment- and conservation-matched "
        r"residues \(q < 0\.05\); not tested: in \d random residues cannot differ",
        said(page),
    )
    assert "30% of a random matched site is the marked site itself, which costs power." in said(page)


def test_a_site_without_places_like_it_offers_random_residues(opened):
    page = opened(protein="AA2AR", sites="S350 C394 E396 G410")  # of a tail that the AlphaFold model is not sure of
    assert not page.exception
    assert re.search(r"Not tested among places like it: \d of the 4 marked residues have no position", said(page))
    page.button(key="other_null").click().run()
    assert "segment- and conservation-matched residues" in said(page)
    assert mirror_of(page.selectbox, "null").value == "matched"


def test_coupling_between_two_sets(opened):
    page = opened(protein="AA2AR", sites_b="R102 L110 K227 A231 L235", measure="AB", threshold="0.05")
    assert not page.exception
    assert re.search(
        r"\d+ of \d+ heads looks? from the sodium pocket at the G protein interface more than between 1,000 random pairs", said(page)
    )
    assert "follows" not in said(page)  # the page was drawn again when the pairs were known
    assert "B G protein interface (5)" in said(page).replace("*", "")
    mirror_of(page.selectbox, "null").set_value("matched").run()
    assert "heads look from the sodium pocket at the G protein interface more than at segment-" in said(page)


def test_pairs_that_cannot_be_read_are_told_and_not_asked_for_without_end(opened, monkeypatch):
    def gone(*_):
        raise StoreError("the run was deleted meanwhile.")

    monkeypatch.setattr("allo_core.analysis.answer.coupled_places", gone)
    # A question that no other test asks: what was compared once is kept.
    page = opened(protein="AA2AR", sites_b="R102 L110 K227 A231 L235", measure="BA", threshold="0.07")
    assert not page.exception
    assert "Not tested among places like it: the run was deleted meanwhile" in said(page)


def test_a_measure_whose_set_is_empty_says_so_and_the_page_stays(opened):
    page = opened(protein="AA2AR", measure="BA")
    assert not page.exception
    assert "Set B is empty" in " ".join(str(box.value) for box in page.info)
    assert not page.error  # and nothing offers to delete the run
    assert "delete" not in [button.key for button in page.button]
    mirror_of(page.segmented_control, "measure").set_value("A").run()
    assert not page.error


@pytest.mark.parametrize("scale", ["head", "model"])
@pytest.mark.parametrize("colouring", list(tracks()))
def test_every_colouring_can_be_shown(opened, painted, colouring, scale):
    page = opened(protein="AA2AR", colouring=colouring, scale=scale, null="matched", threshold="0.05", pairs="20", pair="52.280")
    assert not page.exception
    assert not page.error
    legend, begins = painted[-1].legend, LEGENDS[colouring]
    assert (legend is None) if begins is None else legend["title"].startswith(begins)


@pytest.mark.parametrize("protein", ["OPSB", "P2RY1"])
@pytest.mark.parametrize("colouring", ["conservation", "segment", "from A"])
def test_colourings_without_numbers_or_structure(opened, painted, model, protein, colouring):
    extract_attention(model, find_receptor(protein).protein)
    page = opened(protein=protein, colouring=colouring, sites="", structure="")
    assert not page.exception
    assert painted == []  # there is no structure to colour
    assert f"{protein} " in said(page) or find_receptor(protein).accession in said(page)


@pytest.mark.parametrize("tab", ["This head", "Map", "Downloads"])
def test_every_tab_opens(opened, tab):
    page = opened(protein="AA2AR", threshold="0.1")
    page.session_state["tabs"] = tab
    page.run()
    assert not page.exception
    assert not page.error
    labels = [button.label for button in page.get("download_button") if button.key != "freeze"]
    assert ("Rows look at columns." in said(page)) == (tab == "Map")
    assert bool(labels) == (tab == "Downloads")
    if tab == "This head":
        assert page.dataframe[0].value.columns[:2].tolist() == ["looks", "at"]


def test_a_hostile_name_is_shown_as_text(opened, model):
    protein = Protein("<script>alert(1)</script>{{x}}`**'\"", A2A.sequence[:300])
    extract_attention(model, protein)
    page = opened(protein=inputs.keep_protein(protein), sites="D52")
    assert not page.exception
    strip = next(str(item.value) for item in page.markdown if "AlloScope GPCR 8M" in str(item.value))
    assert r"\<script\>alert\(1\)" in strip


def test_what_is_kept_of_sets_can_be_deleted(model):
    extract_columns(model, A2A, (0.0, 0.3))
    page = kept_runs_page()
    assert not page.exception
    assert "1 receptor read for the page Receptors" in said(page)
    next(button for button in page.button if button.key == "delete_columns").click().run()
    assert not page.exception
    assert kept_columns() == (0, 0)
    assert "page Receptors" not in said(page)


def test_kept_runs_are_listed_and_deleted(opened, model):
    opened()
    page = kept_runs_page()
    assert not page.exception
    assert "1 run, " in said(page)
    table = page.dataframe[0].value
    assert table["protein"].tolist() == ["AA2AR"]
    assert table["residues"].tolist() == [412]
    (kept,) = list_runs()
    delete_run(kept.key)
    page.run()
    assert "No run is kept yet" in said(page)


def test_a_damaged_run_is_offered_for_deletion(opened):
    opened()
    (kept,) = list_runs()
    (kept.folder / "meta.json").write_text("{")
    page = kept_runs_page()
    assert "1 run in the folder cannot be read" in said(page)
    page.button(key="delete_damaged").click().run()
    assert not page.exception
    assert not kept.folder.exists()


def test_weights_folder_that_does_not_exist(opened, monkeypatch):
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", "/no/such/folder")
    page = opened()
    assert not page.exception
    assert "/no/such/folder" in said(page)


def test_truncated_weights_are_named_by_the_run(opened, monkeypatch, tmp_path):
    (tmp_path / "esm2_t6_8M_UR50D.pt").write_bytes(b"PK\x03\x04 cut")
    monkeypatch.setenv("ALLOSCOPE_WEIGHTS", str(tmp_path))
    page = opened(protein="AA2AR", model="esm2_t6_8M_UR50D")
    assert not page.exception
    page.button(key="run").click().run()
    for _ in range(200):
        if page.error:
            break
        page.run()
    assert not page.exception
    assert "esm2_t6_8M_UR50D.pt" in said(page)


def test_a_head_that_the_model_lacks_is_not_selected(opened):
    page = opened()
    for head in ((30, 19), (-1, 0), (2, 3)):
        page.session_state["asked"] = head
        script = AppTest.from_function(_select_asked, default_timeout=180)
        script.session_state["explore"] = replace(page.session_state["explore"])
        script.session_state["protein_page"] = "explore"
        script.session_state["asked"] = head
        script.run()
        assert not script.exception
        assert script.session_state["explore"].view.head == ((2, 3) if head == (2, 3) else None)


def _select_asked():
    import streamlit as st

    from allo_core.ui.explore import session

    session.select_head(*st.session_state.asked)


def test_matched_null_in_a_link_to_a_sequence_without_numbers(opened, model):
    protein = Protein("mine", "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVK")
    extract_attention(model, protein)
    page = opened(protein=inputs.keep_protein(protein), null="matched", sites="5-20", threshold="0.05")
    assert not page.exception
    assert mirror_of(page.selectbox, "null").value == "uniform"
    assert "uniform null" in said(page)


def test_an_upload_that_was_deleted_is_told(opened):
    key = inputs.keep_structure(b"ATOM", "mine.pdb")
    page = opened()
    explore = page.session_state["explore"]
    explore.view = View(explore.view.protein, explore.view.sites, structure=key)
    inputs.forget(key)
    page.run()
    assert not page.exception
    assert "no longer kept on this machine" in said(page)


def test_a_refused_upload_that_was_kept_earlier_stays(opened):
    content = b"not a structure"
    key = inputs.keep_structure(content, "mine.pdb")
    page = opened()
    page.session_state["asked"] = content
    script = AppTest.from_function(_upload_asked, default_timeout=180)
    script.session_state["explore"] = replace(page.session_state["explore"])
    script.session_state["protein_page"] = "explore"
    script.session_state["asked"] = content
    script.run()
    assert not script.exception
    assert inputs.kept_structure(key)[0].read_bytes() == content
    script.session_state["asked"] = b"nor this"
    script.run()
    assert "neither PDB nor mmCIF" in script.session_state["explore"].noted("structure")
    assert not inputs.is_kept_structure(b"nor this")


def _upload_asked():
    import streamlit as st

    from allo_core.ui.protein import incoming

    incoming.use_structure(st.session_state.asked, "mine.pdb", "structure")


def test_the_card_agrees_with_the_table_at_threshold_0(opened):
    page = opened(protein="AA2AR", threshold="0", head="7.7")
    page.session_state["tabs"] = "This head"
    page.run()
    assert {metric.label: metric.value for metric in page.metric}["residues hit"] == "16 of 16"


def test_a_hostile_file_name_stays_out_of_the_help_texts(opened):
    from allo_core.library.structures import shipped_structure

    name = "![a](http:&sol;&sol;127.0.0.1:9&sol;x.png)<img src=x>.cif.gz"
    key = inputs.keep_structure(shipped_structure("8FYN").path.read_bytes(), name)
    page = opened(protein="AA2AR", threshold="0.1", structure=key)
    page.session_state["tabs"] = "This head"
    page.run()
    assert not page.exception
    (contacts,) = [metric for metric in page.metric if metric.label == "contacts"]
    assert "![" not in contacts.help
    assert r"\!\[a" in contacts.help


def test_a_kept_sequence_deleted_while_residues_are_typed(opened, model, own_home):
    protein = Protein("mine", A2A.sequence[:300])
    extract_attention(model, protein)
    key = inputs.keep_protein(protein)
    page = opened(protein=key, sites="D52")
    inputs.forget(key)
    mirror_of(page.text_area, "residues").set_value("D52 S91").run()
    assert not page.exception
    assert "not kept on this machine" in said(page)
    assert "AA2AR" in said(page)


def test_a_damaged_name_of_an_upload_is_shown_as_far_as_it_can_be_read(opened, own_home):
    from allo_core.library.structures import shipped_structure

    key = inputs.keep_structure(shipped_structure("8FYN").path.read_bytes(), "mine.cif.gz")
    (own_home / "inputs" / f"{key}.name").write_bytes(b"mine\xff\xfe")
    page = opened(protein="AA2AR", structure=key)
    assert not page.exception
    assert "mine" in said(page)


def test_what_comes_late_does_not_replace_other_work(opened):
    page = opened()
    script = AppTest.from_function(_take_late, default_timeout=180)
    script.session_state["explore"] = replace(page.session_state["explore"])
    script.session_state["protein_page"] = "explore"
    script.run()
    assert not script.exception
    assert script.session_state["explore"].view == page.session_state["explore"].view
    assert script.session_state["explore"].notices == ["P1 has been fetched; choose it under Receptor."]
    assert [inputs.name_of(key) for key in script.session_state["explore"].inputs] == ["late · 1–7"]


def _take_late():
    import streamlit as st

    from allo_core.protein.sequence import Protein
    from allo_core.ui.protein import incoming
    from allo_core.ui.shared.fetching import Fetching

    done = Fetching("P1", lambda cancel: Protein("late", "MPIMGSS"), "ADRB2")
    done._thread.join()
    st.session_state.explore.fetching["sequence"] = done
    incoming.take_fetched()


def test_a_damaged_kept_sequence_is_told(opened, own_home):
    key = inputs.keep_protein(Protein("mine", "MKTAYIAKQRQ"))
    (own_home / "inputs" / f"{key}.json").write_bytes(b'{"name": "mi')
    page = opened(protein=key)
    assert not page.exception
    assert "is damaged on this machine" in said(page)


def test_a_run_damaged_while_it_is_shown_can_be_deleted(opened):
    page = opened()
    (kept,) = list_runs()
    entries = bytearray((kept.folder / "entries.bin").read_bytes())
    entries[100] ^= 1
    (kept.folder / "entries.bin").write_bytes(entries)
    mirror_of(page.select_slider, "threshold").set_value(0.17).run()
    assert not page.exception
    assert page.button(key="delete")
    page.button(key="delete").click().run()
    for _ in range(200):
        if not page.error and "Layer" in said(page):
            break
        page.run()
    assert not page.exception
    assert not page.error
    assert len(list_runs()) == 1


def test_a_run_deleted_while_it_is_shown_starts_again_or_says_so(opened):
    page = opened()
    delete_run(list_runs()[0].key)
    page.run()
    assert not page.exception


def test_a_wrong_residue_is_forgotten_when_a_site_is_chosen(opened):
    page = opened()
    mirror_of(page.text_area, "residues").set_value("D53").run()
    assert "D53: residue 53 is I" in said(page)
    mirror_of(page.selectbox, "site").set_value("Na+ contacts (4EIY)").run()
    assert "residue 53" not in said(page)
    assert mirror_of(page.text_area, "residues").value == "D52 S91 N280"


def test_numbers_of_a_paralogue_are_named(opened):
    page = opened(protein="OPSR")
    assert "Generic numbers from OPSG, 95.8 % identical" in said(page)


def test_one_marked_residue_says_why_all_heads_are_flagged(opened):
    page = opened(protein="AA2AR", sites="D52")
    assert "A 1 residue |" in said(page).replace("*", "").replace(":gray[|]", "|")
    assert "fewer than three marked residues" in said(page)


@pytest.mark.parametrize("null", ["published", "uniform", "matched"])
@pytest.mark.parametrize("threshold", ["0", "0.95"])
@pytest.mark.parametrize("score", ["q", "snr", "enrichment"])
def test_every_setting_can_be_shown(opened, heatmaps, painted, null, threshold, score):
    page = opened(protein="AA2AR", null=null, threshold=threshold, score=score, colouring="above threshold")
    assert not page.exception
    assert not page.error
    bars = [trace.colorbar.title.text for trace in heatmaps[-1].data if trace.type == "heatmap" and trace.showscale is not False]
    assert bars == [SCORES[score].label]
    assert painted[-1].legend["title"].startswith(f"received above {float(threshold):.2f}")


def weighted_of(page):
    return mirror_of(page.segmented_control, "weighting")


def wait_for(page, text):
    """Run the page until it says so; the worker computes meanwhile."""
    for _ in range(120):
        if text in said(page):
            return
        time.sleep(0.25)
        page.run()
    pytest.fail(f"{text!r} was not said, but: {said(page)}")


def test_value_weighted_attention_is_one_pass_away_and_attention_stays_as_it_was(opened, painted):
    page = opened(protein="AA2AR")
    (before,) = list_runs()
    plain_sentence = next(text for text in said(page).split("\n") if "looks at the sodium pocket" in text)
    weighted_of(page).set_value("value").run()
    wait_for(page, "By value-weighted attention: none of 120 heads looks at the sodium pocket")
    assert not page.exception
    assert not page.error
    assert "value-weighted attention" in next(str(item.value) for item in page.markdown if "AlloScope GPCR 8M" in str(item.value))
    assert mirror_of(page.select_slider, "threshold").disabled
    assert mirror_of(page.select_slider, "threshold").value == 0
    assert painted[-1].legend["title"].startswith("attention received, value-weighted")
    assert {run.key for run in list_runs()} > {before.key}
    weighted_of(page).set_value("attention").run()
    assert plain_sentence in said(page)
    assert mirror_of(page.select_slider, "threshold").value == 0.3
    assert not mirror_of(page.select_slider, "threshold").disabled


def test_the_offer_of_a_new_pass_says_what_it_takes(opened, monkeypatch):
    """Another model than the default one is not started unasked; what is shown meanwhile is attention, and says so."""
    extract_attention(load_model("antiberty", device="cpu"), A2A)
    page = opened(protein="AA2AR", model="antiberty", weighting="value", threshold="0.1")
    assert not page.exception
    assert re.search(
        r"Shown is attention\. Value-weighted attention needs one new pass of AntiBERTy over AA2AR: "
        r"about .* of memory, up to \d+ kB on disk\. The kept run stays as it is\.",
        said(page),
    )
    assert "By value-weighted" not in said(page)
    strip = next(str(item.value) for item in page.markdown if "AntiBERTy" in str(item.value) and "|" in str(item.value))
    assert "threshold 0.10" in strip
    page.button(key="weighting_run_here").click().run()
    wait_for(page, "By value-weighted attention: ")
    assert "weighting_run_here" not in [button.key for button in page.button]
    assert {run.meta.kind for run in list_runs() if run.meta.model_id == "antiberty"} == {"attention", "value_norms"}


def test_a_pass_that_is_cancelled_is_offered_again(opened):
    page = opened(protein="AA2AR")
    cancelled = Job(WeightedRequest(A2A, DEFAULT_MODEL, "auto", "float32"), state="cancelled")
    page.session_state["jobs"] = {cancelled.request: cancelled}
    weighted_of(page).set_value("value").run()
    assert not page.exception
    assert "weighting_run_here" in [button.key for button in page.button]
    assert "None of" in said(page)
    failed = Job(cancelled.request, state="failed", message="Too little memory.")
    page.session_state["jobs"] = {failed.request: failed}
    page.run()
    assert "Too little memory." in said(page)
    assert "weighting_run_here" in [button.key for button in page.button]


@pytest.mark.parametrize("tab", ["This head", "Heads", "Map", "Removed heads", "Predicted sites", "Network", "Downloads"])
def test_every_tab_opens_value_weighted(opened, model, tab):
    extract_weighted(model, A2A)
    page = opened(protein="AA2AR", weighting="value", threshold="0.1", sites_b="R102 L110 K227 A231 L235", measure="AB", colouring="to A")
    page.session_state["tabs"] = tab
    page.run()
    assert not page.exception
    assert not page.error
    if tab == "This head":
        assert "Value-weighted attention has no threshold." in said(page)
