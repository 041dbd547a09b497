"""Pictures of a set of receptors: all heads, one head along the family, one head over the receptors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from allo_core.attention.control import LEVEL
from allo_core.figures.colours import (
    CHANCE_LINE,
    FAMILY_BAND,
    FAMILY_LINE,
    MARK_RIM,
    NOT_PASSING,
    PASSING,
    SET_COLOURS,
    Theme,
)
from allo_core.figures.heatmap import cells, passes, score_grid, short_number
from allo_core.figures.layout import QUIET, escaped, legend_at_top
from allo_core.figures.profile import segment_track
from allo_core.protein.numbering import segment_spans

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["consensus_heatmap", "family_figure", "receptors_figure"]


def consensus_heatmap(
    frame: pd.DataFrame,
    shape: tuple[int, int],
    score: str,
    members: int,
    selected: tuple[int, int] | None = None,
    height: int = 440,
    theme: Theme = "light",
) -> go.Figure:
    """Layer x head heatmap of a consensus; heads that pass have a dot.

    Parameters
    ----------
    frame : DataFrame
        That of Consensus, one row a head in (layer, head) order.
    score : {"enrichment", "snr", "q"}
    members : int
        R.
    """
    renamed = frame.rename(columns={"mean_snr": "snr", "mean_enrichment": "enrichment"})
    flagged = (frame["flags"] != "").to_numpy().reshape(shape)
    hover = _hover(frame, shape, members)
    return cells(score_grid(renamed, score, shape), flagged, score, hover, selected, height, theme, passes(frame).reshape(shape))


def _hover(frame: pd.DataFrame, shape: tuple[int, int], members: int) -> dict:
    names = ("mean_snr", "mean_enrichment", "p_value", "q_value")
    numbers = [
        [*(short_number(row[name]) for name in names), str(row["receptors"]), row["flags"] or "none"] for row in frame.to_dict("records")
    ]
    return {
        "customdata": np.array(numbers).reshape(*shape, -1),
        "hovertemplate": (
            "<b>Layer %{y}, head %{x}</b>"
            "<br>mean SNR %{customdata[0]}"
            "<br>mean enrichment %{customdata[1]}"
            "<br>combined p %{customdata[2]} · q %{customdata[3]}"
            f"<br>tested in %{{customdata[4]}} of {members} receptors"
            "<br>flags: %{customdata[5]}<extra></extra>"
        ),
    }


def family_figure(profile: pd.DataFrame, members: int, height: int = 300) -> go.Figure:
    """Attention of one head by generic position: mean over receptors and the quartiles between which half of them lie.

    Parameters
    ----------
    profile : DataFrame
        As from `family_profile`; positions that fewer than half of the receptors have are left out.
    members : int
        R.
    """
    shown = profile[profile["receptors"] >= min(members, profile["receptors"].max()) / 2].reset_index(drop=True)
    x = np.arange(len(shown))
    figure = go.Figure()
    ends = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_trace(go.Scatter(y=shown["low"].astype(np.float32), **ends))
    band = ends | {"fill": "tonexty", "fillcolor": FAMILY_BAND, "name": "middle half of the receptors", "showlegend": True}
    figure.add_trace(go.Scatter(y=shown["high"].astype(np.float32), **band))
    facts = [
        [row.position, row.segment, str(row.receptors), "unknown" if np.isnan(row.conservation) else f"{row.conservation:.0%}"]
        for row in shown.itertuples()
    ]
    figure.add_trace(
        go.Scatter(
            x=x, y=shown["mean"].astype(np.float32), customdata=facts, mode="lines", name="mean", line={"color": FAMILY_LINE, "width": 2},
            hovertemplate=(
                "<b>%{customdata[0]}</b> %{customdata[1]}<br>%{y:.2f} times the mean residue"
                "<br>%{customdata[2]} receptors, conserved to %{customdata[3]}<extra></extra>"
            ),
        )
    )  # fmt: skip
    asked = shown[shown["asked"] > 0]
    figure.add_trace(
        go.Scatter(
            x=asked.index, y=np.zeros(len(asked)), mode="markers", name="asked about", cliponaxis=False,
            customdata=[[row.position, row.asked, row.receptors] for row in asked.itertuples()],
            hovertemplate="<b>%{customdata[0]}</b><br>asked about in %{customdata[1]} of %{customdata[2]} receptors<extra></extra>",
            marker={
                "symbol": "triangle-up", "color": SET_COLOURS["A"], "line": {"color": MARK_RIM, "width": 1},
                # Smaller where few of the receptors ask about the place.
                "size": 4 + 8 * np.sqrt(asked["asked"] / asked["receptors"]).to_numpy(),
            },
        )
    )  # fmt: skip
    highest = max(float(shown["high"].max()), float(shown["mean"].max()), 1.0)
    chance = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 1,
        "y1": 1,
        "line": {"color": CHANCE_LINE, "width": 1, "dash": "dot"},
    }
    track = segment_track(x.tolist(), segment_spans(shown["segment"]))
    figure.update_layout(
        shapes=[*track["shapes"], chance],
        annotations=track["annotations"],
        height=height,
        margin={"l": 56, "r": 8, "t": 40, "b": 44, "autoexpand": False},
        hovermode="closest",
        dragmode="zoom",
        legend=legend_at_top(0.99),
        **QUIET,
    )
    # Of each helix; loops are named when one points at them.
    fifties = [index for index, position in enumerate(shown["position"]) if position.endswith("x50") and len(position) == 4]
    figure.update_xaxes(
        range=[-1, len(shown)], showgrid=False, zeroline=False,
        tickvals=fifties, ticktext=[shown["position"][index] for index in fifties], tickangle=0,
        title={"text": "generic position", "standoff": 6},
    )  # fmt: skip
    figure.update_yaxes(
        range=[0, 1.25 * highest], fixedrange=True, zeroline=False, nticks=5, title={"text": "times the mean residue", "standoff": 4}
    )
    return figure


def receptors_figure(
    names: Sequence[str], snr: Float[np.ndarray, " R"], q: Float[np.ndarray, " R"], mean: float, height: int = 260
) -> go.Figure:
    """SNR of one head in each receptor, the highest first; those in which it passes alone have another colour and shape.

    Parameters
    ----------
    names : sequence of str, length R
        Text from outside: shown as text only.
    snr, q : ndarray, dtype=float, shape=(R,)
        NaN where the head is not tested; q of each receptor alone.
    mean : float
        The weighted mean, drawn as a line.
    """
    order = np.argsort(-np.where(np.isnan(snr), -np.inf, snr), kind="stable")
    order = order[~np.isnan(snr[order])]
    figure = go.Figure()
    passing = q < LEVEL
    rank = np.arange(1, len(order) + 1)
    for mask, name, colour, symbol in (
        (~passing, "does not pass alone", NOT_PASSING, "circle"),
        (passing, "passes alone", PASSING, "diamond"),
    ):
        here = mask[order]
        figure.add_trace(
            go.Scatter(
                x=rank[here], y=snr[order][here].astype(np.float32), mode="markers", name=name,
                customdata=[escaped(names[int(index)]) for index in order[here]],
                marker={"color": colour, "symbol": symbol, "size": 8 if len(order) <= 60 else 6},
                hovertemplate="<b>%{customdata}</b><br>SNR %{y:.2f}<extra></extra>",
                showlegend=bool(here.any()),
            )
        )  # fmt: skip
    lines = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0, "line": {"color": CHANCE_LINE, "width": 1, "dash": "dot"}}
    ]
    if np.isfinite(mean):
        lines.append(_across(mean, {"color": FAMILY_LINE, "width": 2}))
    few = len(order) <= 60
    figure.update_layout(
        shapes=lines,
        height=height,
        margin={"l": 46, "r": 8, "t": 8, "b": 64 if few else 40},
        hovermode="closest",
        legend=legend_at_top(0.99),
        **QUIET,
    )
    labels = {"tickvals": rank, "ticktext": [escaped(names[int(index)][:14]) for index in order], "tickangle": -60} if few else {}
    title = {} if few else {"title": {"text": "receptors by SNR", "standoff": 6}}
    figure.update_xaxes(range=[0.5, len(order) + 0.5], showgrid=False, zeroline=False, **labels, **title)
    figure.update_yaxes(title={"text": "SNR", "standoff": 4}, zeroline=False, nticks=6)
    return figure


def _across(height: float, line: dict) -> dict:
    """A line over the whole width of the plot."""
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height, "line": line}
