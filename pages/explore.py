"""Explore: one protein, its marked residues, and the heads that look at them."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.extract import find_kept_run, run_notes
from allo_core.library import numbers_for
from allo_core.models.registry import get_spec
from allo_core.ui import panels, results, session
from allo_core.ui.rail import draw_rail
from allo_core.ui.run_panel import device_notes, draw_failure, draw_run_state
from allo_core.ui.strip import draw_notices, draw_strip

session.start()
view, protein = session.shown()
numbers = numbers_for(protein)
maps, failure = None, None
try:
    maps = find_kept_run(view.model, protein, view.device, view.dtype)
    session.run_unasked(view, maps)
except AlloScopeError as error:
    failure = error
job = session.current_job(view)

with st.sidebar:
    draw_rail(view, protein, maps is not None)

null = panels.effective_null(view, numbers is not None)
result = None
if maps is not None and view.sites:
    try:
        result = results.result_of(view, maps, null, numbers.strata() if null == "matched" else None)
    except AlloScopeError as error:
        failure = error
draw_strip(view, protein, run_notes(get_spec(view.model), protein), device_notes(maps, job), result)
draw_notices()
panels.draw_controls(view, numbers is not None)

left, right = st.columns([5, 6], gap="medium")
with left:
    if result is not None:
        panels.draw_heatmap(view, result)
    elif failure is not None:
        draw_failure(failure, maps)
    elif maps is not None:
        st.info("Mark at least one residue: type it, choose a library site, or click on the structure.")
    else:
        draw_run_state(view, protein, job)
with right:
    panels.draw_structure(view, protein, result)
if result is not None:
    panels.draw_profile(view, protein, result)
    panels.draw_table(view, protein, maps, result)
session.write_url()
