"""The left rail of the page Fold: the protein, and the structure that judges."""

import streamlit as st

from allo_core.ui.fold.view import FoldView
from allo_core.ui.protein.rail import draw_receptor_choice
from allo_core.ui.protein.structure_choice import draw_structure_choice
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["draw_rail"]


def draw_rail(view: FoldView, loaded: LoadedStructure | None) -> None:
    """Receptor, and what folds are judged by."""
    draw_receptor_choice(view)
    st.markdown("**Judged by**", help=HELP["judged_by"])
    draw_structure_choice(view, loaded)
