"""The left rail: what is looked at, and with what."""

import streamlit as st

from allo_core.protein.sequence import Protein
from allo_core.ui.explore import session
from allo_core.ui.explore.frozen import draw_frozen
from allo_core.ui.explore.view import COLOURS, View
from allo_core.ui.protein.field import mirrored_field
from allo_core.ui.protein.rail import draw_device, draw_receptor_choice, draw_run
from allo_core.ui.protein.residue_sets import draw_residue_sets
from allo_core.ui.protein.structure_choice import draw_structure_choice
from allo_core.ui.shared.choices import DRAWS
from allo_core.ui.shared.help import DEFINITIONS, HELP
from allo_core.ui.shared.models import draw_model
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain

__all__ = ["draw_rail"]


def draw_rail(view: View, protein: Protein, loaded: LoadedStructure | None, has_run: bool) -> None:
    """Receptor, model, run, residue sets, structure, what is frozen."""
    draw_receptor_choice(view)
    draw_model(view.model, lambda model: session.page().change(model=model))
    draw_run(view, protein, has_run)
    draw_residue_sets(view, protein, loaded)
    draw_structure_choice(view, loaded)
    draw_frozen(view, protein)
    _advanced(view)


def _advanced(view: View) -> None:
    with st.expander("Advanced"):
        draw_device(view)
        for field, options, label in (
            ("colours", COLOURS, "Colours of the heatmap end"),
            ("draws", {count: f"{count:,}" if count else "as many as the heads need" for count in DRAWS}, "Random draws"),
        ):
            st.selectbox(
                label,
                list(options),
                format_func=options.__getitem__,
                help=HELP[field],
                **mirrored_field(field, getattr(view, field), list(options)),
            )

        st.markdown("**Definitions**")
        for term, key in DEFINITIONS.items():
            st.caption(f"**{term}.** {plain(HELP[key])}")
