"""What a model expects at each residue: 20 x L scores of substitutions, and the twenty residues of one position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from allo_core.figures.colours import CHANCE_LINE, CHANCE_SCALE, GREYS, PROFILE, RESIDUE_CLASSES, SLIDE, Theme, plotly_scale
from allo_core.figures.layout import QUIET
from allo_core.figures.profile import segment_track

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["BY_CHEMISTRY", "mutation_heatmap", "position_bars", "score_ceiling"]

# From top to bottom: positive, negative, polar, special, aliphatic, aromatic.
BY_CHEMISTRY = "".join(letters for letters, _ in RESIDUE_CLASSES.values())
_ROW = 13  # px
_TRACK = 70  # px of p(wild type) below
_GAP = 10
_MARGIN = {"l": 34, "r": 84, "t": 24, "b": 28, "autoexpand": False}


def score_ceiling(scores: Float[np.ndarray, "L 20"]) -> float:
    """Where the symmetric scale ends: the 98th percentile of the absolute scores, at least 1 nat."""
    known = np.abs(scores[np.isfinite(scores)])
    return max(float(np.quantile(known, 0.98)), 1.0) if known.size else 1.0


def mutation_heatmap(
    scores: Float[np.ndarray, "L 20"],
    p: Float[np.ndarray, "L 20"],
    wild_type: Float[np.ndarray, " L"],
    letters: str,
    sequence: str,
    first: int,
    labels: Sequence[str],
    spans: Sequence[tuple[str, int, int]],
    theme: Theme = "light",
    measured: str = "p(wild type)",
) -> go.Figure:
    """The score of every substitution, one column a residue, with p(wild type) below and the segments above.

    Parameters
    ----------
    scores, p : ndarray, shape=(L, 20)
        log p(residue) - log p(wild type) in nats, and p; columns in the order of ``letters``; NaN where there is none.
    wild_type : ndarray, shape=(L,)
        The track below.
    sequence : str
    first : int
        UniProt number of the first residue.
    labels : sequence of str, length L
        Residue names for the hover text.
    spans : sequence of (segment, first index, last index)
    measured : str
        What the track below is called.
    """
    order = [letters.index(letter) for letter in BY_CHEMISTRY]
    values = scores[:, order].T.astype(np.float32)
    length, ceiling = len(sequence), score_ceiling(scores)
    numbers = np.arange(first, first + length, dtype=np.int32)
    names = np.broadcast_to(np.array(labels, dtype=object), values.shape)
    shown = np.array([[f"{value:.3f}" if np.isfinite(value) else "none" for value in row] for row in p[:, order].T], dtype=object)
    figure = go.Figure()
    figure.add_trace(
        go.Heatmap(
            x=numbers, z=values, customdata=np.stack([names, shown], axis=-1), zmin=-ceiling, zmax=ceiling, hoverongaps=False,
            colorscale=plotly_scale(CHANCE_SCALE[theme]),
            colorbar={
                "title": {"text": "log odds<br>(nats)", "font": {"size": 12}}, "thickness": 11, "len": 0.76, "y": 1, "yanchor": "top",
                "x": 1.005, "ticks": "outside", "nticks": 5,
            },
            text=np.array([list(BY_CHEMISTRY)] * length, dtype=object).T,
            hovertemplate="<b>%{customdata[0]} → %{text}</b><br>log odds %{z:.2f} nats, p %{customdata[1]}<extra></extra>",
        )
    )  # fmt: skip
    there = [index for index, letter in enumerate(sequence) if letter in BY_CHEMISTRY]
    figure.add_trace(
        go.Scatter(
            x=numbers[there], y=[BY_CHEMISTRY.index(sequence[index]) for index in there], mode="markers", hoverinfo="skip",
            marker={"symbol": "square", "size": 3, "color": SLIDE[theme][0]}, showlegend=False,
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=numbers, y=wild_type.astype(np.float32), yaxis="y2", mode="lines", line={"color": PROFILE, "width": 1.2, "shape": "hvh"},
            customdata=list(labels), hovertemplate=f"<b>%{{customdata}}</b><br>{measured} %{{y:.3f}}<extra></extra>", showlegend=False,
        )
    )  # fmt: skip
    rows = _ROW * len(BY_CHEMISTRY)
    inner = rows + _GAP + _TRACK
    layout = segment_track(numbers.tolist(), spans, low=1.012, high=1.075)
    fixed = {"zeroline": False, "ticklabeloverflow": "allow", "automargin": False, "showgrid": False}
    figure.update_layout(
        **layout, height=inner + _MARGIN["t"] + _MARGIN["b"], margin=_MARGIN, hovermode="closest", dragmode="zoom", **QUIET,
        xaxis={**fixed, "range": [first - 1, first + length], "anchor": "y2", "title": None},
        yaxis={
            **fixed, "range": [len(BY_CHEMISTRY) - 0.5, -0.5], "domain": [1 - rows / inner, 1], "fixedrange": True,
            "tickvals": list(range(len(BY_CHEMISTRY))), "ticktext": list(BY_CHEMISTRY), "tickfont": {"size": 11, "family": "monospace"},
        },
        yaxis2={
            **fixed, "range": [0, 1.05], "domain": [0, _TRACK / inner], "fixedrange": True, "nticks": 3, "showgrid": True,
            "gridcolor": GREYS[theme][1],
        },
    )  # fmt: skip
    figure.add_annotation(
        text=measured, x=1.005, xref="paper", xanchor="left", y=_TRACK / inner / 2, yref="paper", showarrow=False, align="left",
        font={"size": 12},
    )  # fmt: skip
    return figure


def position_bars(
    p: Float[np.ndarray, " 20"],
    letters: str,
    wild_type: str,
    background: Float[np.ndarray, " 20"],
    theme: Theme = "light",
    height: int = 250,
) -> go.Figure:
    """The probability of each residue at one position, by chemistry; the wild type is outlined, dashes are how common each residue is.

    Parameters
    ----------
    p : ndarray, shape=(20,)
        In the order of ``letters``.
    letters, wild_type : str
    background : ndarray, shape=(20,)
        The share of each residue among the receptors of the library.
    """
    order = [letters.index(letter) for letter in BY_CHEMISTRY]
    colours = [colour for letters_of_class, colour in RESIDUE_CLASSES.values() for _ in letters_of_class]
    outline = [3 if letter == wild_type else 0 for letter in BY_CHEMISTRY]
    figure = go.Figure(
        [
            go.Bar(
                x=list(BY_CHEMISTRY), y=p[order], marker={"color": colours, "line": {"color": SLIDE[theme][0], "width": outline}},
                hovertemplate="<b>%{x}</b> p %{y:.4f}<extra></extra>", showlegend=False,
            ),
            go.Scatter(
                x=list(BY_CHEMISTRY), y=background[order], mode="markers", showlegend=False,
                marker={"symbol": "line-ew", "size": 14, "line": {"width": 2, "color": CHANCE_LINE}},
                hovertemplate="<b>%{x}</b> %{y:.3f} of all residues of the library's receptors<extra></extra>",
            ),
        ]
    )  # fmt: skip
    figure.update_layout(
        height=height, margin={"l": 44, "r": 8, "t": 8, "b": 28, "autoexpand": False}, bargap=0.15, **QUIET,
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero", zeroline=False, gridcolor=GREYS[theme][1], fixedrange=True, title=None)
    figure.update_xaxes(fixedrange=True, tickfont={"family": "monospace"})
    return figure
