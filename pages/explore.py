"""Explore: one protein, its marked residues, and the heads that look at them."""

import streamlit as st

from allo_core.extract import find_kept_run
from allo_core.library import numbers_for
from allo_core.ui import panels, results, session
from allo_core.ui.rail import draw_rail
from allo_core.ui.run_panel import draw_run_state
from allo_core.ui.strip import draw_notices, draw_strip
from allo_core.ui.text import plain

view = session.current_view()
protein = session.shown_protein()
view = session.current_view()
numbers = numbers_for(protein)
maps = find_kept_run(view.model, protein, view.device, view.dtype)
session.run_unasked(view, maps)

with st.sidebar:
    draw_rail(view, protein, maps is not None)

null = panels.effective_null(view, numbers is not None)
result, missing = results.result_of(view, maps, null, numbers.strata() if null == "matched" else None)
draw_strip(view, protein, result)
draw_notices()
panels.draw_controls(view, numbers is not None)

left, right = st.columns([5, 6], gap="medium")
with left:
    if result is not None:
        panels.draw_heatmap(view, result)
    elif maps is not None:
        st.info(plain(missing))
    else:
        draw_run_state(view, protein, session.current_job(view))
with right:
    panels.draw_structure(view, protein, result)
if result is not None:
    panels.draw_profile(view, protein, result)
    panels.draw_table(view, protein, maps, result)
session.write_url()
