"""What stands in place of the pictures: progress, what went wrong, or the offer to start."""

from collections.abc import Callable

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.protein import session
from allo_core.ui.protein.panel import HEIGHT
from allo_core.ui.protein.run_offer import cost_in_words, draw_buttons, offer_of
from allo_core.ui.protein.view import ProteinView
from allo_core.ui.shared.jobs import Job
from allo_core.ui.shared.models import readable_size
from allo_core.ui.shared.plots import GROWS
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain

__all__ = ["device_notes", "draw_failure", "draw_run_state"]


def draw_run_state(view: ProteinView, protein: Protein, job: Job | None, below: Callable[[], None] | None = None) -> None:
    """What stands in place of the pictures while there is no run of this protein with this model; ``below`` draws more under the offer."""
    spec = get_spec(view.model)
    if draw_under_way(job):
        return
    if job is not None and job.state == "failed":
        st.button("Try again", key="again", on_click=session.start_run, args=(view,))
    elif job is not None and job.state == "cancelled":
        st.info("The run was cancelled; nothing of it was kept.")
        st.button("Run again", key="again", on_click=session.start_run, args=(view,))
    else:
        _draw_offer(view, protein, spec.label, below)


def _draw_offer(view: ProteinView, protein: Protein, model: str, below: Callable[[], None] | None) -> None:
    """The offer to start, as large as the pictures that will stand there."""
    offer = offer_of(view, protein)
    with st.container(key=f"{GROWS}offer", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        st.markdown(f"**{plain(model)} has not read {plain(protein.name)} yet**")
        if offer.reason:
            st.caption(plain(offer.reason))
        if offer.domain is not None:
            st.caption(plain(f"The 7TM domain alone: {cost_in_words(view, offer.domain)} Numbers, marks and structure stay."))
        if offer.label:
            whose = "The whole sequence" if offer.domain is not None else "The run"
            first = f"{readable_size(offer.download)} are fetched once; then: " if offer.download else ""
            st.caption(plain(f"{whose}: {first}{cost_in_words(view, protein)} The result is kept."))
        draw_buttons(view, protein, offer, "_here")
        if below is not None:
            below()


def draw_failure(error: AlloScopeError, maps: AttentionMaps | None) -> None:
    """What stands there when a kept run cannot be read, or weights cannot be located."""
    st.error(plain(str(error)))
    if maps is not None:
        st.button("Delete this run and run again", key="delete", on_click=session.discard_run, args=(maps.meta.key,))


def device_notes(maps: AttentionMaps | None, job: Job | None) -> list[str]:
    """What to know of the device that made a run, each once."""
    return list(dict.fromkeys((*(maps.meta.notes if maps is not None else ()), *(job.notes if job is not None else ()))))
