"""The left rail of the page Batch: which batch, and what of it is shown."""

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.figures.batch import SUMMARIES
from allo_core.ui.batch import session
from allo_core.ui.batch.results import AnyBatch, HeadsBatch, OpenBatch, ScoredBatch, shares_of_batch, shown_property, shown_value
from allo_core.ui.batch.view import BatchView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.text import plain

__all__ = ["draw_rail"]


def draw_rail(view: BatchView, batch: OpenBatch | HeadsBatch | None) -> None:
    """The folder; for an open batch how far it is, and what the heatmap shows or which head or property is looked at."""
    st.text_input(
        "Folder of a batch",
        placeholder="results",
        help=HELP["batch_folder"],
        **mirrored("batch_folder", session.written(), session.open_folder),
    )
    if session.problem():
        st.error(plain(session.problem()))
    if batch is None:
        return
    st.caption(plain(_how_far(batch)))
    st.button("Read again", key="batch_again", icon=":material/refresh:", on_click=session.read_again, width="stretch")
    if isinstance(batch, HeadsBatch):
        _property(view, batch)
        return
    if not isinstance(batch, ScoredBatch):
        _head(batch, batch.head_of(view.head))
        return
    st.selectbox(
        "Heatmap shows",
        list(SUMMARIES),
        format_func=SUMMARIES.__getitem__,
        help=HELP["batch_shows"],
        **mirrored("batch_shows", view.shows, lambda shows: session.page().change(shows=shows), list(SUMMARIES)),
    )


def _how_far(batch: AnyBatch) -> str:
    found, records = len(batch.sequences), batch.results.metadata.records
    if batch.results.complete:
        return f"All {records:,} records are there."
    return f"{found:,} of {records:,} records so far. The batch is still running, or the same command goes on with it."


def _head(batch: OpenBatch, shown: tuple[int, int]) -> None:
    """Without scores there is no heatmap to click on."""
    settings = batch.settings
    for place, name, count, value, chosen in zip(
        st.columns(2),
        ("Layer", "Head"),
        (settings.layers, settings.heads),
        shown,
        (lambda layer: session.select_head(layer, shown[1]), lambda head: session.select_head(shown[0], head)),
        strict=True,
    ):
        with place:
            st.number_input(name, 0, count - 1, step=1, help=HELP["head"], **mirrored(f"batch_{name.lower()}", value, chosen))


def _property(view: BatchView, batch: HeadsBatch) -> None:
    """What heads may look at, and its value; without shares there are no values."""
    names = list(batch.properties)
    name = shown_property(view, batch)
    st.selectbox(
        "Heads look at", names, help=HELP["batch_property"],
        **mirrored("batch_property", name, lambda name: session.page().change(property=name, value="", head=None), names),
    )  # fmt: skip
    try:
        shares = shares_of_batch(batch.key, name, batch)
    except AlloScopeError:
        return  # said where the shares would stand
    values = list(shares.what.values)
    shown = values[shown_value(view, shares)]
    if len(values) > 1:
        st.selectbox("Value", values, **mirrored("batch_value", shown, lambda value: session.page().change(value=value, head=None), values))
