"""Heads that are removed together, on the page: which, the offer, and what it costs beside random sets."""

import streamlit as st

from allo_core.errors import AblationError, AlloScopeError
from allo_core.figures.needed import set_figure
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.removal import heads_text, parse_heads
from allo_core.ui.explore import session
from allo_core.ui.explore.needed_set import DRAWS, SetRequest, heads_of_set, set_among_random, set_takes
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_needed_set"]

_PLACE = "removed"  # where a text that names no heads is complained about
_HEIGHT = 220  # px


def draw_needed_set(view: View, protein: Protein, result: Result) -> None:
    """The field, and what is kept of the set that it names, or the offer to remove it."""
    st.markdown("##### Heads removed together", help=HELP["head_set"])
    written = session.page().written(_PLACE, _PLACE, view.removed)
    st.text_input(
        "Heads, such as 3.6 4.10; empty: all that pass", **mirrored("removed", written, lambda text: _name(view, text)), max_chars=2000
    )
    if session.page().noted(_PLACE):
        st.error(plain(session.page().noted(_PLACE)))
        return
    try:
        heads = heads_of_set(view, result)
        if not heads:
            st.caption("No head passes, so there is nothing to remove together; name some heads.")
            return
        request = SetRequest(protein, view.model, view.device, view.dtype, heads)
        if draw_under_way(job_of(request), "_needed_set"):
            return
        found = set_among_random(view, protein, result, heads)
        if found is None:
            named = f"these {len(heads)} heads" if len(heads) > 1 else "this head"
            label = f"Remove {named} and {DRAWS} random sets of the same layers, {set_takes(view, protein, result, heads)}"
            st.button(label, key="needed_set", on_click=submit, args=(request,))
            return
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    for one in found.values():
        st.markdown(plain(one.sentence))
    figure = set_figure([one.value for one in found.values()], [one.random for one in found.values()], list(found), _HEIGHT)
    draw_plot(figure, "set_figure", f"Rise of the loss without {len(heads)} heads, beside random sets.")
    st.caption(plain(f"Removed together: {heads_text(heads)}. Of this protein alone, so nothing is said about other receptors."))


def _name(view: View, text: str) -> None:
    """Take the heads that were typed; what names none stays in the field, and is said."""
    try:
        heads = heads_text(parse_heads(text, get_spec(view.model))) if text.strip() else ""
    except AblationError as error:
        session.page().problem(_PLACE, error, removed=text)
        return
    session.page().problem(_PLACE)
    session.page().change(removed=heads)
