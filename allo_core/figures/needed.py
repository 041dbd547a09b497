"""Heads by how much they look at a site and how much the model needs them there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import CHANCE_LINE, NOT_PASSING, PASSING
from allo_core.figures.layout import QUIET, legend_at_top

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float

__all__ = ["needed_figure", "set_figure"]


def needed_figure(
    looks: Float[np.ndarray, " heads"],
    needs: Float[np.ndarray, " heads"],
    bars: Float[np.ndarray, "2 heads"],
    names: Sequence[str],
    passing: Bool[np.ndarray, " heads"],
    selected: int | None = None,
    height: int = 420,
    passing_name: str = "heads that pass",
) -> go.Figure:
    """A point for each head with the interval of its rise; lines at chance (1) and at no rise (0).

    Parameters
    ----------
    looks : ndarray, dtype=float, shape=(heads,)
        Enrichment at the site.
    needs : ndarray, dtype=float, shape=(heads,)
        Rise of the loss there, in nats.
    bars : ndarray, dtype=float, shape=(2, heads)
        Ends of its interval.
    names : sequence of str, length heads
        Such as "5.3".
    passing : ndarray, dtype=bool, shape=(heads,)
    selected : int, optional
        Place of the head that is pointed out.
    height : int
        In px.
    passing_name : str
        Of ``passing`` in the legend.
    """
    figure = go.Figure()
    for group, name, colour in ((~passing, "other heads", NOT_PASSING), (passing, passing_name, PASSING)):
        at = np.flatnonzero(group)
        if not len(at):
            continue
        figure.add_trace(
            go.Scatter(
                x=looks[at].astype(np.float32), y=needs[at].astype(np.float32), mode="markers", name=name,
                error_y={
                    "type": "data", "symmetric": False, "array": (bars[1] - needs)[at], "arrayminus": (needs - bars[0])[at],
                    "thickness": 0.7, "width": 0, "color": CHANCE_LINE,
                },
                marker={
                    "color": colour, "symbol": ["diamond" if head == selected else "circle" for head in at.tolist()],
                    "size": [13 if head == selected else 7 for head in at.tolist()],
                },
                customdata=[names[head] for head in at.tolist()],
                hovertemplate="<b>%{customdata}</b><br>enrichment %{x:.2f}<br>rise %{y:+.3f} nats<extra></extra>",
            )
        )  # fmt: skip
    dashed = {"line_color": CHANCE_LINE, "line_dash": "dot", "line_width": 1}
    figure.add_vline(x=1, **dashed)
    figure.add_hline(y=0, **dashed)
    figure.update_layout(height=height, margin={"l": 60, "r": 8, "t": 8, "b": 44}, hovermode="closest", legend=legend_at_top(1), **QUIET)
    plain = {"showgrid": False, "zeroline": False, "nticks": 6}
    figure.update_xaxes(**plain, title={"text": "looks at the site (enrichment; chance is 1)", "standoff": 6})
    figure.update_yaxes(**plain, title={"text": "needed at the site (rise without it, nats)", "standoff": 4})
    return figure


def set_figure(values: Sequence[float], random: Sequence[Float[np.ndarray, " sets"]], where: Sequence[str], height: int = 200) -> go.Figure:
    """What removing a set of heads costs, beside random sets: a row for each place that the loss is of.

    Parameters
    ----------
    values : sequence of float
        Of the set, in nats.
    random : sequence of ndarray, dtype=float, shape=(sets,)
        Of random sets.
    where : sequence of str
        Names of the rows.
    height : int
        In px.
    """
    figure = go.Figure(
        go.Scatter(
            x=np.concatenate(random).astype(np.float32), y=[name for name, own in zip(where, random, strict=True) for _ in own],
            mode="markers", name="random sets", marker={"symbol": "line-ns-open", "size": 14, "color": NOT_PASSING, "line": {"width": 1.5}},
            hovertemplate="%{y}<br>random set %{x:+.3f} nats<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=np.array(values, dtype=np.float32), y=list(where), mode="markers", name="this set",
            marker={"symbol": "diamond", "size": 12, "color": PASSING}, hovertemplate="%{y}<br>this set %{x:+.3f} nats<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(x=0, line_color=CHANCE_LINE, line_dash="dot", line_width=1)
    figure.update_layout(
        height=height, margin={"l": 150, "r": 8, "t": 28, "b": 44}, hovermode="closest", legend=legend_at_top(1.15), **QUIET
    )
    figure.update_xaxes(title={"text": "rise of the loss, nats", "standoff": 6}, zeroline=False)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(where)[::-1])
    return figure
