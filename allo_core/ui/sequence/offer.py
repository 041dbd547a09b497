"""What takes long is offered with what it takes, and shown while it goes on."""

import streamlit as st

from allo_core.ui.shared.jobs import Asked
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_offer"]


def draw_offer(request: Asked, label: str, told: str, key: str) -> None:
    """Progress of what is asked, or the button that begins it."""
    job = job_of(request)
    if draw_under_way(job, f"_{key}"):
        return
    st.caption(plain(told))
    st.button(label, key=key, type="primary", on_click=submit, args=(request,))
