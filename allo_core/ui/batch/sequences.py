"""All records of a batch as a table, and the chosen one along its sequence."""

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.attention.columns import Columns
from allo_core.attention.head import Head
from allo_core.errors import AlloScopeError
from allo_core.figures.profile import profile
from allo_core.library.nearest import numbers_for
from allo_core.models.devices import DTYPES
from allo_core.models.registry import MODELS
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein
from allo_core.ui.batch import session
from allo_core.ui.batch.results import OpenBatch, ScoredBatch, columns_of
from allo_core.ui.batch.view import BatchView
from allo_core.ui.shared import inputs
from allo_core.ui.shared.choices import DRAWS, NULLS, THRESHOLDS
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.link import explore_link, head_in_link
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.text import plain

__all__ = ["draw_sequences"]

_HEIGHT = 330  # px


def draw_sequences(view: BatchView, batch: OpenBatch) -> None:
    """The table at the left, the chosen record at the right."""
    table, chosen = st.columns([6, 5], gap="medium")
    with table:
        _table(view, batch)
    with chosen:
        _chosen(view, batch)


def _table(view: BatchView, batch: OpenBatch) -> None:
    """All records in the order of the file; a click on a row's box chooses one."""
    frame, head = _frame(batch, view.head), batch.head_of(view.head)
    key = f"batch_sequences_{batch.key}"

    def choose() -> None:
        chosen = st.session_state[key].selection.rows
        session.page().change(row=int(frame["row"].iloc[chosen[0]]) if chosen else None)

    number = st.column_config.NumberColumn
    of_head = f"Of {Head(*head).name.lower()}"
    at = np.flatnonzero(frame["row"] == view.row).tolist() if view.row is not None else []
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=_HEIGHT,
        placeholder="",
        on_select=choose,
        selection_mode="single-row",
        selection_default={"selection": {"rows": at}},  # on coming back from another page
        column_config={
            "row": number("row", format="%d", pinned=True, help="Number of the record in the file, from 1."),
            "name": st.column_config.TextColumn("name", width=150),
            "length": number("length", format="%d"),
            "SNR": number("SNR", format="%.2f", help=f"{of_head}. {HELP['snr']}"),
            "enrichment": number("enrichment", format="%.2f", help=f"{of_head}. {HELP['enrichment']}"),
            "q": number("q", format="%.2g", help=f"{of_head}. {HELP['q']}"),
            "receptor": st.column_config.TextColumn("receptor", help="The library receptor that the generic numbers come from."),
            "identity": number("identity", format="percent"),
        },
    )
    st.caption("Click on the name of a column to sort by it, and on a row's box to see its sequence.")


def _frame(batch: OpenBatch, wanted: tuple[int, int] | None) -> pd.DataFrame:
    """What the table shows of each record; numbers of the selected head where the batch is scored."""
    sequences = batch.sequences
    columns = {name: sequences[name] for name in ("row", "name")}
    if isinstance(batch, ScoredBatch):
        summary = batch.summary
        head = batch.head_of(wanted)
        columns |= {
            name: batch.of_head(values, head)
            for name, values in (("SNR", summary.snr), ("enrichment", summary.enrichment), ("q", summary.q))
        }
    columns["length"] = sequences["length"]
    if batch.settings.sites is not None:
        columns |= {name: sequences[name] for name in ("receptor", "identity")}
    said = [sequences[name].fillna("") for name in ("error", "no_scores", "notes")]
    columns["notes"] = (said[0] + " " + said[1] + " " + said[2]).str.strip()
    return pd.DataFrame(columns)


