"""The progress of a run, with cancel."""

import streamlit as st

from allo_core.runs.cost import Cost
from allo_core.runs.extract import DOWNLOADING
from allo_core.storage.amounts import of_megabytes, readable_time
from allo_core.ui.shared.jobs import Asked, Job
from allo_core.ui.shared.models import readable_size
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import worker

__all__ = ["draw_progress", "draw_under_way", "in_words"]

_POLL = 0.3  # seconds
_WATCHED = "watched_requests"  # those whose progress this browser session was shown last


def draw_under_way(job: Job | None, place: str = "") -> bool:
    """The progress of a job, or what went wrong; whether it goes on, so that nothing is to be offered.

    Called where a page has not found what the job leaves.  A job that was shown under way and has ended since then has left it after the
    page looked, so the page is drawn again, once: what was deleted on purpose afterwards is not looked for for ever.

    Parameters
    ----------
    job : Job or None
    place : str
        As `draw_progress` takes it.
    """
    watched: set[Asked] = st.session_state.setdefault(_WATCHED, set())
    if job is None:
        return False
    if job.active:
        watched.add(job.request)
        draw_progress(job, place)
        return True
    if job.state == "done" and job.request in watched:
        watched.discard(job.request)
        st.rerun()
    if job.state == "failed":
        st.error(plain(job.message))
    return False


@st.fragment(run_every=_POLL)
def draw_progress(job: Job, place: str = "") -> None:
    """Progress with cancel, until the job has ended; ``place`` tells apart two that a page shows at once."""
    if not job.active:
        st.rerun()
    with st.container(border=True):
        line, cancel = st.columns([3, 1.2], vertical_alignment="center")
        line.progress(job.fraction, text=progress_line(job))
        cancel.button("Cancel", key=f"cancel{place}", on_click=job.cancel.set, width="stretch", disabled=job.cancel.is_set())


def progress_line(job: Job) -> str:
    """One line about a job that waits or runs."""
    if job.cancel.is_set():
        return "Cancelling"
    if job.state == "queued":
        ahead = worker().ahead(job)
        return f"Waiting for {ahead} other run{'s' if ahead != 1 else ''}" if ahead else "Starting"
    if not job.total:
        return job.stage
    if job.stage.startswith(DOWNLOADING):
        text = f"{job.stage}, {of_megabytes(job.done, job.total)}"
    else:
        text = f"{job.stage} {job.done} of {job.total}"
    return text if job.seconds_left is None else f"{text}, {readable_time(job.seconds_left)} left"


def in_words(cost: Cost) -> str:
    """``"about 12 s, 2.9 GB of memory, up to 360 MB on disk."``"""
    return f"{readable_time(cost.seconds)}, {readable_size(cost.memory)} of memory, up to {readable_size(cost.disk)} on disk."
