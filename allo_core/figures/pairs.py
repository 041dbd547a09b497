"""Pairs of proteins: where attention goes among their tokens, how much each token matters, and what methods say of a coupling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import CATEGORIES, CHANCE_LINE, CHANCE_SCALE, FAMILY_LINE, PASSING, SLIDE, Theme, plotly_scale
from allo_core.figures.layout import QUIET, escaped, legend_at_top

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["coupling_dots", "token_bars", "token_map"]

_SYMBOLS = ("circle", "diamond", "triangle-up", "square", "cross")
_ROW = 62  # px of each partner
_LEAST_RANGE = 1.0  # of log2: a map that is nearly even is not made to look strong


def token_map(
    maps: Float[np.ndarray, "tokens tokens"], names: Sequence[str], first: int, theme: Theme = "light", height: int = 520
) -> go.Figure:
    """Attention among the tokens of a pair as times chance: rows look at columns; lines part the proteins A and B.

    Parameters
    ----------
    maps : ndarray, dtype=float, shape=(tokens, tokens)
        Rows are queries and sum to 1; chance is 1 divided by their number and has the colour of the page.
    names : sequence of str, length tokens
        Text from outside is escaped.
    first : int
        How many tokens are of A.
    theme : {"light", "dark"}
    height : int
        In px.
    """
    tokens = len(maps)
    shown, places = [escaped(name) for name in names], list(range(tokens))
    with np.errstate(divide="ignore"):
        times = np.log2(maps * tokens)
    limit = max(_LEAST_RANGE, float(np.abs(times[np.isfinite(times)]).max(initial=0)))
    ticks = [step for step in range(-int(limit), int(limit) + 1) if abs(step) <= limit]
    figure = go.Figure(
        go.Heatmap(
            z=np.clip(times, -limit, limit).astype(np.float32), x=places, y=places, zmin=-limit, zmax=limit, xgap=1, ygap=1,
            colorscale=plotly_scale(CHANCE_SCALE[theme]), customdata=_cells(maps, shown), hoverongaps=False,
            colorbar={
                "title": {"text": "times chance", "side": "right"}, "thickness": 12, "tickvals": ticks,
                "ticktext": [f"{2.0**step:g}" for step in ticks],
            },
            hovertemplate="%{customdata[0]} looks at %{customdata[1]}<br>%{customdata[2]} of its attention, %{customdata[3]} times chance"
            "<extra></extra>",
        )
    )  # fmt: skip
    line = {"color": SLIDE[theme][0], "width": 1.5}
    figure.add_hline(first - 0.5, line=line)
    figure.add_vline(first - 0.5, line=line)
    figure.update_layout(height=height, margin={"l": 110, "r": 8, "t": 8, "b": 110}, **QUIET)
    axis = {
        "tickvals": places,
        "ticktext": shown,
        "showgrid": False,
        "zeroline": False,
        "constrain": "domain",
        "range": [-0.5, tokens - 0.5],
    }
    figure.update_xaxes(title={"text": "is looked at", "standoff": 6}, tickangle=-90, **axis)
    figure.update_yaxes(title={"text": "looks", "standoff": 6}, scaleanchor="x", **axis | {"range": [tokens - 0.5, -0.5]})
    return figure


def token_bars(
    names: Sequence[str],
    values: Float[np.ndarray, " tokens"],
    first: int,
    chance: float,
    unit: str,
    theme: Theme = "light",
    height: int = 300,
) -> go.Figure:
    """Importance of each token as a bar; orange above chance and blue below, a dashed line for chance, an upright one between A and B.

    Parameters
    ----------
    names : sequence of str, length tokens
        Text from outside is escaped.
    values : ndarray, dtype=float, shape=(tokens,)
        NaN for a token that has none: no bar.
    first : int
        How many tokens are of A.
    chance : float
        What each token would have if none mattered more than another; 0 for signed values.
    unit : str
        Of the values: "attention received", "change of the logit".
    theme : {"light", "dark"}
    height : int
        In px.
    """
    shown, places = [escaped(name) for name in names], list(range(len(names)))
    beside = f"<br>chance {chance:.4g}" if chance else ""
    figure = go.Figure(
        go.Bar(
            x=places, y=values.astype(np.float32), customdata=shown, showlegend=False,
            marker={"color": [PASSING if value > chance else FAMILY_LINE for value in values], "line": {"width": 0}},
            hovertemplate=f"%{{customdata}}<br>{escaped(unit)} %{{y:.4g}}{beside}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(chance, line={"color": CHANCE_LINE, "dash": "dash", "width": 1.5})
    dashed = f"dashed: chance {chance:.3g}" if chance else "dashed: no change"
    figure.add_annotation(text=dashed, x=1, y=1, xref="paper", yref="paper", yanchor="bottom", xanchor="right", showarrow=False)
    figure.add_vline(first - 0.5, line={"color": SLIDE[theme][0], "width": 1.5})
    figure.update_layout(height=height, margin={"l": 62, "r": 8, "t": 24, "b": 100}, hovermode="closest", bargap=0.25, **QUIET)
    figure.update_xaxes(tickvals=places, ticktext=shown, tickangle=-90, showgrid=False, range=[-0.6, len(names) - 0.4], zeroline=False)
    figure.update_yaxes(title={"text": escaped(unit), "standoff": 4}, zeroline=False, nticks=6)
    return figure


def coupling_dots(
    partners: Sequence[str],
    methods: Mapping[str, Float[np.ndarray, " partners"]],
    prior: Float[np.ndarray, " partners"],
    reported: Float[np.ndarray, " partners"],
    theme: Theme = "light",
) -> go.Figure:
    """Probability of each partner by each method, beside the rate of the partner among all proteins, and what is reported.

    Parameters
    ----------
    partners : sequence of str
        Text from outside is escaped.
    methods : mapping of str to ndarray, dtype=float, shape=(partners,)
        Probabilities, the best method first; NaN where a method says nothing.  At most seven.
    prior : ndarray, dtype=float, shape=(partners,)
        The baseline that knows no sequence.
    reported : ndarray, dtype=float, shape=(partners,)
        1 for a pair that the table holds, 0 for one that it does not hold, NaN where nothing is known.
    theme : {"light", "dark"}
    """
    shown = [escaped(partner) for partner in partners]
    figure = go.Figure()
    known = np.isfinite(reported)
    figure.add_trace(
        go.Scatter(
            x=reported[known].astype(np.float32), y=[name for name, there in zip(shown, known, strict=True) if there], mode="markers",
            name="table: 1 reported, 0 not reported", cliponaxis=False,
            marker={"symbol": "square-open", "size": 19, "color": SLIDE[theme][1], "line": {"width": 2}},
            hovertemplate="%{y}<br>table: %{x:.0f}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=prior.astype(np.float32), y=shown, mode="markers", name="rate without sequence", cliponaxis=False,
            marker={"symbol": "line-ns-open", "size": 22, "color": CHANCE_LINE, "line": {"width": 2.5}},
            hovertemplate="%{y}<br>rate of the partner %{x:.2f}<extra></extra>",
        )
    )  # fmt: skip
    for place, (method, values) in enumerate(methods.items()):
        figure.add_trace(
            go.Scatter(
                x=values.astype(np.float32), y=shown, mode="markers", name=escaped(method), cliponaxis=False,
                marker={"symbol": _SYMBOLS[place % len(_SYMBOLS)], "size": 11, "color": CATEGORIES[place]},
                hovertemplate=f"%{{y}}<br>{escaped(method)} %{{x:.2f}}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_layout(
        height=_ROW * len(shown) + 130, margin={"l": 90, "r": 14, "t": 64, "b": 44}, hovermode="closest", legend=legend_at_top(1.0), **QUIET
    )
    figure.update_layout(legend={"yanchor": "bottom", "x": 0, "xanchor": "left"})
    figure.update_xaxes(title={"text": "probability", "standoff": 6}, range=[-0.03, 1.03], zeroline=False)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=shown[::-1], showgrid=True, range=[-0.5, len(shown) - 0.5])
    return figure


def _cells(maps: np.ndarray, shown: list[str]) -> list[list[tuple[str, str, str, str]]]:
    """What the mouse shows for each cell."""
    tokens = len(maps)
    return [
        [(shown[row], shown[column], f"{maps[row, column]:.1%}", f"{maps[row, column] * tokens:.2f}") for column in range(tokens)]
        for row in range(tokens)
    ]
