"""In the tab Layers: how much each layer changes the state of each residue, along the sequence."""

import streamlit as st

from allo_core.export.state_changes import state_changes_csv
from allo_core.figures.profile import change_profile
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.state_changes import CHANGES, StateChanges, relations
from allo_core.ui.sequence import session
from allo_core.ui.sequence.changes_job import changes_request, kept_changes, span_of
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.worker import submit

__all__ = ["draw_changes"]

_NO_SITE = "This shows where the model works; it is no evidence of a site."


def draw_changes(view: SequenceView, protein: Protein) -> None:
    """Choice of what and over which layers, the profile, and whether it goes with conservation or burial."""
    st.markdown("##### What each layer changes", help=HELP["changes"])
    request = changes_request(view)
    job = session.begun(request)
    found = kept_changes(view)
    if found is None:
        if draw_under_way(job, "_changes"):
            return
        st.caption(plain(f"{get_spec(view.model).label} reads {protein.name} once, and a model of its shape with random weights once."))
        st.button("Read both", key="read_changes", type="primary", on_click=submit, args=(request,))
        return
    span = _draw_choices(view)
    numbers = numbers_for(protein)
    figure = change_profile(
        [protein.number(index) for index in range(len(protein))], found.mean(view.change, span), found.untrained_mean(view.change, span),
        residue_labels(protein), view.sets, [] if numbers is None else numbers.spans(), CHANGES[view.change],
    )  # fmt: skip
    draw_plot(
        figure, "changes_figure", f"{CHANGES[view.change]} of every residue of {protein.name}, mean over layers {span[0]} to {span[1]}."
    )
    _draw_relations(view, found, span)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Colour the receptor by it", key="colour_changes", icon=":material/palette:", disabled=view.colouring == view.change,
            on_click=session.page().change, kwargs={"colouring": view.change},
        )  # fmt: skip
        st.download_button(
            "All layers (CSV)", lambda: state_changes_csv(found, numbers), f"alloscope_{file_stem(protein.name)}_{view.model}_changes.csv",
            "text/csv", key="changes_csv", on_click="ignore",
        )  # fmt: skip


def _draw_choices(view: SequenceView) -> tuple[int, int]:
    """Which change, over which layers."""
    span, last = span_of(view), get_spec(view.model).layers - 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Change", list(CHANGES), format_func=lambda name: CHANGES[name].capitalize(), required=True, label_visibility="collapsed",
            width="content", **mirrored("change", view.change, lambda name: session.page().change(change=name), default="default"),
        )  # fmt: skip
        if last > 0:
            st.slider(
                "Layers", 0, last, help=HELP["span"], width=260,
                **mirrored("span", span, lambda ends: session.page().change(span=(int(ends[0]), int(ends[1])))),
            )  # fmt: skip
    return span


def _draw_relations(view: SequenceView, found: StateChanges, span: tuple[int, int]) -> None:
    told = relations(found, view.change, span)
    if isinstance(told, str):
        st.caption(plain(f"Not compared with conservation and burial: {told}. {_NO_SITE}"))
        return
    st.markdown(plain(" ".join([*(one.sentence for one in told), _NO_SITE])))
