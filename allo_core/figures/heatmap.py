"""The layer x head heatmap."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from allo_core.attention.control import LEVEL
from allo_core.attention.nulls import Null
from allo_core.figures.colours import GREYS, GROUND, PASSING_DOT, SELECTED_HEAD, Theme, hex_colours, plotly_scale
from allo_core.figures.head_scores import ARCS, SCORES, HeadScore
from allo_core.figures.layout import QUIET

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Integer

__all__ = ["arcs_heatmap", "cell_colours", "cells", "heatmap", "meaning_of_heads", "passes", "score_grid", "short_number"]

_LOWEST_ROW = 14  # px of a heatmap row; at 6 px a click picked the next row
_ROW = 15  # px where the heatmap scrolls anyway
_MARGIN = {"l": 52, "r": 76, "t": 6, "b": 44, "autoexpand": False}  # fixed: Plotly otherwise draws twice to find room for the bar
_USUAL_WIDTH = 300  # px of all columns on a laptop
_PLAIN_IN_ADDRESSES = " =/:'"  # characters that a data: address may hold as they are


def score_grid(frame: pd.DataFrame, score: str, shape: tuple[int, int]) -> np.ndarray:
    """Values of the heatmap, shape (layers, heads), NaN where undefined.

    ``frame`` is that of HeadScores, one row a head in (layer, head) order.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        values = SCORES[score].values(frame)
    return np.where(np.isfinite(values), values, np.nan).reshape(shape)


def passes(frame: pd.DataFrame) -> np.ndarray:
    """Which heads pass, flagged or not: dtype=bool, one a row of ``frame``, which has the column q_value."""
    return frame["q_value"].to_numpy(dtype=float) < LEVEL


def meaning_of_heads(score: str, frame: pd.DataFrame, theme: Theme = "light", judged_by: str = "") -> str:
    """What white (black on a dark page) and dots mean on a heatmap of ``score``, as a sentence; ``frame`` has the column q_value.

    ``judged_by`` says what q is of, to end the sentence, where the page does not say it elsewhere.
    """
    ground = f"{GROUND[theme].capitalize()} is {SCORES[score].white}"
    return f"{ground}, a dot q < {LEVEL:g}{f' {judged_by}' if judged_by else ''}." if passes(frame).any() else f"{ground}."


def heatmap(
    frame: pd.DataFrame,
    shape: tuple[int, int],
    score: str,
    null: Null,
    selected: tuple[int, int] | None = None,
    height: int = 440,
    theme: Theme = "light",
    fixed: bool = False,
    counted: str = "",
) -> go.Figure:
    """Layer x head heatmap; heads that pass have a dot, flagged ones are grey and hatched, the selected one is outlined.

    Parameters
    ----------
    frame : DataFrame
        That of HeadScores, one row a head in (layer, head) order.
    shape : (layers, heads)
    score : str
        A key of SCORES.
    null : str
        What the scores are relative to; the hover text names it.
    selected : (layer, head), optional
    height : int
        Height in px where the rows allow it; more layers make it taller.
    theme : {"light", "dark"}
    fixed : bool
        Whether the colour scale ends at the same values whatever the scores, so that heatmaps can be compared.
    counted : str
        What counts where that is not attention ("value-weighted"); the bar and the hover text name it.
    """
    flagged = (frame["flags"] != "").to_numpy().reshape(shape)
    hover = _hover(frame, f"{counted}, {null} null" if counted else f"{null} null", shape)
    shown = replace(SCORES[score], label=_label(score, counted))
    return cells(score_grid(frame, score, shape), flagged, shown, hover, selected, height, theme, passes(frame).reshape(shape), fixed)


def _label(score: str, counted: str) -> str:
    return f"{SCORES[score].label}, {counted}" if counted else SCORES[score].label


def arcs_heatmap(arcs: Integer[np.ndarray, "layers heads"], height: int = 440, theme: Theme = "light") -> go.Figure:
    """How many arcs each head has, in grey: what there is to browse before residues are marked.

    Parameters
    ----------
    arcs : ndarray, dtype=int, shape=(layers, heads)
    height, theme
        As for `heatmap`.
    """
    values = ARCS.values(pd.DataFrame({"n_arcs": arcs.ravel()})).reshape(arcs.shape)
    hover = {
        "customdata": arcs[..., None].astype(str),
        "hovertemplate": "<b>Layer %{y}, head %{x}</b><br>%{customdata[0]} arcs<extra></extra>",
    }
    return cells(values, np.zeros(arcs.shape, dtype=bool), ARCS, hover, None, height, theme)


