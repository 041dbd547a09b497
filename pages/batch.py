"""Batch: what was run over thousands of sequences from a terminal, head by head and sequence by sequence."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.registry import MODELS
from allo_core.ui.batch import panels, session
from allo_core.ui.batch.looked import draw_looked
from allo_core.ui.batch.rail import draw_rail
from allo_core.ui.batch.results import HeadsBatch, OpenBatch, ScoredBatch
from allo_core.ui.batch.tabs import draw_tabs
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.navigation import enter
from allo_core.ui.shared.text import plain

enter()
page = session.start()
view = page.view
batch, problem = None, ""
try:
    batch = session.opened(view)
except AlloScopeError as error:
    problem = str(error)

panels.draw_strip(batch)
draw_notices(page)
if problem:
    st.error(plain(problem))
elif batch is None:
    panels.draw_empty()
elif isinstance(batch, HeadsBatch):
    draw_looked(view, batch)
elif not isinstance(batch, ScoredBatch):
    st.info(plain(batch.why_unscored))
else:
    panels.draw_verdict(batch)
    left, right = st.columns([5, 8], gap="small")
    with left:
        panels.draw_heatmap(view, batch)
    with right:
        panels.draw_over_sequences(view, batch)
with st.sidebar:
    draw_rail(view, batch)
if isinstance(batch, OpenBatch):
    draw_tabs(view, batch)
model = "" if batch is None else batch.results.metadata.settings.model_id
draw_foot([MODELS[model].note] if model in MODELS else [])
page.write_url()
