"""Value-weighted attention where its value norms are not kept yet: the offer of one new pass, and its progress."""

import streamlit as st

from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.weighted import WeightedMaps
from allo_core.ui.explore.results import counted_of
from allo_core.ui.explore.view import View
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.run_offer import cost_in_words, offer_of, refused
from allo_core.ui.shared.models import readable_size
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import plain

__all__ = ["draw_weighting_offer", "lacks_norms"]


def lacks_norms(view: View, maps: AttentionMaps | None) -> bool:
    """Whether a view wants value-weighted attention of a run whose value norms are not kept."""
    return maps is not None and view.weighting == "value" and not isinstance(counted_of(view, maps), WeightedMaps)


def draw_weighting_offer(view: View, protein: Protein, place: str) -> None:
    """One new pass of the model, which the default model begins by itself; what is shown meanwhile is attention.

    ``place`` makes the keys differ between the places that show it.
    """
    protein_session.run_unasked(view, kept=False)
    job = protein_session.current_job(view)
    if draw_under_way(job, place):
        return
    offer, problem = offer_of(view, protein), refused(view, protein, norms_alone=True)
    model = get_spec(view.model).label
    told = f"Shown is attention. Value-weighted attention needs one new pass of {model} over {protein.name}"
    with st.container(key=f"weighting_offer{place}"):
        line, button = st.columns([5, 1], vertical_alignment="center")
        if not offer.label:
            line.markdown(plain(f"{told}. {offer.reason}"))
            return
        first = f"{readable_size(offer.download)} are fetched once; then: " if offer.download else ""
        cost = f"{first}{cost_in_words(view, protein, norms_alone=True)}"
        line.markdown(plain(f"{told}: {cost} The kept run stays as it is."))
        button.button(
            "Read once more",
            key=f"weighting_run{place}",
            type="primary",
            on_click=protein_session.start_run,
            args=(view,),
            disabled=bool(problem),
            width="stretch",
        )
        if problem:
            st.error(plain(problem))
