"""Plotly figures from plain arrays: the layer x head heatmap and the profile along the sequence."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from allo_core.colours import CHANCE_SCALE, GREYS, MARKED, QUANTITY_SCALE, plotly_scale

__all__ = ["SCORES", "heatmap", "profile", "score_grid"]

# what the heatmap can show: key -> label
SCORES = {"enrichment": "log₂ enrichment", "snr": "SNR", "q": "−log₁₀ q"}

_LOWEST_ROW = 12  # px of a heatmap row; below it a click can pick the next row
_ROW = 15  # px where the heatmap scrolls anyway
_MARGIN = {"l": 52, "r": 8, "t": 6, "b": 44}
_SMALLEST_SPAN = {"enrichment": 2.0, "snr": 3.0, "q": 2.0}  # so that noise around chance stays pale


def score_grid(frame: pd.DataFrame, score: str, shape: tuple[int, int]) -> np.ndarray:
    """Values of the heatmap, shape (layers, heads), NaN where undefined.

    ``frame`` is that of HeadScores, one row a head in (layer, head) order.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if score == "enrichment":
            values = np.log2(frame["enrichment"].to_numpy(dtype=float))
        elif score == "snr":
            values = frame["snr"].to_numpy(dtype=float)
        else:
            values = -np.log10(frame["q_value"].to_numpy(dtype=float))
    return np.where(np.isfinite(values), values, np.nan).reshape(shape)


def heatmap(
    frame: pd.DataFrame,
    special_share: np.ndarray,
    score: str,
    null: str,
    selected: tuple[int, int] | None = None,
    height: int = 440,
    theme: str = "light",
) -> go.Figure:
    """Layer x head heatmap; flagged heads are grey and hatched, the selected head is outlined.

    Parameters
    ----------
    frame : DataFrame
        That of HeadScores, one row a head in (layer, head) order.
    special_share : ndarray, shape=(layers, heads)
        Share of attention that each head spends on special tokens.
    score : str
        A key of SCORES.
    null : str
        What the scores are relative to; the hover text names it.
    selected : (layer, head), optional
    height : int
        Height in px where the rows allow it; more layers make it taller.
    theme : {"light", "dark"}
        For the greys of cells without a colour.
    """
    layers, heads = special_share.shape
    values = score_grid(frame, score, (layers, heads))
    flagged = (frame["flags"] != "").to_numpy().reshape(layers, heads)
    shown = np.where(flagged, np.nan, values)
    figure = go.Figure()
    absent, grey, stroke = GREYS["dark" if theme == "dark" else "light"]
    figure.add_trace(_ground(np.where(flagged, 1.0, 0.0), [[0, absent], [1, grey]]))
    figure.add_trace(_coloured(shown, score))
    figure.add_trace(_hatching(flagged, stroke))
    figure.add_trace(_targets(frame, special_share, null))
    if selected is not None:
        layer, head = selected
        for colour, width in (("#FFFFFF", 6), ("#000000", 3)):
            figure.add_shape(
                type="rect", x0=head - 0.5, x1=head + 0.5, y0=layer - 0.5, y1=layer + 0.5, line={"color": colour, "width": width}
            )
    figure.update_layout(
        height=_height(layers, height),
        margin=_MARGIN,
        hoverdistance=-1,
        dragmode=False,
        showlegend=False,
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"font": {"size": 14}, "align": "left"},
        font={"size": 13},
        uirevision="heatmap",
    )
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "ticks": ""}
    figure.update_xaxes(**axis, title={"text": "head", "standoff": 10}, range=[-0.5, heads - 0.5], dtick=_tick(heads))
    figure.update_yaxes(**axis, title={"text": "layer", "standoff": 10}, range=[layers - 0.5, -0.5], dtick=_tick(layers))
    return figure


def _height(layers: int, wanted: int) -> int:
    around = _MARGIN["t"] + _MARGIN["b"]
    return wanted if _LOWEST_ROW * layers + around <= wanted else _ROW * layers + around


def _tick(count: int) -> int:
    return 1 if count <= 12 else 2 if count <= 24 else 4


def _ground(flagged: np.ndarray, scale: list[list]) -> go.Heatmap:
    """Grey behind cells that have no colour: one where flagged, another where no score is defined."""
    return go.Heatmap(z=flagged, zmin=0, zmax=1, colorscale=scale, showscale=False, hoverinfo="skip", xgap=1, ygap=1)


def _coloured(values: np.ndarray, score: str) -> go.Heatmap:
    span = max(_SMALLEST_SPAN[score], float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0)
    low, scale = (0.0, QUANTITY_SCALE) if score == "q" else (-span, CHANCE_SCALE)
    bar = {"title": {"text": SCORES[score], "side": "right"}, "thickness": 12, "outlinewidth": 0, "len": 1.0, "xpad": 6}
    return go.Heatmap(
        z=values, zmin=low, zmax=span, colorscale=plotly_scale(scale), colorbar=bar, hoverongaps=False, hoverinfo="skip", xgap=1, ygap=1
    )


def _hatching(flagged: np.ndarray, colour: str) -> go.Scatter:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for layer, head in np.argwhere(flagged):
        for shift in (-0.5, 0.0, 0.5):  # three strokes a cell, cut at its edges
            xs += [head + max(-0.48, shift - 0.48), head + min(0.48, shift + 0.48), None]
            ys += [layer + min(0.48, 0.48 + shift), layer + max(-0.48, -0.48 + shift), None]
    return go.Scatter(x=xs, y=ys, mode="lines", line={"color": colour, "width": 1}, hoverinfo="skip")