def _chosen(view: BatchView, batch: OpenBatch) -> None:
    """The column profile of the chosen record and the way to Explore."""
    record = batch.sequences[batch.sequences["row"] == view.row]
    if record.empty:
        st.info("Choose a sequence in the table to see where the selected head looks in it.")
        return
    record = record.iloc[0].to_dict()
    st.markdown(f"##### {plain(record['name'])} :gray[record {view.row}]")
    if isinstance(record["error"], str):
        st.error(plain(record["error"]))
        return
    threshold = _threshold(view, batch)
    try:
        protein = Protein(record["name"], record["sequence"])
        sites = parse_residues(record["sites"], protein) if isinstance(record["sites"], str) else ()
        _draw_profile(view, batch, protein, sites, threshold)
        _draw_explore(view, batch, protein, sites)
    except AlloScopeError as error:
        st.error(plain(str(error)))


def _threshold(view: BatchView, batch: OpenBatch) -> float:
    """Which of the kept thresholds the profile is above; chosen where there are several."""
    kept = batch.settings.thresholds
    usual = batch.settings.threshold if batch.settings.threshold in kept else kept[0]
    shown = view.threshold if view.threshold in kept else usual
    if len(kept) > 1:
        st.segmented_control(
            "Attention above",
            kept,
            format_func=lambda value: f"{value:.2f}",
            required=True,
            help=HELP["batch_threshold"],
            **mirrored("batch_threshold", shown, lambda value: session.page().change(threshold=value), default="default"),
        )
    return shown


def _draw_profile(view: BatchView, batch: OpenBatch, protein: Protein, sites: tuple[int, ...], threshold: float) -> None:
    if view.row is None:
        return
    layer, head = batch.head_of(view.head)
    name = Head(layer, head).name
    above = columns_of(batch.key, view.row, threshold, batch)
    whole: Columns | None = None
    if 0.0 in batch.settings.thresholds:
        whole = columns_of(batch.key, view.row, 0.0, batch)
    numbers = numbers_for(protein)
    figure = profile(
        [protein.number(index) for index in range(len(protein))],
        None if whole is None else whole.weights[layer, head],
        above.weights[layer, head],
        residue_labels(protein),
        {"A": sites},
        [] if numbers is None else numbers.spans(),
        threshold,
        200,
    )
    draw_plot(figure, "batch_profile", f"Attention that each residue of {protein.name} receives from {name.lower()}.")
    arcs = int(above.arcs[layer, head].sum())
    marked = f" Set A: the {len(sites)} residues that were scored." if sites else " No residues were scored."
    st.caption(f"{name}: {arcs:,} arcs above {threshold:.2f} in {len(protein)} residues.{marked}")


def _draw_explore(view: BatchView, batch: OpenBatch, protein: Protein, sites: tuple[int, ...]) -> None:
    """Open the sequence in Explore; its name is no entry of the library, so the sequence itself is kept for it."""
    settings, spec = batch.settings, MODELS.get(batch.settings.model_id)
    if spec is None or (spec.layers, spec.heads) != (settings.layers, settings.heads) or settings.dtype not in DTYPES:
        st.caption(plain(f"Explore of this version does not have {settings.model_id} as this batch was run with."))
        return
    # A link, so that it opens beside this page: Streamlit's own way to another page leaves addresses behind that Back cannot use.
    link = explore_link(inputs.keep_protein(protein), protein, sites, _choices(batch, batch.head_of(view.head)))
    st.link_button("Open in Explore", link, icon=":material/biotech:", help=HELP["batch_explore"])


def _choices(batch: OpenBatch, head: tuple[int, int]) -> dict[str, str]:
    """The batch's choices as those of Explore, which has thresholds in steps of 0.01 and three numbers of draws."""
    settings = batch.settings
    threshold = min(THRESHOLDS, key=lambda offered: abs(offered - settings.threshold))
    choices = {"model": settings.model_id, "dtype": settings.dtype, "threshold": f"{threshold:g}", "head": head_in_link(head)}
    # Explore takes matched for uniform where there are no generic numbers, as the batch did.
    choices["null"] = settings.null if settings.null in NULLS else "matched"
    if settings.draws in DRAWS:
        choices["draws"] = str(settings.draws)
    return choices
