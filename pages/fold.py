"""Fold: every fold that there is of one protein, in the order of trust, judged by a structure of it."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.ui.fold import session
from allo_core.ui.fold.files import draw_files
from allo_core.ui.fold.heads import draw_heads
from allo_core.ui.fold.more import draw_more
from allo_core.ui.fold.rail import draw_rail
from allo_core.ui.fold.receptor import draw_fold
from allo_core.ui.fold.results import beside_structure, folds_here, judging, residues_of
from allo_core.ui.fold.strip import draw_strip, draw_verdict
from allo_core.ui.fold.table import draw_table
from allo_core.ui.fold.track import draw_track
from allo_core.ui.protein import incoming
from allo_core.ui.protein import session as protein_session
from allo_core.ui.shared.frame import draw_foot, draw_notices
from allo_core.ui.shared.navigation import enter
from allo_core.ui.shared.text import plain

enter()
page = session.start()
incoming.take_fetched()
protein = protein_session.settle()
view = page.view
loaded, problem = protein_session.loaded_structure(view, protein)
folds = folds_here(protein)
shown = next((name for name in (view.fold, view.structure) if name in folds), next(iter(folds), ""))
judged, residues, average = None, None, None
reference = judging(loaded)
if folds and reference is not None:
    try:
        judged = beside_structure(reference, protein, folds)
        residues, average = residues_of(judged, shown)
    except AlloScopeError as error:
        judged, problem = None, str(error)

draw_strip(view, protein, folds.get(shown), judged)
draw_notices(page)
if problem:
    st.error(plain(problem))
if not folds:
    st.info(
        plain(
            f"No fold of {protein.name} can be drawn at once: that needs the generic numbers of a 90 % identical receptor, and structures "
            "of its class. The folds below need neither; a structure of it can be uploaded at the left."
        )
    )
    draw_more(protein)
else:
    draw_verdict(shown, folds[shown], judged)
    draw_table(view.protein, folds, shown, judged)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        draw_track(view, protein, folds[shown], residues, average)
        draw_files(folds[shown], folds, judged, residues)
        draw_more(protein)
        draw_heads(view, protein, judged)
    with right:
        draw_fold(view, protein, folds[shown], judged, residues)
with st.sidebar:
    draw_rail(view, loaded)
draw_foot([folds[shown].attribution + "." if folds and folds[shown].attribution else ""])
page.write_url()
