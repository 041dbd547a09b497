"""The line above the tabs: what is shown; and the tabs."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allo_core.protein.sequence import Protein
from allo_core.ui.protein.strip import protein_parts
from allo_core.ui.sequence import session
from allo_core.ui.sequence.view import TABS, SequenceView
from allo_core.ui.shared.mirror import mirrored

__all__ = ["draw_strip"]


def draw_strip(view: SequenceView, protein: Protein) -> DeltaGenerator:
    """Protein, model and marked residues in one line, then the choice of the tab: the others are not worked out.

    Returns
    -------
    DeltaGenerator
        The rest of the line of the tabs, for the choices of the one that is open.
    """
    with st.container(key="strip"):
        st.markdown(" :gray[|] ".join(protein_parts(view, protein)))
    with st.container(key="tabs", horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(
            "Tab", list(TABS), format_func=TABS.__getitem__, required=True, label_visibility="collapsed", width="content",
            **mirrored("tab", view.tab, lambda tab: session.page().change(tab=tab or view.tab), default="default"),
        )  # fmt: skip
        return st.container(key="tab_choices", horizontal=True, vertical_alignment="center", gap="small")