def _targets(frame: pd.DataFrame, special_share: np.ndarray, null: str) -> go.Scatter:
    """Invisible markers that carry hover and click: a heatmap alone sends no selection to Streamlit."""
    invisible = {"marker": {"opacity": 0}}
    return go.Scatter(
        x=frame["head"],
        y=frame["layer"],
        mode="markers",
        marker={"symbol": "square", "size": _LOWEST_ROW, "opacity": 0, "color": "#FFFFFF"},
        selected=invisible,
        unselected=invisible,
        hoverinfo="text",
        hovertext=[_hover(row, share, null) for row, share in zip(frame.to_dict("records"), special_share.ravel(), strict=True)],
    )


def _hover(row: dict, special_share: float, null: str) -> str:
    """Every number of one head."""
    enrichment = np.log2(row["enrichment"]) if row["enrichment"] > 0 else np.nan
    lines = [
        f"<b>Layer {row['layer']}, head {row['head']}</b> · {null} null",
        f"log₂ enrichment {_number(enrichment)}",
        f"attention on the site {_number(row['attention_on_site'])}, expected {_number(row['expected'])}",
        f"impact {_number(row['impact'])}, per arc {_number(row['impact_count'])}, of arcs {_number(row['impact_arcs'])}",
        f"SNR {_number(row['snr'])}",
        f"p {_number(row['p_value'])} · q {_number(row['q_value'])}",
        f"{row['n_arcs']} arcs above the threshold, {row['residues_hit']} marked residues hit",
        f"{special_share:.0%} of its attention on special tokens",
    ]
    if row["flags"]:
        lines.append(f"<i>flagged: {row['flags']}</i>")
    return "<br>".join(lines)


def _number(value: float) -> str:
    return "not defined" if not np.isfinite(value) else f"{value:.3g}"


def profile(
    numbers: Sequence[int],
    received: np.ndarray,
    above: np.ndarray,
    labels: Sequence[str],
    marked: Sequence[int],
    spans: Sequence[tuple[str, int, int]],
    threshold: float,
    height: int = 170,
) -> go.Figure:
    """Attention received along the sequence, under a track of the segments.

    Parameters
    ----------
    numbers : sequence of int, length L
        UniProt numbers.
    received, above : ndarray, shape=(L,)
        Column sums of all attention, and of the attention above the threshold.
    labels : sequence of str, length L
        Residue names for the hover text.
    marked : sequence of int
        0-based indices of the marked residues.
    spans : sequence of (segment, first index, last index)
    threshold : float
    """
    figure = go.Figure()
    hover = "<b>%{customdata}</b><br>%{y:.3f}<extra>%{fullData.name}</extra>"
    figure.add_trace(
        go.Scatter(
            x=list(numbers), y=received, customdata=list(labels), mode="lines", name="attention received", fill="tozeroy",
            line={"color": "#4292C6", "width": 1, "shape": "hvh"}, fillcolor="rgba(66,146,198,0.35)", hovertemplate=hover,
        )
    )  # fmt: skip
    if threshold > 0:
        figure.add_trace(
            go.Bar(
                x=list(numbers), y=above, customdata=list(labels), name=f"above {threshold:.2f}",
                marker={"color": "#D94801", "line": {"width": 0}},
                hovertemplate=hover, width=1.0,
            )
        )  # fmt: skip
    if len(marked):
        figure.add_trace(
            go.Scatter(
                x=[numbers[i] for i in marked], y=[0] * len(marked), customdata=[labels[i] for i in marked], mode="markers", name="marked",
                marker={"symbol": "triangle-up", "size": 11, "color": MARKED, "line": {"color": "#000000", "width": 1}}, cliponaxis=False,
                hovertemplate="<b>%{customdata}</b><extra>marked</extra>",
            )
        )  # fmt: skip
    figure.update_layout(
        **_segment_track(numbers, spans),
        height=height,
        margin={"l": 46, "r": 8, "t": 26, "b": 24},
        bargap=0,
        hovermode="closest",
        dragmode="zoom",
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 0.98, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"},
        plot_bgcolor="rgba(0,0,0,0)",
        paper_bgcolor="rgba(0,0,0,0)",
        font={"size": 13},
    )
    figure.update_xaxes(range=[numbers[0] - 1, numbers[-1] + 1], showgrid=False, zeroline=False)
    highest = max(float(np.max(received)), float(np.max(above)), 1e-6)
    # room for the legend above the bars
    figure.update_yaxes(range=[0, 1.3 * highest], fixedrange=True, showgrid=True, nticks=4, zeroline=False)
    return figure


def _segment_track(numbers: Sequence[int], spans: Sequence[tuple[str, int, int]]) -> dict:
    """Layout entries of the track: bars for helices with their names, a line for the rest (one update, Plotly is slow at many)."""
    shapes, names = [], []
    for name, first, last in spans:
        helix = name.startswith(("TM", "H8"))
        low, high = (1.02, 1.17) if helix else (1.07, 1.12)
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": numbers[first] - 0.5,
                "x1": numbers[last] + 0.5,
                "y0": low,
                "y1": high,
                "fillcolor": "#6B7280" if helix else "#D1D5DB",
                "line": {"width": 0},
            }
        )
        if helix and last - first >= 10:
            names.append(
                {
                    "x": (numbers[first] + numbers[last]) / 2,
                    "y": 1.095,
                    "xref": "x",
                    "yref": "paper",
                    "text": name,
                    "showarrow": False,
                    "font": {"color": "#FFFFFF", "size": 12},
                    "yanchor": "middle",
                }
            )
    return {"shapes": shapes, "annotations": names}
