"""Sequence: what a model says of one protein beside its attention: probabilities, layers, contacts, variants."""

import streamlit as st

from allo_core.models.registry import get_spec
from allo_core.runs.extract import run_notes
from allo_core.ui.protein import incoming
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.expectation import kept_probabilities
from allo_core.ui.sequence import contacts, layers, residues, session, variant
from allo_core.ui.sequence.rail import draw_rail
from allo_core.ui.sequence.strip import draw_strip
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.navigation import enter

enter()
page = session.start()
incoming.take_fetched()
protein = protein_session.settle()
view = page.view
loaded, structure_problem = protein_session.loaded_structure(view, protein)

choices = draw_strip(view, protein)
draw_notices(page)
{"residues": residues, "layers": layers, "contacts": contacts, "variant": variant}[view.tab].draw(
    view, protein, loaded, structure_problem, choices
)
kept = kept_probabilities(view, protein) is not None
with st.sidebar:
    draw_rail(view, protein, loaded, kept)
draw_foot(run_notes(get_spec(view.model), protein))
page.write_url()
protein_session.run_unasked(view, kept)  # last: it loads torch
