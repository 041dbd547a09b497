"""The heatmap of what heads look at, on the pages Heads and Batch."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from allo_core.attention.control import LEVEL
from allo_core.figures.colours import GROUND
from allo_core.figures.head_scores import HeadScore
from allo_core.figures.heatmap import cells
from allo_core.heads.shares import FEWEST_ARCS, HeadShares
from allo_core.heads.verdict import value_name
from allo_core.ui.shared.plots import draw_heads
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_share_heatmap", "first_value"]


def first_value(shares: HeadShares) -> int:
    """The value that some head looks at most beyond what is expected."""
    above = np.where(shares.tested, shares.share - shares.background, -np.inf)
    return int(np.argmax(above.max(axis=0))) if np.isfinite(above).any() else 0


def draw_share_heatmap(
    shares: HeadShares,
    value: int,
    numbers: np.ndarray,
    label: str,
    pale: str,
    signed: bool,
    head: tuple[int, int],
    select: Callable[[int, int], None],
    height: int,
) -> None:
    """One number a head; a click selects a head, arrow keys move the selection.

    Parameters
    ----------
    shares : HeadShares
    value : int
        The value that is looked at.
    numbers : ndarray, dtype=float, shape=(layers, heads)
        What is shown; NaN where not tested.
    label, pale : str
        What it is called, and what a pale cell means.
    signed : bool
        Whether 0 is in the middle of the scale.
    head : (layer, head)
        The selected one.
    select : callable(layer, head)
    height : int
        px.
    """
    tested = shares.tested[:, value].reshape(numbers.shape)
    score = HeadScore(label, "", lambda frame: np.zeros(0), 0.1, from_zero=not signed)
    texts = np.stack([_cell(shares, value, at) for at in range(numbers.size)]).reshape(*numbers.shape, 2)
    hover = {"customdata": texts, "hovertemplate": "<b>Layer %{y}, head %{x}</b><br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>"}
    passing = shares.passing(value).reshape(numbers.shape)
    figure = cells(numbers, ~tested, score, hover, None, height, current_theme(), passing)
    alt = f"Heatmap of {numbers.shape[0]} x {numbers.shape[1]} heads: {label} of {value_name(shares, value)}."
    draw_heads(figure, height, alt, head, numbers.shape, select)
    grey = int((~tested).sum())
    ground = GROUND[current_theme()].capitalize()
    dot = f"a dot more {value_name(shares, value)} than expected (q < {LEVEL:g}, over heads and not over values)"
    st.caption(
        plain(
            f"{ground} is {pale}, {dot}. {grey} of {numbers.size} heads are not tested: fewer than {FEWEST_ARCS} arcs of which it is known."
            " Arrow keys move the head."
        )
    )


def _cell(shares: HeadShares, value: int, at: int) -> tuple[str, str]:
    known = int(shares.known[:, at, value].sum())
    if not shares.tested[at, value]:
        return f"{known} arcs: not tested", ""
    return (
        f"{shares.share[at, value]:.3f} of {known:,} arcs, expected {shares.background[at, value]:.3f}",
        f"q {shares.q_value[at, value]:.2g}; published {shares.published[at, value]:.3f}",
    )
