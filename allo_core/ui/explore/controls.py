"""What is measured and what the pictures show: every change is arithmetic on what is stored, so it shows at once."""

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from allo_core.analysis.measures import MEASURES, Measure, Weighting
from allo_core.analysis.strata import possible_null
from allo_core.attention.head_card import MOST_PAIRS
from allo_core.errors import AlloScopeError
from allo_core.figures.head_scores import SCORES
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import find_kept_run
from allo_core.ui.explore import results, session
from allo_core.ui.explore.tracks import tracks
from allo_core.ui.explore.view import SCALES, VALUE_WEIGHTED, View
from allo_core.ui.protein.field import mirrored_field
from allo_core.ui.shared.choices import NULLS, THRESHOLDS
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored

__all__ = ["draw_controls"]


def draw_controls(view: View, protein: Protein, shown: Weighting) -> None:
    """One row: measure, what counts, score, threshold and null of the heatmap; colours, scale and pairs of the structure.

    ``shown`` is what counts in what is shown, which may still be attention where value-weighted attention was chosen.
    """
    places = st.columns([2.4, 1.6, 1.75, 1.5, 1.35, 2.05, 1.3, 1.45], vertical_alignment="bottom", gap="xsmall")
    measure, weighting, score, threshold, null, colouring, scale, pairs = places
    with measure:
        st.segmented_control(
            "Attention", list(MEASURES), format_func=MEASURES.__getitem__, required=True, help=HELP["measure"],
            **mirrored("measure", view.measure, lambda measure: _measure(view, protein, measure), default="default"),
        )  # fmt: skip
    with weighting:
        st.segmented_control(
            "Value-weighted", list(VALUE_WEIGHTED), format_func=VALUE_WEIGHTED.__getitem__, required=True, help=HELP["weighting"],
            **mirrored("weighting", view.weighting, lambda chosen: session.page().change(weighting=chosen), default="default"),
        )  # fmt: skip
    with score:
        _choice("score", {name: score.label for name, score in SCORES.items()}, view.score, "Heatmap shows", HELP["score"])
    with threshold:
        none = shown == "value"
        st.select_slider(
            "Threshold", THRESHOLDS, format_func=lambda value: f"{value:.2f}", help=HELP["no_threshold" if none else "threshold"],
            disabled=none, **mirrored_field("threshold", 0.0 if none else view.threshold),
        )  # fmt: skip
    with null:
        numbers = numbers_for(protein)
        options = {name: name for name in NULLS if name == possible_null(name, numbers)}
        _choice("null", options, possible_null(view.null, numbers), "Null", HELP["null"])
    with colouring:
        _choice("colouring", {name: track.label for name, track in tracks().items()}, view.colouring, "Structure shows", HELP["colouring"])
    with scale:
        _choice("scale", SCALES, view.scale, "Scale of", HELP["scale"])
    with pairs:
        st.slider(
            "Strongest pairs", 0, MOST_PAIRS, help=HELP["pairs"], **mirrored_field("pairs", view.pairs),
        )  # fmt: skip


def _measure(view: View, protein: Protein, measure: Measure | None) -> None:
    """Ask for another measure; a coupling has fewer arcs, so it opens at a threshold where most heads can be tested."""
    if measure is None or measure == view.measure:
        return
    changed = replace(view, measure=measure)
    session.page().change(measure=measure)
    with suppress(AlloScopeError):  # an empty set, or a run that is gone: the page says so when it draws
        maps, queries = find_kept_run(view.model, protein, view.device, view.dtype), results.question_of(changed, protein).queries
        if maps is not None and queries is not None:
            session.page().change(threshold=results.opening_threshold(maps, queries, view.threshold))


def _choice(field: str, options: dict[str, str], value: str, label: str, text: str) -> None:
    """A select box bound to a field of the view."""
    st.selectbox(label, list(options), format_func=options.__getitem__, help=text, **mirrored_field(field, value, list(options)))
