"""Pairs: which G protein family a receptor couples to, and which stretches of it say so."""

import streamlit as st

from allo_core.interaction.coupling_answer import CouplingAnswer, coupling_model
from allo_core.models.registry import get_spec
from allo_core.ui.pairs import session
from allo_core.ui.pairs.coupling import draw_coupling
from allo_core.ui.pairs.files import draw_files
from allo_core.ui.pairs.inside import draw_inside
from allo_core.ui.pairs.own_pairs import draw_own_pairs
from allo_core.ui.pairs.rail import draw_rail
from allo_core.ui.pairs.requests import CouplingRequest
from allo_core.ui.pairs.strip import draw_strip
from allo_core.ui.pairs.worth import draw_worth
from allo_core.ui.protein import incoming
from allo_core.ui.protein import session as protein_session
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.navigation import enter
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.worker import job_of, submit

enter()
page = session.start()
incoming.take_fetched()
protein = protein_session.settle()
view = page.view
loaded, structure_problem = protein_session.loaded_structure(view, protein)

draw_strip(view, protein, coupling_model())
draw_notices(page)
if view.tab == "worth":
    draw_worth()
elif view.tab == "yours":
    draw_own_pairs()
else:
    request = CouplingRequest(protein, view.device, view.dtype)
    job = job_of(request)
    if job is None:  # the weights ship, and it takes seconds
        submit(request)
        job = job_of(request)
    answer = None if job is None else job.outcome.value
    if isinstance(answer, CouplingAnswer):
        if view.tab == "coupling":
            draw_coupling(view, protein, answer, loaded, structure_problem)
        else:
            draw_inside(view, protein, answer)
        draw_files(answer)
    elif not draw_under_way(job, "_coupling"):
        st.button("Ask the models", key="ask_models", type="primary", on_click=submit, args=(request,))
with st.sidebar:
    draw_rail(view, protein, loaded)
draw_foot([get_spec(coupling_model()).note])
page.write_url()
