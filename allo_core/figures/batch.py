"""Pictures of a batch: all heads, and one head over the sequences."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from allo_core.attention.control import LEVEL
from allo_core.figures.colours import (
    BETWEEN_CELLS,
    CHANCE_LINE,
    MEDIAN_LINE,
    NOT_PASSING,
    PASSING,
    QUANTITY_SCALE,
    Theme,
    plotly_scale,
)
from allo_core.figures.heatmap import cells, short_number
from allo_core.figures.layout import QUIET, legend_at_top
from allo_core.figures.receptor_set import receptors_figure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["MOST_NAMED", "SUMMARIES", "batch_heatmap", "sequences_figure"]

# What the heatmap can show: key -> label.
SUMMARIES = {"share": "share passing", "snr": "median SNR", "enrichment": "median log₂ enrichment"}
MOST_NAMED = 60  # sequences that have their names on the axis; more are counted in bars

_MOST_BARS = 60
_SMALLEST_SHARE = 0.2  # end of the scale of shares at least, so that a head that passes now and then stays pale
_COLUMNS = {"share": "share_passing", "snr": "median_snr", "enrichment": "median_log2_enrichment"}


def batch_heatmap(
    frame: pd.DataFrame, shape: tuple[int, int], shows: str, sequences: int, height: int = 440, theme: Theme = "light"
) -> go.Figure:
    """Layer x head heatmap of a batch; heads that are tested in few sequences are grey and hatched.

    Parameters
    ----------
    frame : DataFrame
        That of BatchSummary, one row a head in (layer, head) order.
    shape : (layers, heads)
    shows : str
        A key of SUMMARIES.
    sequences : int
        R, the scored ones.
    height, theme
        As for `heatmap`.
    """
    flagged = (frame["flags"] != "").to_numpy().reshape(shape)
    values = frame[_COLUMNS[shows]].to_numpy(dtype=float).reshape(shape)
    figure = cells(values, flagged, "snr" if shows == "share" else shows, _hover(frame, shape, sequences), None, height, theme)
    bar = {"colorbar.title.text": SUMMARIES[shows]}
    if shows == "share":  # chance has no colour of its own here: the scale begins at 0
        unflagged = values[~flagged]
        highest = max(_SMALLEST_SHARE, float(unflagged.max()) if unflagged.size else 0.0)
        bar |= {"zmin": 0.0, "zmax": highest, "colorscale": plotly_scale(QUANTITY_SCALE[theme]), "colorbar.tickformat": ".0%"}
    figure.data[-1].update(bar)
    if theme == "light":  # most cells of a batch are white; the gaps between them show which is which
        figure.update_layout(plot_bgcolor=BETWEEN_CELLS)
    return figure


def _hover(frame: pd.DataFrame, shape: tuple[int, int], sequences: int) -> dict:
    numbers = [
        [
            str(row["passing"]),
            f"{row['share_passing']:.0%}",
            short_number(row["median_snr"]),
            short_number(row["median_log2_enrichment"]),
            str(row["tested"]),
            row["flags"] or "none",
        ]
        for row in frame.to_dict("records")
    ]
    return {
        "customdata": np.array(numbers).reshape(*shape, -1),
        "hovertemplate": (
            "<b>Layer %{y}, head %{x}</b>"
            f"<br>passes in %{{customdata[0]}} of {sequences} sequences (%{{customdata[1]}})"
            "<br>median SNR %{customdata[2]}"
            "<br>median log₂ enrichment %{customdata[3]}"
            "<br>tested in %{customdata[4]} sequences"
            "<br>flags: %{customdata[5]}<extra></extra>"
        ),
    }


def sequences_figure(
    names: Sequence[str], snr: Float[np.ndarray, " R"], q: Float[np.ndarray, " R"], median: float, height: int = 300
) -> go.Figure:
    """SNR of one head in each sequence: named points where there are few, else how many sequences have which SNR.

    Parameters
    ----------
    names : sequence of str, length R
        Text from outside: shown as text only.
    snr, q : ndarray, dtype=float, shape=(R,)
        NaN where the head has none; sequences without an SNR are not drawn.
    median : float
        Drawn as a line, unless it is NaN.
    """
    if len(names) <= MOST_NAMED:
        return receptors_figure(names, snr, q, median, height)
    drawn = np.isfinite(snr)
    snr, passing = snr[drawn], (q < LEVEL)[drawn]
    counts, edges = np.histogram(snr, bins=min(_MOST_BARS, 1 + int(np.sqrt(len(snr)))))  # more bars than that are noise
    of_passing, _ = np.histogram(snr[passing], bins=edges)
    ends = [[short_number(low), short_number(high)] for low, high in itertools.pairwise(edges)]
    figure = go.Figure()
    for values, name, colour in ((of_passing, "passes", PASSING), (counts - of_passing, "does not pass", NOT_PASSING)):
        figure.add_trace(
            go.Bar(
                x=(edges[:-1] + edges[1:]) / 2, y=values, name=name, width=np.diff(edges), customdata=ends,
                marker={"color": colour, "line": {"width": 0}},
                hovertemplate=f"SNR %{{customdata[0]}} to %{{customdata[1]}}<br>{name} in %{{y:,}} sequences<extra></extra>",
            )
        )  # fmt: skip
    if np.isfinite(median):
        figure.add_vline(median, line={"color": MEDIAN_LINE, "width": 2})
    figure.add_vline(0, line={"color": CHANCE_LINE, "width": 1, "dash": "dot"})
    figure.update_layout(
        barmode="stack",
        bargap=0,
        height=height,
        margin={"l": 66, "r": 8, "t": 24, "b": 44, "autoexpand": False},
        dragmode="zoom",
        legend=legend_at_top(1),
        **QUIET,
    )
    figure.update_xaxes(title={"text": "SNR", "standoff": 6}, showgrid=False, zeroline=False, nticks=8, tickformat=".2~f")
    figure.update_yaxes(title={"text": "sequences", "standoff": 4}, zeroline=False, nticks=6)
    return figure
