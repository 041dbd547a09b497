"""How good a fold is along the sequence, beside the average of its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.layout import QUIET, legend_at_top
from allo_core.figures.profile import lines_beside, segment_track

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Shaped

__all__ = ["lddt_track"]


def lddt_track(
    numbers: Sequence[int],
    values: Shaped[np.ndarray, " L"],
    average: Shaped[np.ndarray, " L"] | None,
    labels: Sequence[str],
    spans: Sequence[tuple[str, int, int]],
    name: str = "lDDT",
    height: int = 200,
) -> go.Figure:
    """A value from 0 to 1 of each residue, beside that of the family average, under a track of the segments.

    Parameters
    ----------
    numbers : sequence of int, length L
        UniProt numbers.
    values : ndarray, shape=(L,)
        NaN where there is none: the line is broken there.
    average : ndarray, shape=(L,), or None
        The same of the family average; drawn as a thin dotted line.
    labels : sequence of str, length L
        Residue names with generic numbers for the hover text.
    spans : sequence of (segment, first index, last index)
    name : str
        What the values are.
    """
    lines = {name: values} | ({} if average is None else {"family average": average})
    style = {"mode": "lines+markers", "marker": {"size": 3}, "connectgaps": False, "showlegend": True}
    figure = go.Figure(lines_beside(numbers, lines, labels, chance_width=1.5, **style))
    figure.update_layout(
        **segment_track(numbers, spans), height=height, margin={"l": 46, "r": 8, "t": 34, "b": 24}, hovermode="closest",
        clickmode="event+select", dragmode=False, legend=legend_at_top(0.2), **QUIET,
    )  # fmt: skip
    figure.update_xaxes(range=[numbers[0] - 1, numbers[-1] + 1], showgrid=False, zeroline=False)
    figure.update_yaxes(range=[0, 1.02], fixedrange=True, title=name, zeroline=False, nticks=5)
    return figure
