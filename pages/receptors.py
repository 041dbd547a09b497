"""Receptors: one question asked of a whole set, and the heads that answer it in all of them."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.family.members import fitted
from allo_core.models.registry import get_spec
from allo_core.ui.receptors import panels, session
from allo_core.ui.receptors.rail import draw_rail
from allo_core.ui.receptors.results import result_of, runs_of, shuffled_passing, shuffled_request
from allo_core.ui.receptors.tabs import draw_members, draw_tabs
from allo_core.ui.receptors.view import asked_of
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.navigation import enter
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of

enter()
page = session.start()
view = page.view
asked, job, done, missing, result, by_chance, problem = None, None, None, 0, None, None, ""
try:
    with session.reading():
        asked = fitted(asked_of(view), get_spec(view.model))
    job = job_of(session.request_of(view, asked))
    done, missing = runs_of(view, asked, job)
    if done is not None and (not missing or (job is not None and job.state == "done")):
        result = result_of(view, done)
        shuffled = shuffled_request(view, done)
        by_chance = shuffled_passing(view, shuffled, job_of(shuffled))
except AlloScopeError as error:
    problem = str(error)

panels.draw_strip(view, asked)
draw_notices(page)
complete = panels.draw_verdict(result, by_chance) if result is not None else None
for note in job.notes if job is not None else ():
    st.warning(plain(note))
if problem:
    (st.info if asked is None else st.error)(plain(problem))
if result is not None:
    left, right = st.columns([5, 8], gap="small")
    with left:
        panels.draw_heatmap(view, result)
    with right:
        panels.draw_family(result)
with st.sidebar:
    draw_rail(view, asked)
if result is not None:
    draw_tabs(view, result, by_chance)
elif asked is not None and not problem:
    panels.draw_run(view, asked, job, done)
    draw_members(asked)
draw_foot([get_spec(view.model).note])
page.write_url()
if complete is not None:
    complete()
