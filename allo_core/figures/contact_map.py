"""Predicted contacts above the diagonal, known ones below: a point for each pair, so that a click hits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import ABSENT, CHANCE_LINE, HELIX, NOT_PASSING, POINTED_OUT, PROFILE, SLIDE, Theme
from allo_core.figures.layout import QUIET, legend_at_top

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Int

__all__ = ["PairsBelow", "contact_figure"]

_BAND = 0.022  # of the side, for the bands of helices
_POINT = 5  # px


class PairsBelow(NamedTuple):
    """What stands below the diagonal: its name, and first and second residue of its pairs, 0-based."""

    name: str
    first: Int[np.ndarray, " n"]
    second: Int[np.ndarray, " n"]


def contact_figure(
    first: Int[np.ndarray, " n"],
    second: Int[np.ndarray, " n"],
    scores: Float[np.ndarray, " n"],
    touching: Float[np.ndarray, " n"],
    below: PairsBelow | None,
    length: int,
    start: int,
    labels: Sequence[str],
    spans: Sequence[tuple[str, int, int]],
    pair: tuple[int, int] | None = None,
    measured: str = "score",
    height: int = 514,
    theme: Theme = "light",
) -> go.Figure:
    """The best predicted pairs above the diagonal; circles touch in the known structure, crosses do not, squares are not known.

    Parameters
    ----------
    first, second : ndarray, dtype=int, shape=(n,)
        0-based, first < second.
    scores, touching : ndarray, shape=(n,)
        ``touching`` is 1, 0, or NaN where it is not known.
    below : PairsBelow, optional
    length, start : int
        L, and the UniProt number of the first residue.
    labels : sequence of str, length L
    spans : sequence of (segment, first index, last index)
    pair : (first, second), optional
        0-based pair that is pointed out.
    measured : str
        What the scores are.
    """
    figure = go.Figure()
    kinds = (
        ("touch", touching == 1, "circle", PROFILE),
        ("do not touch", touching == 0, "x-thin", SLIDE[theme][0]),
        ("not known", np.isnan(touching), "square", NOT_PASSING),
    )
    for name, chosen, symbol, colour in kinds:
        if chosen.any():
            figure.add_trace(_points(first[chosen], second[chosen], start, labels, name, symbol, colour, (measured, scores[chosen])))
    if below is not None and len(below.first):
        figure.add_trace(_points(below.second, below.first, start, labels, below.name, "circle", ABSENT, None, 3))
    last = start + length - 1
    figure.add_shape(type="line", x0=start, y0=start, x1=last, y1=last, line={"color": CHANCE_LINE, "width": 1})
    if pair is not None:
        low, high = sorted(pair)
        figure.add_trace(
            go.Scatter(
                x=[start + high, start + low], y=[start + low, start + high], mode="markers", hoverinfo="skip", showlegend=False,
                marker={"symbol": "circle-open", "size": 16, "color": POINTED_OUT, "line": {"width": 3}},
            )
        )  # fmt: skip
    wide = _BAND * length
    for name, low, high in spans:
        if name.startswith(("TM", "H8")):
            for x0, x1, y0, y1 in (
                (start + low, start + high, start - 1.5 * wide, start - 0.5 * wide),
                (start - 1.5 * wide, start - 0.5 * wide, start + low, start + high),
            ):
                figure.add_shape(type="rect", x0=x0, x1=x1, y0=y0, y1=y1, fillcolor=HELIX, line={"width": 0})
    fixed = {"zeroline": False, "showgrid": False, "automargin": False, "range": [start - 2 * wide, last + wide]}
    figure.update_layout(
        height=height, margin={"l": 46, "r": 8, "t": 30, "b": 40, "autoexpand": False}, hovermode="closest", dragmode="zoom",
        clickmode="event+select",
        legend=legend_at_top(1.08) | {"x": 0, "xanchor": "left"}, **QUIET,
        xaxis={**fixed, "title": {"text": "residue", "standoff": 4}},
        yaxis={**fixed, "range": fixed["range"][::-1], "scaleanchor": "x"},
    )  # fmt: skip
    return figure


def _points(first, second, start, labels, name, symbol, colour, scores, size: int = _POINT) -> go.Scatter:
    """Points of one kind; ``first`` stands on the y axis."""
    hover = [f"{labels[one]} – {labels[other]}" for one, other in zip(first.tolist(), second.tolist(), strict=True)]
    line = {"width": 1.5, "color": colour} if symbol == "x-thin" else {"width": 0}
    custom: list[list] = [[*pair, text] for *pair, text in zip(first.tolist(), second.tolist(), hover, strict=True)]
    template = "<b>%{customdata[2]}</b><br>" + name
    if scores is not None:
        measured, values = scores
        custom = [[*row, f"{value:.3g}"] for row, value in zip(custom, values.tolist(), strict=True)]
        template += f"<br>{measured} %{{customdata[3]}}"
    return go.Scatter(
        x=second + start, y=first + start, mode="markers", name=name, customdata=custom, hovertemplate=template + "<extra></extra>",
        marker={"symbol": symbol, "size": size, "color": colour, "line": line, "opacity": 0.9},
        selected={"marker": {"opacity": 0.9}}, unselected={"marker": {"opacity": 0.9}},
    )  # fmt: skip
