"""The left rail of the page Pairs: the same protein, marks and structure as on Explore, and the G protein family."""

import streamlit as st

from allo_core.interaction.coupling_table import families
from allo_core.protein.sequence import Protein
from allo_core.ui.pairs import session
from allo_core.ui.pairs.view import PairsView
from allo_core.ui.protein.rail import draw_device, draw_receptor_choice
from allo_core.ui.protein.residue_sets import draw_residue_sets
from allo_core.ui.protein.structure_choice import draw_structure_choice
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["draw_rail"]


def draw_rail(view: PairsView, protein: Protein, loaded: LoadedStructure | None) -> None:
    """Receptor, partner, residue sets, structure."""
    draw_receptor_choice(view)
    names = [family.name for family in families()]
    st.segmented_control(
        "G protein family", names, required=True, width="stretch", help=HELP["gprotein_family"],
        **mirrored("partner", view.partner, lambda name: session.page().change(partner=name or view.partner), default="default"),
    )  # fmt: skip
    draw_residue_sets(view, protein, loaded)
    draw_structure_choice(view, loaded)
    with st.expander("Advanced"):
        draw_device(view)
