"""What each stretch of a receptor says for and against each of several partners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import GREYS, Theme, attention_scale, plotly_scale, signed_scale
from allo_core.figures.layout import QUIET, escaped

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["stretches_heatmap"]

_MARGIN = {"l": 64, "r": 76, "t": 6, "b": 58, "autoexpand": False}


def stretches_heatmap(
    values: Float[np.ndarray, "partners stretches"],
    partners: Sequence[str],
    stretches: Sequence[str],
    places: Sequence[str],
    unit: str,
    signed: bool,
    theme: Theme = "light",
    height: int = 230,
) -> go.Figure:
    """A row for each partner, a column for each stretch.

    Parameters
    ----------
    values : ndarray, dtype=float, shape=(partners, stretches)
        NaN where the receptor lacks a stretch.
    partners, stretches : sequence of str
        Names of rows and columns.
    places : sequence of str, length stretches
        Which residues a stretch is, such as "170-205".
    unit : str
        What the numbers are, beside the colour bar.
    signed : bool
        Whether numbers below 0 speak against a partner; else they begin at 0.
    theme : {"light", "dark"}
    height : int
        In px.
    """
    known = np.abs(values[np.isfinite(values)])
    end = float(known.max()) if known.size and known.max() > 0 else 1.0
    lacking = np.where(np.isnan(values), 1, np.nan)
    figure = go.Figure(
        go.Heatmap(
            z=values.astype(np.float32), zmin=-end if signed else 0, zmax=end, xgap=1, ygap=1, hoverongaps=False,
            colorscale=plotly_scale((signed_scale if signed else attention_scale)(theme)),
            colorbar={
                "title": {"text": escaped(unit), "side": "right", "font": {"size": 11}}, "thickness": 10, "len": 1.0, "outlinewidth": 0,
                "nticks": 5,
            },
            customdata=np.tile(np.array([[f"{name}, {place}" for name, place in zip(stretches, places, strict=True)]]), (len(partners), 1)),
            text=np.tile(np.array(partners)[:, None], (1, len(stretches))),
            hovertemplate="<b>%{customdata}</b><br>%{text}: %{z:+.3f}<extra></extra>" if signed
            else "<b>%{customdata}</b><br>%{text}: %{z:.3f}<extra></extra>",
        )
    )  # fmt: skip
    flat = [[0, GREYS[theme][1]], [1, GREYS[theme][1]]]
    figure.add_trace(
        go.Heatmap(z=lacking, xgap=1, ygap=1, colorscale=flat, showscale=False, hoverongaps=False, hovertemplate="none<extra></extra>")
    )
    ticks = {"showgrid": False, "zeroline": False, "ticks": "", "tickmode": "array"}
    figure.update_xaxes(**ticks, tickvals=list(range(len(stretches))), ticktext=[escaped(name) for name in stretches], tickangle=-40)
    figure.update_yaxes(**ticks, tickvals=list(range(len(partners))), ticktext=[escaped(name) for name in partners], autorange="reversed")
    figure.update_layout(height=height, margin=_MARGIN, **QUIET)
    return figure
