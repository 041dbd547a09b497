"""The worker thread of this server, and the jobs that a browser session has asked it for."""

import streamlit as st

from allo_core.ui.shared.jobs import Asked, Job, Worker

__all__ = ["job_of", "submit", "worker"]


@st.cache_resource
def worker() -> Worker:
    """The one worker of this server."""
    return Worker()


def submit(request: Asked) -> None:
    """Queue a run for this session."""
    _jobs()[request] = worker().submit(request)


def job_of(request: Asked) -> Job | None:
    """The last job of this session for a request; None where there was none."""
    return _jobs().get(request)


def _jobs() -> dict[Asked, Job]:
    """The jobs of this session, whichever page asked for them."""
    return st.session_state.setdefault("jobs", {})
