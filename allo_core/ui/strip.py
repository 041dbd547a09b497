"""The line above the pictures that says what is shown."""

from collections.abc import Sequence

import streamlit as st

from allo_core.library import receptors
from allo_core.models.registry import get_spec
from allo_core.sequence import Protein
from allo_core.ui import inputs, state
from allo_core.ui.help import HELP
from allo_core.ui.results import Result
from allo_core.ui.state import View
from allo_core.ui.text import plain

__all__ = ["draw_notices", "draw_strip"]


def draw_strip(view: View, protein: Protein, notes: Sequence[str], device_notes: Sequence[str], result: Result | None) -> None:
    """Receptor, model, marked residues, threshold: readable from the back of a room; below them what to know of the run."""
    spec = get_spec(view.model)
    name = protein.name if inputs.is_key(view.protein) else f"{view.protein} · {receptors()[view.protein].name}"
    site = next((name for name, indices in state.offered_sites(view.protein).items() if indices == view.sites), None)
    marked = f"{site}, {len(view.sites)} residues" if site else f"{len(view.sites)} marked residue{'' if len(view.sites) == 1 else 's'}"
    st.markdown(f"#### {plain(name)} :gray[|] {plain(spec.label)} :gray[|] {plain(marked)} :gray[|] threshold {view.threshold:.2f}")
    for note in device_notes:
        st.warning(plain(note))
    lines = [*notes, *([control_line(result)] if result is not None else [])]
    if lines:
        st.caption(plain(" ".join(lines)), help=HELP["control"] if result is not None else None)


def control_line(result: Result) -> str:
    """How many heads pass, beside how many pass for random residues."""
    if result.control is None:
        return "The published null gives no p, so no head can pass; it is here to reproduce published numbers."
    if not result.control.n_sites:
        return "No head has 10 arcs at this threshold, so none is tested."
    passing, control = len(result.scores.passing()), result.control
    kind = "random matched residues" if result.scores.null == "matched" else "random residues"
    return (
        f"{passing} of {len(result.scores.frame)} heads pass q < 0.05 (smallest reachable q {result.scores.smallest_q:.2g}); "
        f"{kind}: median {control.median:g}, 95 % have at most {control.percentile_95:g}."
    )


def draw_notices() -> None:
    """What was ignored in the link, or is no longer there; said until it is dismissed."""
    if not st.session_state.notices:
        return
    text, dismiss = st.columns([12, 1.2], vertical_alignment="center")
    text.warning("\n\n".join(plain(notice) for notice in st.session_state.notices))
    dismiss.button("Dismiss", key="dismiss", on_click=st.session_state.notices.clear, width="stretch")
