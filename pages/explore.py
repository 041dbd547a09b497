"""Explore: one protein, its residue sets, and the heads that look at them."""

import streamlit as st

from allo_core.analysis.verdict import set_phrases
from allo_core.attention.head_card import MOST_PAIRS
from allo_core.errors import AlloScopeError, ScoreError
from allo_core.models.registry import get_spec
from allo_core.runs.extract import find_kept_run, run_notes
from allo_core.ui.explore import panels, results, session
from allo_core.ui.explore.beside import beside_of, draw_beside, draw_choice, titled
from allo_core.ui.explore.controls import draw_controls
from allo_core.ui.explore.example import draw_example
from allo_core.ui.explore.frozen import draw_freeze, draw_frozen_line
from allo_core.ui.explore.painting import paint
from allo_core.ui.explore.prediction_panel import circularity, draw_prediction
from allo_core.ui.explore.rail import draw_rail
from allo_core.ui.explore.sentences import model_sentence, structure_sentence
from allo_core.ui.explore.shown import Shown
from allo_core.ui.explore.strip import draw_strip, draw_verdict
from allo_core.ui.explore.tabs import draw_tabs
from allo_core.ui.explore.weighting import draw_weighting_offer, lacks_norms
from allo_core.ui.protein import incoming
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.panel import HEIGHT, draw_receptor, panel_of
from allo_core.ui.protein.run_state import device_notes, draw_failure, draw_run_state
from allo_core.ui.protein.view import offered_sites
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

page = session.start()
incoming.take_fetched()
protein = protein_session.settle()
view = page.view
spec = get_spec(view.model)
loaded, structure_problem = protein_session.loaded_structure(view, protein)

maps, failure = None, None
try:
    maps = find_kept_run(view.model, protein, view.device, view.dtype)
except AlloScopeError as error:
    failure = error
job = protein_session.current_job(view)

result, details, unscored = None, None, ""
if maps is not None and (view.sites or view.sites_b):
    try:
        result = results.result_of(view, protein, maps)
    except ScoreError as error:
        unscored = str(error)
    except AlloScopeError as error:
        failure = error
page.shown_head = None if result is None else result.head

# The pictures first: what stands above them and at the left is drawn while the browser is busy with them.
above = st.container()
left, right, *side = st.columns([4, 5, 5] if view.beside else [5, 8], gap="small")
waiting, browsed = None, None
with left:
    if result is not None:
        panels.draw_heatmap(view, result)
    elif failure is not None:
        draw_failure(failure, maps)
    elif unscored:
        st.info(plain(unscored))
    elif maps is not None:
        try:
            browsed = panels.draw_browser(view, maps)
        except AlloScopeError as error:  # the run was damaged between two reads
            failure = error
            draw_failure(error, maps)
    else:
        waiting = st.container()
with right:
    try:
        details = results.details_of(result, MOST_PAIRS, loaded) if result is not None else None
        painting = paint(view, protein, result, details, current_theme(), maps, loaded, browsed)
    except AlloScopeError as error:  # the run was damaged between two reads
        result, details, failure = None, None, error
        draw_failure(error, maps)
        painting = paint(view, protein, None, None, current_theme(), loaded=loaded)
    second = beside_of(view, protein, loaded, result)
    shown_painting = painting if second is None else titled(painting, loaded.name if loaded is not None else protein.name)
    draw_receptor(
        view, protein, shown_painting, loaded, structure_problem, protein_session.toggle_residue, "mark",
        lambda: draw_choice(view), "explore" if view.beside else "",
    )  # fmt: skip
if second is not None:
    with side[0]:
        draw_beside(view, protein, second, HEIGHT, panel_of(view, protein, loaded))
phrases = set_phrases(view.sets, offered_sites(view.protein), view.names)
with above:
    counted = "attention" if result is None else result.question.weighting
    draw_strip(view, protein, counted)
    complete_verdict = draw_verdict(result, phrases, device_notes(maps, job), circularity(view))
    draw_frozen_line(view, protein, result)
    draw_notices(page)
    draw_example(view, result)
    draw_controls(view, protein, counted)
    weighting = st.container()
with st.sidebar:
    draw_rail(view, protein, loaded, maps is not None and not lacks_norms(view, maps))
if lacks_norms(view, maps):
    with weighting:
        draw_weighting_offer(view, protein, "_here")
if waiting is not None:  # last: the run loads torch and its progress bar asks again and again; by then the browser should know the rest
    with waiting:
        protein_session.run_unasked(view, maps is not None)
        draw_run_state(view, protein, protein_session.current_job(view), lambda: draw_freeze(view, protein, "_here"))

read = model_sentence(spec.label, protein) if maps is not None else ""
statement = [read, structure_sentence(loaded, protein) if loaded is not None else ""]
complete_tabs = None
if maps is not None and failure is None:
    try:
        if result is None or details is None:
            st.markdown("##### Predicted sites", help=HELP["predicted"])
            draw_prediction(view, protein, maps, loaded)
        else:
            panels.draw_profile(view, protein, result)
            complete_tabs = draw_tabs(Shown(view, protein, result, shown_painting, loaded, phrases, " ".join(statement), details), details)
    except AlloScopeError as error:  # damaged meanwhile: the map and the downloads read it again
        draw_failure(error, maps)
complete_verdict()
if complete_tabs is not None:
    complete_tabs()
draw_foot([*statement, *run_notes(spec, protein)])
page.write_url()
