"""The masked pass: what it takes, its progress, and how it is started."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.cost import cost_of_probabilities
from allo_core.runs.extract import find_kept_run
from allo_core.storage.amounts import readable_time
from allo_core.ui.sequence.requests import ProbabilitiesRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_masked_pass"]


def draw_masked_pass(view: SequenceView, protein: Protein) -> None:
    """Its progress, or the button that starts it with the time that it will take."""
    request = ProbabilitiesRequest(protein, view.model, view.device, view.dtype, masked=True)
    job = job_of(request)
    if draw_under_way(job, "_masked"):
        return
    try:
        takes = readable_time(_seconds(view, protein))
    except AlloScopeError:  # no such device here; starting it says so
        takes = ""
    label = f"Masked pass{f', {takes}' if takes else ''}"
    st.button(label, key="masked_pass", type="primary", on_click=submit, args=(request,), help=HELP["masked"])


def _seconds(view: SequenceView, protein: Protein) -> float:
    """The time of a pass for each residue, from that of a kept run where there is one."""
    run = find_kept_run(view.model, protein, view.device, view.dtype)
    took = None if run is None or not run.meta.seconds else run.meta.seconds
    return cost_of_probabilities(get_spec(view.model), len(protein), True, view.device, view.dtype, took).seconds
