"""The pictures of the page Batch: all heads, and the selected head over the sequences."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from allo_core.attention.control import LEVEL
from allo_core.attention.head import Head
from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.figures.batch import SUMMARIES, batch_heatmap, sequences_figure
from allo_core.figures.colours import Theme
from allo_core.figures.heatmap import short_number
from allo_core.ui.batch import session
from allo_core.ui.batch.results import HeadsBatch, OpenBatch, ScoredBatch
from allo_core.ui.batch.view import BatchView
from allo_core.ui.shared.choices import NULLS
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.models import model_label
from allo_core.ui.shared.plots import draw_heads, draw_plot
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["HEIGHT", "draw_empty", "draw_heatmap", "draw_over_sequences", "draw_strip", "draw_verdict"]

HEIGHT = 400  # px
_COMMAND = 'python -m allo_core batch sequences.fasta.gz --out results --sites "sodium pocket"'


def draw_strip(batch: OpenBatch | HeadsBatch | None) -> None:
    """Which file was run through which model and how far, in one line."""
    with st.container(key="strip"):
        st.markdown(" :gray[|] ".join(map(plain, _facts(batch) if batch is not None else ["No batch yet"])))


def _facts(batch: OpenBatch | HeadsBatch) -> list[str]:
    metadata = batch.results.metadata
    far = f"{metadata.records:,} records" if batch.results.complete else f"{len(batch.sequences):,} of {metadata.records:,} records so far"
    failed = f", {batch.failed:,} failed" if batch.failed else ""
    facts = [metadata.file, model_label(metadata.settings.model_id), f"{far}{failed}"]
    if isinstance(batch, HeadsBatch):
        return [*facts, "what heads look at"]
    settings = batch.settings
    if settings.sites is None:
        return [*facts, "not scored"]
    null = settings.null if settings.null in NULLS else "matched or uniform"
    return [*facts, settings.sites, f"threshold {settings.threshold:.2f}", f"{null} null"]


def draw_empty() -> None:
    """What a batch is, and how to come by one."""
    st.markdown(
        "A batch is one model run over thousands of sequences from a terminal. It keeps column weights, arcs and the scores of every head, "
        "and no attention maps; with --task heads it counts what all heads look at."
    )
    st.code(_COMMAND, language="bash")
    st.markdown("Then type the folder, here *results*, at the left. It opens while the batch is still running, too.")


def draw_verdict(batch: ScoredBatch) -> None:
    """How often heads pass, and that this is no test."""
    summary = batch.summary
    scored, half = len(summary.rows), int((summary.frame["share_passing"] > 0.5).sum())
    of_scored = f"the {scored:,} scored sequences" if scored > 1 else "the one scored sequence"
    if batch.settings.null == "published":
        counted = f"Over {of_scored} no head can pass: the published null gives no p."
    else:
        counted = f"{half} of {len(summary.frame)} heads pass in more than half of {of_scored} (q < {LEVEL:g} in each by itself)."
    caution = "Sequences of a batch are not independent of each other: this is a count, and the page Receptors has the test."
    with st.container(key="verdict"):
        st.markdown(plain(f"{counted} {caution}"), help=HELP["batch_count"])


def draw_heatmap(view: BatchView, batch: ScoredBatch) -> None:
    """The layer x head heatmap over the batch; a click selects a head, arrow keys move the selection."""
    summary = batch.summary
    figure = _heatmap(batch.key, view.shows, current_theme(), batch)
    shape = summary.layers, summary.heads
    alt = f"Heatmap of {SUMMARIES[view.shows]} of {shape[0]} x {shape[1]} heads over {len(summary.rows)} sequences."
    draw_heads(figure, HEIGHT, alt, batch.head_of(view.head), shape, session.select_head)
    few = int((summary.frame["flags"] != "").sum())
    if few == len(summary.frame):
        st.caption("Every head is tested in less than half of the sequences: too few have arcs at this threshold.")
    else:
        white = "White passes in none" if view.shows == "share" else "White is chance"
        st.caption(f"{white}. {few} of {len(summary.frame)} heads are tested in less than half of the sequences. Arrow keys move the head.")


@st.cache_resource(max_entries=12, show_spinner=False)
def _heatmap(key: str, shows: str, theme: Theme, _batch: ScoredBatch) -> go.Figure:
    summary = _batch.summary
    return batch_heatmap(summary.frame, (summary.layers, summary.heads), shows, len(summary.rows), HEIGHT, theme)


def draw_over_sequences(view: BatchView, batch: ScoredBatch) -> None:
    """The selected head over the scored sequences, with its numbers as a title."""
    summary, head = batch.summary, batch.head_of(view.head)
    at = head[0] * summary.heads + head[1]
    row, scored = summary.frame.iloc[at], len(summary.rows)
    numbers = f"passes in {row['passing']:,} of {scored:,} ({row['share_passing']:.0%}), median SNR {short_number(row['median_snr'])}"
    st.markdown(f"##### {Head(*head).name} :gray[{plain(numbers)}]", help=HELP["snr"])
    names = batch.sequences["name"][batch.sequences["row"].isin(summary.rows)].tolist()
    figure = sequences_figure(names, summary.snr[:, at], summary.q[:, at], row["median_snr"], HEIGHT - 60)
    draw_plot(figure, "over_sequences", f"SNR of {Head(*head).name.lower()} in each of {scored} sequences.")
    untested, silent = scored - row["tested"], row["tested"] - int(np.isfinite(summary.snr[:, at]).sum())
    left_out = [f"{untested:,} with fewer than {FEWEST_ARCS} arcs"] if untested else []
    left_out += [f"{silent:,} in which nothing falls on the site"] if silent else []
    not_drawn = f" Not drawn: {' and '.join(left_out)}." if left_out else ""
    enrichment = f"Median log₂ enrichment {short_number(row['median_log2_enrichment'])}."
    st.caption(f"{enrichment} The blue line is the median SNR, the dotted one chance.{not_drawn}")
