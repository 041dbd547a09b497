"""A batch of what heads look at: all heads for one value, the selected head over all values, the sequences, downloads."""

import numpy as np
import streamlit as st

from allo_core.batch.heads_summary import special_share_over
from allo_core.errors import AlloScopeError
from allo_core.export.batch import batch_looked_record
from allo_core.export.heads import heads_csv
from allo_core.figures.heads import share_profile
from allo_core.heads.shares import FEWEST_ARCS, HeadShares
from allo_core.heads.verdict import verdict
from allo_core.ui.batch import session
from allo_core.ui.batch.results import HeadsBatch, shares_of_batch, shown_property, shown_value
from allo_core.ui.batch.view import BatchView
from allo_core.ui.shared.head_shares import draw_share_heatmap
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["draw_looked"]

_HEIGHT = 400  # px


def draw_looked(view: BatchView, batch: HeadsBatch) -> None:
    """The answer, both pictures and the tabs; where it is known of too few sequences, that, and the tabs."""
    shares = None
    try:
        shares = shares_of_batch(batch.key, shown_property(view, batch), batch)
    except AlloScopeError as error:
        st.info(plain(str(error)))
    if shares is not None:
        _draw_shares(view, shares)
    sequences, files = st.tabs(["Sequences", "Downloads"])
    with sequences:
        _draw_sequences(batch)
    with files:
        _draw_files(batch, shares)


def _draw_shares(view: BatchView, shares: HeadShares) -> None:
    value = shown_value(view, shares)
    shape = shares.spec.layers, shares.spec.heads
    best = shares.best(value)
    layer, head = view.head or divmod(0 if best is None else best, shares.spec.heads)
    layer, head = min(layer, shape[0] - 1), min(head, shape[1] - 1)
    at = layer * shape[1] + head
    with st.container(key="verdict"):
        st.markdown(plain(verdict(shares, value)), help=HELP["share"])
        groups = f"{len(shares.receptors):,} sequences in {shares.clusters} groups of homologues"
        st.markdown(plain(f"Known of {groups}, which are drawn for intervals and q."), help=HELP["batch_groups"])
    left, right = st.columns([7, 5], gap="medium")
    with left:
        numbers = shares.share[:, value].reshape(shape)
        draw_share_heatmap(shares, value, numbers, "share of arcs", "none", False, (layer, head), session.select_head, _HEIGHT)
    with right:
        st.markdown(f"##### Layer {layer}, head {head}", help=HELP["share"])
        if not shares.tested[at].any():
            st.info(f"This head has {int(shares.arcs[:, at].sum())} arcs of at least 0.3 in the batch; {FEWEST_ARCS} are needed.")
            return
        figure = share_profile(shares.what.values, shares.share[at], shares.intervals[:, at], shares.background[at], value)
        draw_plot(figure, "share_profile", f"Shares of the arcs of layer {layer}, head {head}.")


def _draw_sequences(batch: HeadsBatch) -> None:
    """All records in the order of the file, with where their numbers come from, or why there are none."""
    sequences = batch.sequences
    table = sequences[["row", "name", "length", "receptor", "identity", "relative"]].copy()
    said = [sequences[name].fillna("") for name in ("error", "no_numbers", "notes")]
    table["notes"] = np.array((said[0] + " " + said[1] + " " + said[2]).str.strip())
    st.dataframe(
        table, key=f"batch_looked_{batch.key}", hide_index=True, height=330, placeholder="",
        column_config={
            "receptor": st.column_config.TextColumn("receptor", help="The library receptor that the generic numbers come from."),
            "identity": st.column_config.NumberColumn("identity", format="percent"),
            "relative": st.column_config.TextColumn("relative", help=HELP["batch_groups"]),
        },
    )  # fmt: skip


def _draw_files(batch: HeadsBatch, shares: HeadShares | None) -> None:
    results = batch.results
    if shares is not None:
        stem = f"alloscope_{file_stem(results.metadata.file)}_{file_stem(shares.spec.id)}_{file_stem(shares.what.name)}"
        with st.container(horizontal=True):
            st.download_button(
                "All heads, CSV", lambda: heads_csv(shares, special_share_over(results)), f"{stem}.csv", "text/csv", key="looked_csv",
                on_click="ignore", icon=":material/download:",
            )  # fmt: skip
            st.download_button(
                "Record of the batch, JSON", lambda: batch_looked_record(results, shares), f"{stem}_record.json", "application/json",
                key="looked_json", on_click="ignore", icon=":material/download:",
            )  # fmt: skip
    st.caption(plain(f"The whole batch is Parquet in {results.folder}; pandas and DuckDB read it."))
