"""The left rail of the page Receptors: the question, the model, the run."""

import streamlit as st

from allo_core.errors import StoreError
from allo_core.family.members import ReceptorSet
from allo_core.figures.head_scores import scores_of_sets
from allo_core.runs.column_reducer import KEPT_THRESHOLDS
from allo_core.ui.receptors import session
from allo_core.ui.receptors.view import EVIDENCE, KINDS, LIBRARY, SetView, classes
from allo_core.ui.shared import inputs
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.models import draw_model
from allo_core.ui.shared.text import plain

__all__ = ["draw_rail"]

_EXAMPLE = "receptor,residues\nAA2AR,D52 S91 N280\nADRB2,2x50 3x39 7x49\n"


def draw_rail(view: SetView, asked: ReceptorSet | None) -> None:
    """Question, model, threshold and what the heatmap shows."""
    st.selectbox(
        "Question",
        list(KINDS),
        format_func=KINDS.__getitem__,
        help=HELP["question"],
        **mirrored("kind", view.kind, lambda kind: session.ask(kind=kind), list(KINDS)),
    )
    {"positions": _positions, "library": _library, "table": _table}[view.kind](view)
    if session.problem():
        st.error(plain(session.problem()))
    if asked is not None:
        left_out = f", {len(asked.refused)} left out" if asked.refused else ""
        st.caption(f"{len(asked.members)} receptor{'s' if len(asked.members) > 1 else ''}{left_out}.")
    draw_model(view.model, lambda model: session.page().change(model=model, head=None))
    st.select_slider(
        "Threshold",
        KEPT_THRESHOLDS,
        format_func=lambda value: f"{value:.2f}",
        help=HELP["set_threshold"],
        **mirrored("set_threshold", view.threshold, lambda threshold: session.page().change(threshold=threshold)),
    )
    st.selectbox(
        "Heatmap shows",
        list(scores_of_sets()),
        format_func=lambda score: scores_of_sets()[score].set_label,
        help=HELP["set_score"],
        **mirrored("set_score", view.score, lambda score: session.page().change(score=score), list(scores_of_sets())),
    )


def _positions(view: SetView) -> None:
    st.text_input(
        "Positions",
        help=HELP["positions"],
        **mirrored("positions", session.written("positions"), lambda text: session.ask(positions=text)),
    )
    left, right = st.columns(2)
    with left:
        st.selectbox(
            "Class", classes(), **mirrored("receptor_class", view.receptor_class, lambda name: session.ask(receptor_class=name), classes())
        )
    with right:
        st.text_input(
            "Only with",
            placeholder="D2.50",
            help=HELP["required"],
            **mirrored("required", session.written("required"), lambda text: session.ask(required=text)),
        )


def _library(view: SetView) -> None:
    st.selectbox(
        "Sites",
        list(LIBRARY),
        format_func=LIBRARY.__getitem__,
        **mirrored("library", view.library, lambda kind: session.ask(library=kind, evidence=""), list(LIBRARY)),
    )
    if view.library == "allosteric":
        st.selectbox(
            "Evidence",
            list(EVIDENCE),
            format_func=EVIDENCE.__getitem__,
            help=HELP["evidence"],
            **mirrored("evidence", view.evidence, lambda evidence: session.ask(evidence=evidence), list(EVIDENCE)),
        )


def _table(view: SetView) -> None:
    if view.table:
        try:
            st.caption(plain(f"{inputs.kept_table(view.table)[1]}; kept on this machine, a link to it works here only."))
        except StoreError:
            st.caption("The table is no longer kept on this machine; upload it again.")

    def take() -> None:
        file = st.session_state.set_table
        if file is not None:
            session.take_table(file.getvalue(), file.name)

    st.file_uploader(
        "CSV with receptor and residues",
        type=["csv", "tsv", "txt"],
        key="set_table",
        on_change=take,
        max_upload_size=20,
        help=HELP["table"],
    )
    st.download_button("An example", _EXAMPLE, "receptors.csv", "text/csv", key="set_example", on_click="ignore", width="stretch")
