"""What heads look at: one head over all values of a property, attention against contacts, and residues that are looked at alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import CHANCE_LINE, CHANCE_SCALE, FAMILY_LINE, PASSING, Theme, plotly_scale
from allo_core.figures.layout import QUIET, escaped, legend_at_top

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["calibration_figure", "share_profile", "similarity_matrix"]

_ROW = 20  # px


def share_profile(
    names: Sequence[str],
    shares: Float[np.ndarray, " V"],
    ends: Float[np.ndarray, "2 V"],
    expected: Float[np.ndarray, " V"],
    chosen: int,
    height: int = 340,
) -> go.Figure:
    """Share of a head's arcs that goes to each value, with its interval, beside what was to be expected.

    Parameters
    ----------
    names : sequence of str, length V
    shares : ndarray, dtype=float, shape=(V,)
        NaN where not tested.
    ends : ndarray, dtype=float, shape=(2, V)
        Of the intervals.
    expected : ndarray, dtype=float, shape=(V,)
    chosen : int
        The value that the heatmap shows; it is pointed out by shape and colour.
    """
    figure = go.Figure()
    shown = [escaped(name) for name in names]
    figure.add_trace(
        go.Scatter(
            x=expected.astype(np.float32), y=shown, mode="markers", name="expected",
            marker={"symbol": "line-ns-open", "size": 12, "color": CHANCE_LINE, "line": {"width": 2}},
            hovertemplate="%{y}<br>expected %{x:.3f}<extra></extra>",
        )
    )  # fmt: skip
    bars = {
        "type": "data", "symmetric": False, "thickness": 1.5, "width": 3, "color": FAMILY_LINE,
        "array": np.nan_to_num(ends[1] - shares).clip(0).astype(np.float32),
        "arrayminus": np.nan_to_num(shares - ends[0]).clip(0).astype(np.float32),
    }  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=shares.astype(np.float32), y=shown, mode="markers", name="this head", error_x=bars, cliponaxis=False,
            marker={
                "symbol": ["diamond" if at == chosen else "circle" for at in range(len(names))], "size": 9,
                "color": [PASSING if at == chosen else FAMILY_LINE for at in range(len(names))],
            },
            hovertemplate="%{y}<br>%{x:.3f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=max(height, _ROW * len(names) + 70), margin={"l": 110, "r": 12, "t": 28, "b": 40}, hovermode="closest",
        legend=legend_at_top(1.09), **QUIET,
    )  # fmt: skip
    figure.update_xaxes(title={"text": "share of its arcs", "standoff": 6}, rangemode="tozero", zeroline=False)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=shown[::-1], dtick=1, showgrid=True)
    return figure


def calibration_figure(
    floors: Sequence[float],
    shares: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    counts: Sequence[int],
    random: float,
    height: int = 240,
) -> go.Figure:
    """Share of pairs that touch, by the attention that a head gives; the dashed line is that of all pairs.

    Parameters
    ----------
    floors : sequence of float
        Where each bin begins.
    shares : sequence of float
    intervals : sequence of (low, high)
    counts : sequence of int
        Pairs in each bin.
    random : float
        Share of all pairs.
    """
    values, ends = np.array(shares), np.array(intervals).T
    names = [f"≥ {floor:g}" for floor in floors]
    figure = go.Figure(
        go.Scatter(
            x=names, y=values, mode="lines+markers", customdata=[f"{count:,}" for count in counts], line={"color": FAMILY_LINE, "width": 2},
            error_y={"type": "data", "symmetric": False, "array": ends[1] - values, "arrayminus": values - ends[0], "width": 4},
            hovertemplate="attention %{x}<br>%{y:.3f} of %{customdata} pairs touch<extra></extra>", showlegend=False,
        )
    )  # fmt: skip
    figure.add_hline(random, line={"color": CHANCE_LINE, "dash": "dash", "width": 1.5})
    figure.update_layout(height=height, margin={"l": 56, "r": 12, "t": 12, "b": 44}, hovermode="closest", **QUIET)
    figure.update_xaxes(title={"text": "attention of the pair", "standoff": 6}, type="category", showgrid=False)
    figure.update_yaxes(title={"text": "share that touch", "standoff": 4}, rangemode="tozero", zeroline=False, nticks=5)
    return figure


def similarity_matrix(matrix: Float[np.ndarray, "20 20"], letters: str, theme: Theme = "light", height: int = 380) -> go.Figure:
    """Correlation of the residues that heads look at, -1 to 1; the diagonal and what is not known have no colour."""
    shown = matrix.copy()
    np.fill_diagonal(shown, np.nan)
    names = list(letters)
    figure = go.Figure(
        go.Heatmap(
            z=shown.astype(np.float32), x=names, y=names, zmin=-1, zmax=1, colorscale=plotly_scale(CHANCE_SCALE[theme]), xgap=1, ygap=1,
            colorbar={"title": {"text": "r", "side": "right"}, "thickness": 12}, hoverongaps=False,
            hovertemplate="%{y} and %{x}<br>r %{z:.2f}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(height=height, margin={"l": 30, "r": 8, "t": 8, "b": 30}, **QUIET)
    figure.update_xaxes(type="category", dtick=1, showgrid=False, constrain="domain")
    figure.update_yaxes(type="category", dtick=1, showgrid=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return figure
