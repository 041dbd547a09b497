"""The line above the tabs: what is shown; and the tabs."""

import streamlit as st

from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.pairs import session
from allo_core.ui.pairs.view import TABS, PairsView
from allo_core.ui.protein.strip import protein_parts
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.text import plain

__all__ = ["draw_strip"]


def draw_strip(view: PairsView, protein: Protein, model: str) -> None:
    """Receptor, G protein family and the language model whose vectors are used, then the choice of the tab.

    Parameters
    ----------
    model : str
        Id of that language model.
    """
    name, _, *sets = protein_parts(view, protein)
    with st.container(key="strip"):
        st.markdown(" :gray[|] ".join([name, plain(f"with {view.partner}"), plain(f"vectors of {get_spec(model).label}"), *sets]))
    st.segmented_control(
        "Tab", list(TABS), format_func=TABS.__getitem__, required=True, label_visibility="collapsed", width="content",
        **mirrored("pairs_tab", view.tab, lambda tab: session.page().change(tab=tab or view.tab), default="default"),
    )  # fmt: skip
