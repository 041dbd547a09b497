"""What is measured and what the pictures show: every change is arithmetic on what is stored, so it shows at once."""

import streamlit as st

from allo_core.analysis.measures import MEASURES
from allo_core.figures.heatmap import SCORES
from allo_core.ui.explore import session
from allo_core.ui.explore.field import mirrored_field
from allo_core.ui.explore.view import COLOURINGS, MOST_PAIRS, SCALES, View
from allo_core.ui.shared.choices import NULLS, THRESHOLDS
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored

__all__ = ["draw_controls", "effective_null"]


def draw_controls(view: View, numbered: bool) -> None:
    """One row: measure, score, threshold and null of the heatmap; colours, scale and pairs of the structure."""
    places = st.columns([2.75, 1.65, 1.75, 1.3, 2.2, 1.3, 1.3], vertical_alignment="bottom", gap="small")
    measure, score, threshold, null, colouring, scale, pairs = places
    with measure:
        st.segmented_control(
            "Attention", list(MEASURES), format_func=MEASURES.__getitem__, required=True, help=HELP["measure"],
            **mirrored("measure", view.measure, lambda measure: session.page().change(measure=measure or view.measure), default="default"),
        )  # fmt: skip
    with score:
        _choice("score", SCORES, view.score, "Heatmap shows", HELP["score"])
    with threshold:
        st.select_slider(
            "Threshold", THRESHOLDS, format_func=lambda value: f"{value:.2f}", help=HELP["threshold"],
            **mirrored_field("threshold", view.threshold),
        )  # fmt: skip
    with null:
        options = {name: name for name in NULLS if numbered or name != "matched"}
        _choice("null", options, effective_null(view, numbered), "Null", HELP["null"])
    with colouring:
        _choice("colouring", COLOURINGS, view.colouring, "Structure shows", HELP["colouring"])
    with scale:
        _choice("scale", SCALES, view.scale, "Scale of", HELP["scale"])
    with pairs:
        st.slider(
            "Strongest pairs", 0, MOST_PAIRS, help=HELP["pairs"], **mirrored_field("pairs", view.pairs),
        )  # fmt: skip


def _choice(field: str, options: dict[str, str], value: str, label: str, text: str) -> None:
    """A select box bound to a field of the view."""
    st.selectbox(label, list(options), format_func=options.__getitem__, help=text, **mirrored_field(field, value, list(options)))


def effective_null(view: View, numbered: bool) -> str:
    """The chosen null, or uniform where a sequence has no generic numbers to match."""
    return view.null if numbered or view.null != "matched" else "uniform"
