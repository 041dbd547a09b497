"""Residues or receptors as points on a plane, coloured by what they are or by a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import ABSENT, CATEGORIES, Theme, attention_scale, plotly_scale, value_ceiling
from allo_core.figures.layout import QUIET, escaped

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["points_by_category", "points_by_value"]

_SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "star")
_MOST_NAMED = 24  # groups in the legend: the largest


def points_by_category(
    coordinates: Float[np.ndarray, "n 2"],
    categories: Sequence[str],
    labels: Sequence[str],
    axes: tuple[str, str],
    colours: Mapping[str, str] | None = None,
    height: int = 420,
) -> go.Figure:
    """Points coloured and shaped by what they are; those that are nothing ("") are small and grey.

    Parameters
    ----------
    coordinates : ndarray, dtype=float, shape=(n, 2)
    categories, labels : sequence of str, length n
        Text from outside: shown as text only.
    axes : tuple of two str
        Their titles, as `VectorMap.axes`.
    colours : dict of category to colour, optional
        Such as SEGMENTS; others are drawn from colours that are told apart by all, and by shape besides.
    """
    given = np.array(categories, dtype=object)
    names, counts = np.unique(given[given != ""].astype(str), return_counts=True)
    ordered = [str(name) for name in names[np.argsort(-counts, kind="stable")]]
    figure = go.Figure()
    rest = np.isin(given, ["", *ordered[_MOST_NAMED:]])
    if rest.any():
        figure.add_trace(_trace(coordinates[rest], _of(labels, rest), _of(categories, rest), "others", ABSENT, "circle", 5))
    free = 0
    for name in ordered[:_MOST_NAMED]:
        own = given == name
        if colours is not None and name in colours:
            colour, symbol = colours[name], "circle"
        else:
            colour, symbol = CATEGORIES[free % len(CATEGORIES)], _SYMBOLS[free // len(CATEGORIES) % len(_SYMBOLS)]
            free += 1
        figure.add_trace(_trace(coordinates[own], _of(labels, own), _of(categories, own), name, colour, symbol, 8))
    return _laid_out(figure, axes, height)


def points_by_value(
    coordinates: Float[np.ndarray, "n 2"],
    values: Float[np.ndarray, " n"],
    labels: Sequence[str],
    axes: tuple[str, str],
    title: str,
    theme: Theme = "light",
    height: int = 420,
) -> go.Figure:
    """Points coloured by a number, up to its 98th percentile; those without one (NaN) are small and grey.

    The other parameters are those of `points_by_category`.

    Parameters
    ----------
    values : ndarray, dtype=float, shape=(n,)
    title : str
        What the numbers are.
    """
    known = np.isfinite(values)
    figure = go.Figure()
    if not known.all():
        absent = ~known
        figure.add_trace(
            _trace(coordinates[absent], _of(labels, absent), ["not known"] * int(absent.sum()), "not known", ABSENT, "circle", 5)
        )
    if known.any():
        low = min(float(values[known].min()), 0.0)
        ceiling, _ = value_ceiling(values[known] - low)
        points = _trace(
            coordinates[known], _of(labels, known), [f"{escaped(title)} {value:.3g}" for value in values[known]], title, "", "circle", 8
        )
        points.marker.update(
            color=values[known].astype(np.float32), cmin=low, cmax=low + ceiling, colorscale=plotly_scale(attention_scale(theme)),
            colorbar={"title": {"text": escaped(title), "side": "right"}, "thickness": 12}, showscale=True,
        )  # fmt: skip
        points.showlegend = False
        figure.add_trace(points)
    return _laid_out(figure, axes, height)


def _of(texts: Sequence[str], mask: np.ndarray) -> list[str]:
    return [escaped(texts[int(at)]) for at in np.flatnonzero(mask)]


def _trace(places: np.ndarray, labels: Sequence[str], said: Sequence[str], name: str, colour: str, symbol: str, size: int) -> go.Scatter:
    return go.Scatter(
        x=places[:, 0].astype(np.float32), y=places[:, 1].astype(np.float32), mode="markers", name=escaped(name),
        customdata=list(zip(labels, said, strict=True)), marker={"color": colour or None, "symbol": symbol, "size": size},
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )  # fmt: skip


def _laid_out(figure: go.Figure, axes: tuple[str, str], height: int) -> go.Figure:
    figure.update_layout(
        height=height, margin={"l": 50, "r": 8, "t": 8, "b": 44}, hovermode="closest", legend={"bgcolor": QUIET["paper_bgcolor"]}, **QUIET
    )
    plain = {"showgrid": False, "zeroline": False, "nticks": 5}
    figure.update_xaxes(**plain, title={"text": axes[0], "standoff": 6})
    figure.update_yaxes(**plain, title={"text": axes[1], "standoff": 4})
    return figure
