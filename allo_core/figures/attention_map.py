"""One head's attention between all residues, small enough for the browser whatever the length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import HELIX, POINTED_OUT, SET_COLOURS, Theme, attention_scale, plotly_scale
from allo_core.figures.layout import QUIET

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Shaped

__all__ = ["LARGEST_SIDE", "attention_map", "pooled"]

LARGEST_SIDE = 420  # cells; one byte each, so that the picture stays below 300 kB
_STEPS = 255
_TICKS = (0, 0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
_LAST_TICK = 0.75  # of the ceiling; a tick above would run into the last one
_BAND = 0.025  # of the side, for the bands of helices
_MARGIN = {"l": 60, "r": 8, "t": 28, "b": 44}


def pooled(attention: Shaped[np.ndarray, "L L"], largest: int = LARGEST_SIDE) -> tuple[np.ndarray, " int"]:
    """Largest value of each block of residues, and the residues in the side of a block.

    The maximum is kept, not the mean, so that an arc does not fade in a long sequence.

    Parameters
    ----------
    attention : ndarray, shape=(L, L)
    largest : int
        Most blocks along a side.

    Returns
    -------
    ndarray, shape=(n, n)
        With n = ceil(L / block) <= largest.
    block : int
    """
    length = len(attention)
    block = -(-length // largest)
    if block == 1:
        return attention, 1
    starts = np.arange(0, length, block)
    return np.maximum.reduceat(np.maximum.reduceat(attention, starts, axis=0), starts, axis=1), block


def attention_map(
    attention: Shaped[np.ndarray, "L L"],
    first: int,
    sets: Mapping[str, Sequence[int]],
    spans: Sequence[tuple[str, int, int]],
    pair: tuple[int, int] | None = None,
    height: int = 560,
    theme: Theme = "light",
    name: str = "attention",
) -> go.Figure:
    """The map of one head: rows are queries, columns are keys, colour is attention; bands show helices, lines the marked residues.

    Parameters
    ----------
    attention : ndarray, shape=(L, L)
    first : int
        UniProt number of the first residue.
    sets : dict of name ("A", "B") -> 0-based indices
    spans : sequence of (segment, first index, last index)
    pair : (query, key), optional
        0-based indices of a pair that is circled.
    name : str
        What the values are.
    """
    length = len(attention)
    values, block = pooled(attention)
    ceiling = float(np.quantile(values, 0.995)) or float(values.max()) or 1.0
    # One byte a cell: the eye tells fewer steps apart, and the square root keeps weak attention visible.
    steps = np.round(np.sqrt(np.clip(values / ceiling, 0, 1)) * _STEPS).astype(np.uint8)
    ticks = [tick for tick in _TICKS if tick < _LAST_TICK * ceiling]
    figure = go.Figure(
        go.Heatmap(
            z=steps, zmin=0, zmax=_STEPS, x0=first + (block - 1) / 2, dx=block, y0=first + (block - 1) / 2, dy=block,
            colorscale=plotly_scale(attention_scale(theme)), hoverongaps=False,
            hovertemplate="query %{y:.0f}, key %{x:.0f}" + (f" (± {block - 1})" if block > 1 else "") + "<extra></extra>",
            colorbar={
                "title": {"text": name, "side": "right"}, "thickness": 12, "outlinewidth": 0,
                "tickvals": [float(np.sqrt(tick / ceiling)) * _STEPS for tick in (*ticks, ceiling)],
                "ticktext": [*(f"{tick:g}" for tick in ticks), f"≥ {ceiling:.2g}"],
            },
        )
    )  # fmt: skip
    low, high = first - 0.5, first + length - 0.5
    if pair is not None:
        query, key = pair
        figure.add_trace(
            go.Scatter(
                x=[first + key], y=[first + query], mode="markers", hoverinfo="skip",
                marker={"symbol": "circle-open", "size": 16, "color": POINTED_OUT, "line": {"width": 3}},
            )
        )  # fmt: skip
    figure.update_layout(
        **_bands(first, block, spans, sets, low, high),
        height=height,
        margin=_MARGIN,
        showlegend=False,
        **QUIET,
    )
    axis = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    edge = low - _BAND * (high - low)
    figure.update_xaxes(**axis, range=[edge, high], title={"text": "key (looked at)", "standoff": 8})
    figure.update_yaxes(**axis, range=[high, edge], title={"text": "query (looks)", "standoff": 4}, scaleanchor="x")
    return figure


def _bands(
    first: int, block: int, spans: Sequence[tuple[str, int, int]], sets: Mapping[str, Sequence[int]], low: float, high: float
) -> dict:  # layout entries in one update, since Plotly is slow at adding many
    shapes, names = [], []
    depth = _BAND * (high - low)
    for name, start, stop in spans:
        if not name.startswith(("TM", "H8")):
            continue
        begin, end = first + start - 0.5, first + stop + 0.5
        bar = {"type": "rect", "fillcolor": HELIX, "line": {"width": 0}}
        shapes += [
            {**bar, "xref": "x", "yref": "y", "x0": begin, "x1": end, "y0": low - depth, "y1": low},
            {**bar, "xref": "x", "yref": "y", "x0": low - depth, "x1": low, "y0": begin, "y1": end},
        ]
        text = {"text": name, "showarrow": False, "yanchor": "bottom", "font": {"size": 11}}
        names.append({"x": (begin + end) / 2, "y": low - depth, **text})
    for name, indices in sets.items():
        if len(indices):  # one path for all lines of a set, however many residues are marked
            places = [first + block * place + (block - 1) / 2 for place in sorted({index // block for index in indices})]
            path = "".join(f"M{place:g},{low}V{high}M{low},{place:g}H{high}" for place in places)
            line = {"color": SET_COLOURS[name], "width": 1}
            shapes.append({"type": "path", "path": path, "line": line, "opacity": 0.55, "layer": "above"})
    return {"shapes": shapes, "annotations": names}