def cells(
    values: Float[np.ndarray, "layers heads"],
    flagged: Bool[np.ndarray, "layers heads"],
    score: str | HeadScore,
    hover: dict,
    selected: tuple[int, int] | None = None,
    height: int = 440,
    theme: Theme = "light",
    passing: Bool[np.ndarray, "layers heads"] | None = None,
    fixed: bool = False,
) -> go.Figure:
    """The heatmap of any numbers, one a head.

    Parameters
    ----------
    values : ndarray, dtype=float, shape=(layers, heads)
        NaN where undefined.
    flagged : ndarray, dtype=bool, shape=(layers, heads)
    score : str or HeadScore
        A key of SCORES, or another score: which colours, and what the bar is called.
    hover : dict
        ``customdata`` of shape (layers, heads, n) and ``hovertemplate``.
    selected, height, theme
        As for `heatmap`.
    passing : ndarray, dtype=bool, shape=(layers, heads), optional
        Heads that have a dot.
    fixed : bool
        As for `heatmap`.
    """
    layers, heads = values.shape
    shown = np.where(flagged, np.nan, values)
    figure = go.Figure()
    absent, grey, stroke = GREYS[theme]
    figure.add_trace(_ground(flagged, [[0, absent], [1, grey]], hover))
    figure.add_trace(_coloured(shown, score, theme, fixed))
    if passing is not None and passing.any():
        figure.add_trace(_dots(passing))
    if selected is not None:
        layer, head = selected
        for colour, width in SELECTED_HEAD:
            figure.add_shape(
                type="rect", x0=head - 0.5, x1=head + 0.5, y0=layer - 0.5, y1=layer + 0.5, line={"color": colour, "width": width}
            )
    figure.update_layout(
        images=[_hatching(flagged, stroke)],
        height=_height(layers, height),
        margin=_MARGIN,
        dragmode=False,
        showlegend=False,
        **QUIET,
        hoverlabel={"font": {"size": 14}, "align": "left"},
        uirevision="heatmap",
    )
    # Labels that are known to fit need not be measured.
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "ticks": "", "ticklabeloverflow": "allow", "automargin": False}
    figure.update_xaxes(**axis, title={"text": "head", "standoff": 10}, range=[-0.5, heads - 0.5], dtick=_tick(heads))
    figure.update_yaxes(**axis, title={"text": "layer", "standoff": 10}, range=[layers - 0.5, -0.5], dtick=_tick(layers))
    return figure


def _height(layers: int, wanted: int) -> int:
    around = _MARGIN["t"] + _MARGIN["b"]
    return wanted if _LOWEST_ROW * layers + around <= wanted else _ROW * layers + around


def _tick(count: int) -> int:
    return 1 if count <= 12 else 2 if count <= 24 else 4


def _ground(flagged: np.ndarray, scale: list[list], hover: dict) -> go.Heatmap:
    """Grey behind cells that have no colour: one where flagged, another where no score is defined.  Every cell of it has a hover text."""
    return go.Heatmap(z=flagged.astype(np.uint8), zmin=0, zmax=1, colorscale=scale, showscale=False, xgap=1, ygap=1, **hover)


def cell_colours(
    frame: pd.DataFrame, score: str, shape: tuple[int, int], theme: Theme = "light", fixed: bool = False, counted: str = ""
) -> dict:
    """The heatmap as plain colours, for a picture that is drawn elsewhere; parameters as for `heatmap`.

    Returns
    -------
    dict
        cells: hex colour of each head in (layer, head) order; passing: which of them have a dot; low, high: ends of the scale;
        colours: the scale; label.
    """
    flagged = (frame["flags"] != "").to_numpy()
    values = np.where(flagged, np.nan, score_grid(frame, score, shape).ravel())
    low, high, scale = SCORES[score].colour_range(values, theme, fixed)
    absent, grey, _ = GREYS[theme]
    coloured = hex_colours(values, high, scale, low)
    colours = [
        grey if flag else absent if np.isnan(value) else colour for flag, value, colour in zip(flagged, values, coloured, strict=True)
    ]
    passing = np.flatnonzero(passes(frame)).tolist()
    label = f"{_label(score, counted)}; dot: q < {LEVEL:g}" if passing else _label(score, counted)
    return {"cells": colours, "passing": passing, "low": low, "high": high, "colours": list(scale), "label": label}


