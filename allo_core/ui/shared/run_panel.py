"""The progress of a run, with cancel."""

import streamlit as st

from allo_core.family.runs import RECEPTOR
from allo_core.runs.cost import Cost
from allo_core.runs.extract import LAYER
from allo_core.storage.amounts import of_megabytes
from allo_core.ui.shared.jobs import Job
from allo_core.ui.shared.models import readable_size
from allo_core.ui.shared.worker import worker

__all__ = ["draw_progress", "in_words"]

_POLL = 0.3  # seconds


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
    if job.stage in (LAYER, RECEPTOR):
        text = f"{job.stage} {job.done} of {job.total}"
    else:
        text = f"{job.stage}, {of_megabytes(job.done, job.total)}"
    return text if job.seconds_left is None else f"{text}, {readable_time(job.seconds_left)} left"


def in_words(cost: Cost) -> str:
    """``"about 12 s, 2.9 GB of memory, up to 360 MB on disk."``"""
    return f"{readable_time(cost.seconds)}, {readable_size(cost.memory)} of memory, up to {readable_size(cost.disk)} on disk."


def readable_time(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1.5:
        return "about a second"
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
