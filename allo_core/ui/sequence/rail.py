"""The left rail of the page Sequence: the same protein, marks, model and structure as on Explore."""

import streamlit as st

from allo_core.protein.sequence import Protein
from allo_core.ui.protein.rail import draw_device, draw_receptor_choice, draw_run
from allo_core.ui.protein.residue_sets import draw_residue_sets
from allo_core.ui.protein.structure_choice import draw_structure_choice
from allo_core.ui.sequence import session
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.models import draw_model
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["draw_rail"]


def draw_rail(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, has_run: bool) -> None:
    """Receptor, model, run, residue sets, structure."""
    draw_receptor_choice(view)
    draw_model(view.model, lambda model: session.page().change(model=model))
    draw_run(view, protein, has_run)
    draw_residue_sets(view, protein, loaded)
    draw_structure_choice(view, loaded)
    with st.expander("Advanced"):
        draw_device(view)