def _coloured(values: np.ndarray, score: str | HeadScore, theme: Theme, fixed: bool) -> go.Heatmap:
    shown = SCORES[score] if isinstance(score, str) else score
    low, span, scale = shown.colour_range(values, theme, fixed)
    bar = {"title": {"text": shown.label, "side": "right"}, "thickness": 12, "outlinewidth": 0, "len": 1.0, "xpad": 6}
    return go.Heatmap(
        z=values.astype(np.float32),
        zmin=low,
        zmax=span,
        colorscale=plotly_scale(scale),
        colorbar=bar,
        hoverongaps=False,
        hoverinfo="skip",
        xgap=1,
        ygap=1,
    )


def _dots(passing: np.ndarray) -> go.Scatter:
    """A dot in each cell, black in a white ring, so that it is seen on every colour of the scales and on grey."""
    layer, head = np.nonzero(passing)
    fill, ring = PASSING_DOT
    marker = {"symbol": "circle", "size": 7, "color": fill, "line": {"color": ring, "width": 1.5}}
    return go.Scatter(x=head, y=layer, mode="markers", marker=marker, hoverinfo="skip")


def _hatching(flagged: np.ndarray, colour: str) -> dict:
    """Strokes over the flagged cells as one picture in vector form, some kilobytes whatever the number of cells."""
    layers, heads = flagged.shape
    outline = []
    for layer, row in enumerate(flagged):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(int), [0]))))
        outline += [f"M{start} {layer}h{stop - start}v1H{start}z" for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    thin = round(heads / _USUAL_WIDTH, 3)  # of a cell: about 1 px
    strokes = f'<path d="M0 .5L.5 0" stroke="{colour}" stroke-width="{thin}"/>'
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {heads} {layers}" preserveAspectRatio="none" '
        f'width="{40 * heads}" height="{40 * layers}">'
        f'<pattern id="h" width=".5" height=".5" patternUnits="userSpaceOnUse">{strokes}</pattern>'
        f'<path fill="url(#h)" d="{"".join(outline)}"/></svg>'
    )
    place = {"xref": "x", "yref": "y", "x": -0.5, "y": -0.5, "sizex": heads, "sizey": layers, "sizing": "stretch", "layer": "above"}
    return {"source": f"data:image/svg+xml,{quote(picture, safe=_PLAIN_IN_ADDRESSES)}", **place}


def _hover(frame: pd.DataFrame, against: str, shape: tuple[int, int]) -> dict:
    """What a cell says, in three lines that hide few of its neighbours; every other number stands in the table of heads.

    The words are sent once, as a template; the numbers of each head as short strings, [layers][heads][5].
    """
    numbers = [_hover_numbers(row) for row in frame.to_dict("records")]
    return {
        "customdata": np.array(numbers).reshape(*shape, -1),
        "hovertemplate": (
            "<b>Layer %{y}, head %{x}</b>"
            f"<br>log₂ enrichment %{{customdata[0]}} · SNR %{{customdata[1]}} · q %{{customdata[2]}} ({against})"
            "<br>%{customdata[3]} arcs%{customdata[4]}<extra></extra>"
        ),
    }


def _hover_numbers(row: dict) -> list[str]:
    """Every number of one head, in the order of the template."""
    enrichment = np.log2(row["enrichment"]) if row["enrichment"] > 0 else np.nan
    flags = f" · flagged: {row['flags']}" if row["flags"] else ""
    return [short_number(enrichment), short_number(row["snr"]), short_number(row["q_value"]), str(row["n_arcs"]), flags]


def short_number(value: float) -> str:
    """Three digits, or a dash where there is no number."""
    return "–" if not np.isfinite(value) else f"{value:.3g}"
