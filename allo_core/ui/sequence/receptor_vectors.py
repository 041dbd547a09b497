"""The receptors of the library by their mean vectors: are neighbours of one family, and does sequence identity tell it better."""

import pandas as pd
import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.figures.points import points_by_category
from allo_core.models.registry import get_spec
from allo_core.readouts.mean_vectors import FamilyAgreement, MeanVectors, family_agreement, kept_mean_vectors
from allo_core.readouts.vector_map import VectorMap, vector_map
from allo_core.ui.sequence.offer import draw_offer
from allo_core.ui.sequence.requests import MEAN_VECTORS, LibraryRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.text import plain

__all__ = ["draw_receptors"]

_HEIGHT = 440  # px


def draw_receptors(view: SequenceView) -> None:
    """The sentence, the receptors on a plane by class and by family, and the table of states."""
    st.markdown("##### Receptors by their mean vectors", help=HELP["mean_vectors"])
    try:
        found = kept_mean_vectors(view.model, view.device, view.dtype)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    if found is None:
        request = LibraryRequest(MEAN_VECTORS, view.model, view.device, view.dtype)
        told = f"{get_spec(view.model).label} reads all receptors of the library once; their mean vectors are kept."
        draw_offer(request, "Read the receptors", told, "mean_vectors")
        return
    agreement = _agreement(view.model, view.device, view.dtype, found)
    st.markdown(plain(agreement.sentence))
    state = view.state if view.state >= 0 else len(found.vectors) - 1
    mapped = _mapped(view.model, view.device, view.dtype, state, found)
    labels = [f"{entry} {name}" for entry, name in zip(found.receptors, found.names, strict=True)]
    for place, groups, what in zip(st.columns(2), (found.classes, found.families), ("class", "family"), strict=True):
        with place:
            figure = points_by_category(mapped.coordinates, groups, labels, mapped.axes, height=_HEIGHT)
            draw_plot(figure, f"receptors_{what}", f"{len(labels)} receptors on a plane by the mean vectors of state {state}, by {what}.")
    _draw_states(agreement)


@st.cache_resource(max_entries=8, show_spinner=False)
def _mapped(model: str, device: str, dtype: str, state: int, _found: MeanVectors) -> VectorMap:
    return vector_map(_found.vectors[state])


@st.cache_resource(max_entries=4, show_spinner="Comparing neighbours")
def _agreement(model: str, device: str, dtype: str, _found: MeanVectors) -> FamilyAgreement:
    return family_agreement(_found)


def _draw_states(agreement: FamilyAgreement) -> None:
    """Every state beside sequence identity and chance."""
    rows = [
        {"by": f"state {state}", "nearest": near.value, "far": far.value, "rand": rand}
        for state, (near, far, rand) in enumerate(zip(agreement.nearest, agreement.nearest_far, agreement.rand, strict=True))
    ]
    rows.append(
        {
            "by": "sequence identity",
            "nearest": agreement.identity.value,
            "far": agreement.identity_far.value,
            "rand": agreement.rand_identity,
        }
    )
    rows.append({"by": "chance", "nearest": agreement.chance, "far": agreement.chance_far, "rand": 0.0})
    with st.expander("Every state beside sequence identity"):
        st.dataframe(
            pd.DataFrame(rows), hide_index=True, height="content",
            column_config={
                "nearest": st.column_config.NumberColumn("nearest is of the family", format="%.3f"),
                "far": st.column_config.NumberColumn("without near homologues", format="%.3f"),
                "rand": st.column_config.NumberColumn("adjusted Rand index", help=HELP["rand_index"], format="%.3f"),
            },
        )  # fmt: skip
