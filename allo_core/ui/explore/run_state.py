"""What stands in place of the pictures: progress, what went wrong, or the offer to start."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.explore import session
from allo_core.ui.explore.view import View
from allo_core.ui.shared.jobs import Job
from allo_core.ui.shared.run_panel import draw_progress
from allo_core.ui.shared.text import plain

__all__ = ["device_notes", "draw_failure", "draw_run_state"]


def draw_run_state(view: View, protein: Protein, job: Job | None) -> None:
    """What stands in place of the pictures while there is no run of this protein with this model."""
    spec = get_spec(view.model)
    if job is not None and job.active:
        draw_progress(job)
    elif job is not None and job.state == "failed":
        st.error(plain(job.message))
        st.button("Try again", key="again", on_click=session.start_run, args=(view,))
    elif job is not None and job.state == "cancelled":
        st.info("The run was cancelled; nothing of it was kept.")
        st.button("Run again", key="again", on_click=session.start_run, args=(view,))
    elif spec.longest is not None and len(protein) > spec.longest:
        st.info(f"{spec.label} cannot read {len(protein)} residues. Use the 7TM domain (at the left) or choose an ESM model.")
    else:
        st.info(f"{spec.label} has not read this sequence yet. Press Run at the left; the result is kept.")


def draw_failure(error: AlloScopeError, maps: AttentionMaps | None) -> None:
    """What stands there when a kept run cannot be read, or weights cannot be located."""
    st.error(plain(str(error)))
    if maps is not None:
        st.button("Delete this run and run again", key="delete", on_click=session.discard_run, args=(maps.meta.key,))


def device_notes(maps: AttentionMaps | None, job: Job | None) -> list[str]:
    """What to know of the device that made a run, each once."""
    return list(dict.fromkeys((*(maps.meta.notes if maps is not None else ()), *(job.notes if job is not None else ()))))
