"""What stands below the pictures: the sequences, all heads, what failed, what is taken away."""

from collections.abc import Callable

import streamlit as st

from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.export import batch_heads_csv, batch_record, batch_sequences_csv
from allo_core.ui.batch import session
from allo_core.ui.batch.results import OpenBatch, ScoredBatch
from allo_core.ui.batch.sequences import draw_sequences
from allo_core.ui.batch.view import BatchView
from allo_core.ui.shared.heads_table import selecting_table
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["draw_tabs"]


def draw_tabs(view: BatchView, batch: OpenBatch) -> None:
    """The tabs; only the open one is worked out and sent."""
    drawn: dict[str, Callable[[BatchView, OpenBatch], None]] = {
        "Sequences": draw_sequences,
        "Heads": _heads,
        "Failed": _failed,
        "Downloads": _downloads,
    }
    if not isinstance(batch, ScoredBatch):
        del drawn["Heads"]
    for tab, draw in zip(st.tabs(list(drawn), key="batch_tabs", on_change="rerun"), drawn.values(), strict=True):
        if tab.open:
            with tab:
                draw(view, batch)


def _heads(view: BatchView, batch: OpenBatch) -> None:
    """All heads, those that pass most often first; a click on a row's box selects the head.  Only a scored batch has any."""
    if not isinstance(batch, ScoredBatch):
        return
    table = batch.summary.frame.sort_values(["passing", "median_snr"], ascending=False, na_position="last").reset_index(drop=True)
    table["share_passing"] *= 100
    number = st.column_config.NumberColumn
    columns = {
        "tested": number("tested in", format="%d", help=f"Sequences in which the head has at least {FEWEST_ARCS} arcs."),
        "passing": number("passes in", format="%d", help=HELP["batch_shows"]),
        "share_passing": number("share passing", format="%.0f %%", help="Of the scored sequences."),
        "median_snr": number("median SNR", format="%.2f", help=HELP["snr"]),
        "median_log2_enrichment": number("median log₂ enrichment", format="%.2f", help=HELP["enrichment"]),
        "flags": st.column_config.TextColumn("flags", help="A head is flagged where less than half of the scored sequences test it."),
    }
    head = batch.head_of(view.head)
    selecting_table(table, f"batch_heads_{batch.key}_{head[0]}_{head[1]}", session.select_head, columns)


def _failed(view: BatchView, batch: OpenBatch) -> None:
    """The records of which nothing was computed, or nothing scored, and why."""
    sequences = batch.sequences
    failed = sequences[sequences["error"].notna() | sequences["no_scores"].notna()]
    if failed.empty:
        st.info("No record failed, and none is without scores." if batch.settings.sites is not None else "No record failed.")
        return
    without = len(failed) - batch.failed
    counts = [f"{batch.failed:,} without results, which the same command tries again"] if batch.failed else []
    counts += [f"{without:,} with column weights but without scores"] if without else []
    st.caption(f"Of {len(sequences):,} records {' and '.join(counts)}.")
    table = failed[["row", "name", "length"]].assign(why=failed["error"].fillna(failed["no_scores"]))
    st.dataframe(
        table, key=f"batch_failed_{batch.key}", hide_index=True, height=330, placeholder="",
        column_config={"why": st.column_config.TextColumn("why", width="large")},
    )  # fmt: skip


def _downloads(view: BatchView, batch: OpenBatch) -> None:
    results, head = batch.results, batch.head_of(view.head)
    summary = batch.summary if isinstance(batch, ScoredBatch) else None
    stem = f"alloscope_{file_stem(results.metadata.file)}_{file_stem(batch.settings.model_id)}"
    files: dict[str, tuple[str, Callable[[], str], str]] = {}
    if summary is None:
        files["All sequences, CSV"] = (f"{stem}_sequences.csv", lambda: batch_sequences_csv(results), "text/csv")
    else:
        name = f"{stem}_layer_{head[0]}_head_{head[1]}.csv"
        files["This head in all sequences, CSV"] = (name, lambda: batch_sequences_csv(results, head), "text/csv")
        files["All heads, CSV"] = (f"{stem}_heads.csv", lambda: batch_heads_csv(summary, results), "text/csv")
    files["Record of the batch, JSON"] = (f"{stem}_record.json", lambda: batch_record(results, summary), "application/json")
    for place, (label, (name, make, mime)) in zip(st.columns(len(files)), files.items(), strict=True):
        place.download_button(label, make, name, mime, key=f"batch_{label}", on_click="ignore", icon=":material/download:", width="stretch")
    st.caption(plain(f"The whole batch is Parquet in {results.folder}; pandas and DuckDB read it."))
