"""The layers of a model: how well each tells a property, and how alike they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import CHANCE_LINE, FAMILY_LINE, NOT_PASSING, PASSING, QUANTITY_SCALE, Theme, plotly_scale
from allo_core.figures.layout import QUIET, legend_at_top

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["layers_figure", "own_share_figure", "similarity_figure"]

_DASHES = ("dot", "dash", "dashdot", "longdash", "longdashdot", "5px 2px", "2px 6px")
_LINE_APART = 0.05  # of the height: names of lines that lie nearer are moved apart


def layers_figure(
    scores: Float[np.ndarray, " states"],
    errors: Float[np.ndarray, " states"],
    baselines: Mapping[str, float],
    measure: str,
    best: int | None = None,
    all_states: tuple[float, float] | None = None,
    beside: Mapping[str, Float[np.ndarray, " states"]] | None = None,
    height: int = 340,
) -> go.Figure:
    """Score of every state with its standard error; baselines as dashed lines that bear their names.

    Parameters
    ----------
    scores, errors : ndarray, dtype=float, shape=(states,)
        NaN errors are not drawn.
    baselines : dict of name to score
    measure : str
        The title of the axis.
    best : int, optional
        The state that is pointed out, by shape and colour.
    all_states : tuple of two float, optional
        Score and error of all states together, drawn behind the last one.
    beside : dict of name to ndarray, shape=(states,), optional
        Other scores of each state, such as those of untrained weights, as thin lines.
    """
    states = len(scores)
    figure = go.Figure()
    for (name, values), dash in zip((beside or {}).items(), _DASHES, strict=False):
        figure.add_trace(
            go.Scatter(
                x=np.arange(states), y=values.astype(np.float32), mode="lines+markers", name=name,
                line={"color": NOT_PASSING, "width": 1, "dash": dash}, marker={"size": 5, "symbol": "x-thin-open"},
                hovertemplate="state %{x}<br>%{y:.3f}<extra>%{fullData.name}</extra>",
            )
        )  # fmt: skip
    symbols = ["diamond" if state == best else "circle" for state in range(states)]
    colours = [PASSING if state == best else FAMILY_LINE for state in range(states)]
    figure.add_trace(
        go.Scatter(
            x=np.arange(states), y=scores.astype(np.float32), mode="lines+markers", name="states",
            error_y=_bars(errors), line={"color": FAMILY_LINE, "width": 2},
            marker={"symbol": symbols, "color": colours, "size": [12 if state == best else 8 for state in range(states)]},
            customdata=_errors_in_words(errors), hovertemplate="state %{x}<br>%{y:.3f}%{customdata}<extra></extra>",
        )
    )  # fmt: skip
    if all_states is not None:
        value, error = all_states
        figure.add_trace(
            go.Scatter(
                x=[states], y=[value], mode="markers", name="all states together", error_y=_bars(np.array([error])),
                marker={"symbol": "square-open", "color": FAMILY_LINE, "size": 10, "line": {"width": 2}},
                customdata=_errors_in_words(np.array([error])), hovertemplate="all states together<br>%{y:.3f}%{customdata}<extra></extra>",
            )
        )  # fmt: skip
    known = {name: value for name, value in baselines.items() if np.isfinite(value)}
    everything = [*scores, *known.values(), *(value for values in (beside or {}).values() for value in values)]
    low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
    room = max(high - low, 0.05)
    lines, names = _lines(known, room)
    ticks = list(range(states)) + ([states] if all_states is not None else [])
    figure.update_layout(
        shapes=lines,
        annotations=names,
        height=height,
        margin={"l": 56, "r": 190, "t": 30 if len(beside or {}) < 2 else 56, "b": 44},  # one line or two of the legend
        hovermode="closest",
        legend=legend_at_top(1.1 if len(beside or {}) < 2 else 1.22),
        **QUIET,
    )
    shown = ticks if states <= 14 else [tick for tick in ticks if tick % 5 == 0 or tick == states]
    figure.update_xaxes(
        tickvals=shown, ticktext=["all" if tick == states else str(tick) for tick in shown], range=[-0.5, states + 0.5],
        showgrid=False, zeroline=False, title={"text": "state (0: token embedding)", "standoff": 6},
    )  # fmt: skip
    figure.update_yaxes(title={"text": measure, "standoff": 4}, zeroline=False, nticks=6, range=[low - 0.1 * room, high + 0.15 * room])
    return figure


def _bars(errors: np.ndarray) -> dict:
    return {"type": "data", "array": np.nan_to_num(errors).astype(np.float32), "thickness": 1.5, "width": 4}


def _errors_in_words(errors: np.ndarray) -> list[str]:
    return [f" ± {error:.3f}" if np.isfinite(error) else "" for error in errors]


def _lines(baselines: Mapping[str, float], room: float) -> tuple[list[dict], list[dict]]:
    """A dashed line for each baseline, and its name at the right end, moved up where it would lie on another name."""
    lines, names, last = [], [], -np.inf
    for dash, (name, value) in zip(_DASHES * len(baselines), sorted(baselines.items(), key=lambda item: item[1]), strict=False):
        line = {"color": CHANCE_LINE, "width": 1.5, "dash": dash}
        lines.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": line, "layer": "below"})
        last = max(value, last + _LINE_APART * 1.25 * room)
        place = {"xref": "paper", "x": 1.005, "xanchor": "left", "y": last, "yanchor": "middle", "showarrow": False}
        names.append({**place, "text": f"{name} {value:.2f}", "align": "left", "font": {"size": 12}})
    return lines, names


def similarity_figure(similarity: Float[np.ndarray, "states states"], theme: Theme = "light", height: int = 340) -> go.Figure:
    """Linear CKA between all states, 0 to 1, as a heatmap; what lies below 0 has the colour of 0.

    Parameters
    ----------
    similarity : ndarray, dtype=float, shape=(states, states)
        NaN has no colour.
    """
    count = len(similarity)
    figure = go.Figure(
        go.Heatmap(
            z=similarity.astype(np.float32), zmin=0, zmax=1, colorscale=plotly_scale(QUANTITY_SCALE[theme]), xgap=1, ygap=1,
            colorbar={"title": {"text": "CKA", "side": "right"}, "thickness": 12},
            hovertemplate="states %{y} and %{x}<br>CKA %{z:.3f}<extra></extra>", hoverongaps=False,
        )
    )  # fmt: skip
    if count <= 14:
        figure.data[0].update(texttemplate="%{z:.2f}", textfont={"size": 11})
    figure.update_layout(height=height, margin={"l": 50, "r": 8, "t": 8, "b": 44}, **QUIET)
    ticks: Sequence[int] = range(0, count, 1 if count <= 14 else 5)
    axis = {"tickvals": list(ticks), "showgrid": False, "zeroline": False, "title": {"text": "state", "standoff": 6}}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis, scaleanchor="x", constrain="domain")
    return figure


def own_share_figure(
    shares: Float[np.ndarray, " states"],
    interval: Float[np.ndarray, "2 states"],
    even: float,
    untrained: Float[np.ndarray, " states"] | None,
    height: int = 340,
) -> go.Figure:
    """Share of every state that a residue owes to its own embedding, on a logarithmic scale; the dashed line is an even share.

    Parameters
    ----------
    shares : ndarray, dtype=float, shape=(states,)
    interval : ndarray, dtype=float, shape=(2, states)
        Lower and upper ends.
    even : float
    untrained : ndarray, dtype=float, shape=(states,), or None
        Of untrained weights.
    """
    states = np.arange(len(shares))
    bars = {"type": "data", "symmetric": False, "thickness": 1.5, "width": 4}
    figure = go.Figure(
        go.Scatter(
            x=states, y=shares.astype(np.float32), mode="lines+markers", name="this model", line={"color": FAMILY_LINE, "width": 2},
            error_y={**bars, "array": (interval[1] - shares).clip(0), "arrayminus": (shares - interval[0]).clip(0)},
            hovertemplate="state %{x}<br>%{y:.4f}<extra></extra>",
        )
    )  # fmt: skip
    if untrained is not None:
        figure.add_trace(
            go.Scatter(
                x=states, y=untrained.astype(np.float32), mode="lines+markers", name="untrained weights",
                line={"color": NOT_PASSING, "width": 1, "dash": _DASHES[0]}, marker={"size": 5, "symbol": "x-thin-open"},
                hovertemplate="state %{x}<br>%{y:.4f}<extra>untrained</extra>",
            )
        )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=states[[0, -1]], y=np.full(2, even), mode="lines", name="even share", hoverinfo="skip",
            line={"color": CHANCE_LINE, "width": 1.5, "dash": "dash"},
        )
    )  # fmt: skip
    figure.update_layout(
        height=height, margin={"l": 60, "r": 12, "t": 30, "b": 44}, hovermode="closest", legend=legend_at_top(1.1), **QUIET
    )
    figure.update_xaxes(title={"text": "state (0: token embedding)", "standoff": 6}, showgrid=False, zeroline=False)
    figure.update_yaxes(title={"text": "own share", "standoff": 4}, type="log", zeroline=False)
    return figure
