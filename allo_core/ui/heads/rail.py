"""The left rail of the page Heads: property, value, receptors, model."""

import streamlit as st

from allo_core.heads.properties import PROPERTIES
from allo_core.ui.heads import session
from allo_core.ui.heads.results import HeadsResult
from allo_core.ui.heads.view import OWN, SAMPLES, SHOWS, HeadsView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.models import draw_model
from allo_core.ui.shared.own_values import draw_own_values

__all__ = ["draw_property", "draw_rest"]

_YOURS = "a table of yours"


def draw_property(view: HeadsView) -> None:
    """What heads may look at; a table of one's own is uploaded here."""
    names = {name: name for name in PROPERTIES} | {OWN: _YOURS}
    st.selectbox(
        "Heads look at", list(names), format_func=names.__getitem__, help=HELP["head_property"],
        **mirrored("head_property", view.property, lambda name: session.page().change(property=name), list(names)),
    )  # fmt: skip
    if view.property == OWN:
        session.page().table = draw_own_values()


def draw_rest(view: HeadsView, result: HeadsResult | None) -> None:
    """Its values, the receptors, what the heatmap shows, and the model."""
    if result is not None:
        names = list(result.shares.what.values)
        shown = names[result.value]
        if len(names) > 1:
            st.selectbox("Value", names, **mirrored("head_value", shown, lambda name: session.page().change(value=name), names))
            others = ["", *(name for name in names if name != shown)]
            taken = "" if result.minus is None else names[result.minus]
            st.selectbox(
                "Minus", others, format_func=lambda name: name or "nothing", help=HELP["minus"],
                **mirrored("head_minus", taken, lambda name: session.page().change(minus=name), others),
            )  # fmt: skip
    if view.property != OWN:
        st.selectbox(
            "Receptors", list(SAMPLES), format_func=SAMPLES.__getitem__, help=HELP["sample"],
            **mirrored("head_sample", view.sample, lambda count: session.page().change(sample=count), list(SAMPLES)),
        )  # fmt: skip
    st.selectbox(
        "Heatmap shows", list(SHOWS), format_func=SHOWS.__getitem__, help=HELP["heads_show"],
        **mirrored("head_shows", view.shows, lambda name: session.page().change(shows=name), list(SHOWS)),
    )  # fmt: skip
    draw_model(view.model, lambda model: session.page().change(model=model))
