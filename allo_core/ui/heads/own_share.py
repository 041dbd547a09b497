"""The tab Own residue: how much of each state a residue owes to itself."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.export.heads import own_share_csv, own_share_record
from allo_core.figures.layers import own_share_figure
from allo_core.models.registry import get_spec
from allo_core.readouts.own_share import RECEPTORS, kept_own_share
from allo_core.runs.cost import cost_of
from allo_core.storage.amounts import readable_time
from allo_core.ui.heads.requests import OwnShareRequest
from allo_core.ui.heads.view import HeadsView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["draw_own_share"]

_PASSES = 12  # forward passes that a state of a receptor takes: 24 backward passes through half of the layers on the average
_LENGTH = 400  # residues


def draw_own_share(view: HeadsView) -> None:
    """The curve over the states, or the offer to compute it."""
    request = OwnShareRequest(view.model, view.device, view.dtype)
    try:
        found = kept_own_share(view.model, view.device, view.dtype)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    if found is None:
        _draw_offer(request)
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        random = None if found.untrained is None else found.untrained.mean(axis=0)
        figure = own_share_figure(found.shares.mean(axis=0), found.interval, float(found.even.mean()), random)
        draw_plot(figure, "own_share", "Share of each state that a residue owes to its own embedding.")
    with right:
        st.markdown(plain(found.sentence), help=HELP["own_share"])
        stem = f"alloscope_own_share_{view.model}"
        with st.container(horizontal=True):
            st.download_button(
                "All states (CSV)", lambda: own_share_csv(found), f"{stem}.csv", "text/csv", key="own_share_csv", on_click="ignore"
            )
            st.download_button(
                "Record (JSON)",
                lambda: own_share_record(found),
                f"{stem}.json",
                "application/json",
                key="own_share_json",
                on_click="ignore",
            )


def _draw_offer(request: OwnShareRequest) -> None:
    if draw_under_way(job_of(request), "_own_share"):
        return
    spec = get_spec(request.model)
    seconds = cost_of(spec, _LENGTH, request.device, request.dtype).seconds * 2 * RECEPTORS * spec.layers * _PASSES
    st.caption(
        plain(
            f"How much of the state of a residue comes from the residue itself is read from gradients: {RECEPTORS} receptors, six residues "
            f"of each, and as many with untrained weights ({readable_time(seconds)}). Stopped, it goes on where it was."
        )
    )
    st.button("Compute the own share", key="compute_own_share", on_click=submit, args=(request,))
