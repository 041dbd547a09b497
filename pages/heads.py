"""Heads: what each head of a model looks at, over a sample of receptors."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.registry import get_spec
from allo_core.ui.heads import panels, session
from allo_core.ui.heads.rail import draw_property, draw_rest
from allo_core.ui.heads.results import arcs_of, result_of
from allo_core.ui.heads.tabs import draw_tabs
from allo_core.ui.heads.view import OWN
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.navigation import enter
from allo_core.ui.shared.text import plain

enter()
page = session.start()
with st.sidebar:
    draw_property(page.view)
view = page.view
found, result, problem = None, None, ""
waiting = view.property == OWN and page.table is None
try:
    found = arcs_of(view)
    if found is not None and not waiting:
        result = result_of(view, found, page.table)
except AlloScopeError as error:
    problem = str(error)

panels.draw_strip(view, result)
draw_notices(page)
if problem:
    st.error(plain(problem))
elif found is None:
    panels.draw_run(view)
elif waiting:
    st.info("Upload a table at the left: a column of it is then what heads may look at.")
if result is not None:
    panels.draw_verdict(result)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        panels.draw_heatmap(view, result)
    with right:
        panels.draw_head(result)
    if found is not None:
        draw_tabs(view, found, result)
with st.sidebar:
    draw_rest(view, result)
draw_foot([get_spec(view.model).note])
page.write_url()
