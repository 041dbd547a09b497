"""Heads: what each head of a model looks at, over a sample of receptors."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.registry import get_spec
from allo_core.ui.heads import panels, session
from allo_core.ui.heads.rail import draw_property, draw_rest
from allo_core.ui.heads.results import arcs_of, request_of, result_of
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
request, found, result, problem = None, None, None, ""
waiting = view.property == OWN and page.table is None
try:
    if not waiting:
        request = request_of(view, page.table)
        found = arcs_of(request)
    if found is not None:
        result = result_of(view, found, page.table)
except AlloScopeError as error:
    problem = str(error)

panels.draw_strip(view, result)
draw_notices(page)
if problem:
    st.error(plain(problem))
elif request is None:
    st.info("Upload a table at the left: a column of it is then what heads may look at.")
elif found is None:
    panels.draw_run(request)
if result is not None and found is not None:
    panels.draw_verdict(result)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        panels.draw_heatmap(view, result)
    with right:
        panels.draw_head(view, result, found)
    draw_tabs(view, found, result)
with st.sidebar:
    draw_rest(view, result)
draw_foot([get_spec(view.model).note])
page.write_url()
