"""The worker thread that all browser sessions of this server share."""

import streamlit as st

from allo_core.ui.shared.jobs import Worker

__all__ = ["worker"]


@st.cache_resource
def worker() -> Worker:
    """The one worker of this server."""
    return Worker()
