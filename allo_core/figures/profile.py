"""Numbers along the sequence: attention, and the probability to be a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import ABOVE_THRESHOLD, CHANCE_LINE, HELIX, LOOP, MARK_RIM, NAME_ON_HELIX, PROFILE, PROFILE_FILL, SET_COLOURS
from allo_core.figures.layout import QUIET, legend_at_top

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Shaped

__all__ = ["change_profile", "lines_beside", "probability_profile", "profile", "segment_track"]


def profile(
    numbers: Sequence[int],
    received: Shaped[np.ndarray, " L"] | None,
    above: Shaped[np.ndarray, " L"],
    labels: Sequence[str],
    sets: Mapping[str, Sequence[int]],
    spans: Sequence[tuple[str, int, int]],
    threshold: float,
    height: int = 150,
    name: str = "attention received",
) -> go.Figure:
    """Attention received along the sequence, under a track of the segments.

    Parameters
    ----------
    numbers : sequence of int, length L
        UniProt numbers.
    received, above : ndarray, shape=(L,)
        Column sums of all attention (None where they were not kept), and of the attention above the threshold.
    labels : sequence of str, length L
        Residue names for the hover text.
    sets : dict of name ("A", "B") -> 0-based indices
        The marked residues; A points up, B down.
    spans : sequence of (segment, first index, last index)
    threshold : float
    name : str
        What ``received`` is.
    """
    figure = go.Figure()
    at = np.asarray(numbers, dtype=np.int32)  # arrays are sent in as few bytes as their type has
    hover = "<b>%{customdata}</b><br>%{y:.3f}<extra>%{fullData.name}</extra>"
    if received is not None:
        figure.add_trace(
            go.Scatter(
                x=at, y=received.astype(np.float32), customdata=list(labels), mode="lines", name=name, fill="tozeroy",
                line={"color": PROFILE, "width": 1, "shape": "hvh"}, fillcolor=PROFILE_FILL, hovertemplate=hover,
            )
        )  # fmt: skip
    if threshold > 0:
        figure.add_trace(
            go.Scatter(  # one path; a bar for each residue takes the browser longer than all the rest of the picture
                x=at, y=above.astype(np.float32), customdata=list(labels), mode="lines", name=f"above {threshold:.2f}", fill="tozeroy",
                line={"color": ABOVE_THRESHOLD, "width": 0, "shape": "hvh"}, fillcolor=ABOVE_THRESHOLD, hovertemplate=hover,
            )
        )  # fmt: skip
    highest = max(float(np.max(above if received is None else received)), float(np.max(above)), 1e-6)
    return _laid_out(figure, numbers, labels, sets, spans, highest, height)


def probability_profile(
    numbers: Sequence[int],
    probabilities: Shaped[np.ndarray, " L"],
    labels: Sequence[str],
    sets: Mapping[str, Sequence[int]],
    spans: Sequence[tuple[str, int, int]],
    height: int = 150,
) -> go.Figure:
    """Probability of each residue to belong to an allosteric site, under a track of the segments.

    The other parameters are those of `profile`.

    Parameters
    ----------
    probabilities : ndarray, shape=(L,)
    """
    figure = go.Figure(
        go.Scatter(
            x=np.asarray(numbers, dtype=np.int32), y=probabilities.astype(np.float32), customdata=list(labels), mode="lines",
            name="predicted probability", showlegend=True, fill="tozeroy", fillcolor=PROFILE_FILL,
            line={"color": PROFILE, "width": 1, "shape": "hvh"}, hovertemplate="<b>%{customdata}</b><br>%{y:.3f}<extra></extra>",
        )
    )  # fmt: skip
    return _laid_out(figure, numbers, labels, sets, spans, max(float(np.max(probabilities)), 1e-6), height)


def change_profile(
    numbers: Sequence[int],
    values: Shaped[np.ndarray, " L"],
    untrained: Shaped[np.ndarray, " L"] | None,
    labels: Sequence[str],
    sets: Mapping[str, Sequence[int]],
    spans: Sequence[tuple[str, int, int]],
    name: str,
    height: int = 190,
) -> go.Figure:
    """How much a state changes along the sequence, beside what random weights give, under a track of the segments.

    Parameters
    ----------
    numbers : sequence of int, length L
        As `profile` takes them, and labels, sets and spans.
    values : ndarray, shape=(L,)
    untrained : ndarray, shape=(L,), or None
        Drawn as a thin dotted line.
    name : str
        What the values are.
    """
    lines = {name: values} | ({} if untrained is None else {"untrained weights": untrained})
    figure = go.Figure(lines_beside(numbers, lines, labels, chance_width=1))
    everything = np.concatenate(list(lines.values()))
    low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
    room = max(high - low, 1e-3)
    return _laid_out(figure, numbers, labels, sets, spans, high + 0.15 * room, height, low - 0.1 * room)


def lines_beside(
    numbers: Sequence[int], lines: Mapping[str, Shaped[np.ndarray, " L"]], labels: Sequence[str], chance_width: float, **style
) -> list[go.Scatter]:
    """Values of each residue as a line, and what they are compared with as dotted ones.

    Parameters
    ----------
    numbers : sequence of int, length L
        As `profile` takes them, and labels.
    lines : dict of name -> ndarray, shape=(L,)
        The values first.
    labels : sequence of str, length L
    chance_width : float
        Of the dotted lines, in pixels.
    **style
        Of every line, as Plotly takes it.
    """
    solid, dotted = {"color": PROFILE, "width": 1.5}, {"color": CHANCE_LINE, "width": chance_width, "dash": "dot"}
    return [
        go.Scatter(
            x=np.asarray(numbers, dtype=np.int32), y=values.astype(np.float32), customdata=list(labels), name=name,
            line=dotted if at else solid, hovertemplate="<b>%{customdata}</b><br>%{y:.3f}<extra>%{fullData.name}</extra>",
            **({"mode": "lines"} | style),
        )
        for at, (name, values) in enumerate(lines.items())
    ]  # fmt: skip


def _laid_out(figure: go.Figure, numbers, labels, sets, spans, highest: float, height: int, lowest: float = 0.0) -> go.Figure:
    """The figure with the marked residues and the track; ``lowest`` and ``highest``: where the values begin and end."""
    span = highest - lowest
    for name, indices in sets.items():
        if len(indices):
            figure.add_trace(_marks(name, indices, numbers, labels, lowest + (0.0 if name == "A" else 0.07 * span)))
    figure.update_layout(
        **segment_track(numbers, spans),
        height=height,
        margin={"l": 46, "r": 8, "t": 26, "b": 24, "autoexpand": False},
        hovermode="closest",
        dragmode="zoom",
        legend=legend_at_top(0.98),
        **QUIET,
    )
    # Labels that are known to fit need not be measured.
    fitting = {"zeroline": False, "ticklabeloverflow": "allow", "automargin": False}
    figure.update_xaxes(**fitting, range=[numbers[0] - 1, numbers[-1] + 1], showgrid=False)
    # room for the legend above the bars
    figure.update_yaxes(**fitting, range=[lowest, lowest + 1.3 * span], fixedrange=True, showgrid=True, nticks=4)
    return figure


def _marks(name: str, indices: Sequence[int], numbers: Sequence[int], labels: Sequence[str], height: float) -> go.Scatter:
    return go.Scatter(
        x=[numbers[i] for i in indices], y=[height] * len(indices), customdata=[labels[i] for i in indices], mode="markers",
        name=f"set {name}",
        marker={
            "symbol": "triangle-up" if name == "A" else "diamond", "size": 10, "color": SET_COLOURS[name],
            "line": {"color": MARK_RIM, "width": 1},
        },
        cliponaxis=False, hovertemplate=f"<b>%{{customdata}}</b><extra>set {name}</extra>",
    )  # fmt: skip


def segment_track(numbers: Sequence[int], spans: Sequence[tuple[str, int, int]], low: float = 1.02, high: float = 1.17) -> dict:
    """Layout entries of the track: bars for helices with their names, a line for the rest (one update, Plotly is slow at many).

    ``low`` and ``high``: where the bars begin and end, as shares of the height of the plot.
    """
    middle, third = (low + high) / 2, (high - low) / 3
    shapes, names = [], []
    for name, first, last in spans:
        helix = name.startswith(("TM", "H8"))
        ends = (low, high) if helix else (low + third, high - third)
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": numbers[first] - 0.5,
                "x1": numbers[last] + 0.5,
                "y0": ends[0],
                "y1": ends[1],
                "fillcolor": HELIX if helix else LOOP,
                "line": {"width": 0},
            }
        )
        if helix and last - first >= 10:
            names.append(
                {
                    "x": (numbers[first] + numbers[last]) / 2,
                    "y": middle,
                    "xref": "x",
                    "yref": "paper",
                    "text": name,
                    "showarrow": False,
                    "font": {"color": NAME_ON_HELIX, "size": 12},
                    "yanchor": "middle",
                }
            )
    return {"shapes": shapes, "annotations": names}
