"""Putting Plotly figures on a page."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from allo_core.ui.shared.head_cursor import head_cursor

__all__ = ["draw_heads", "draw_plot"]


def draw_plot(figure: go.Figure, key: str, alt: str) -> None:
    """A figure in its own height without Plotly's buttons; ``alt`` is its text for those who do not see it."""
    st.plotly_chart(figure, key=key, height=int(figure.layout.height), config={"displayModeBar": False}, alt=alt)


def draw_heads(
    figure: go.Figure,
    height: int,
    alt: str,
    head: tuple[int, int],
    shape: tuple[int, int],
    select: Callable[[int, int], None],
) -> None:
    """A layer x head heatmap that scrolls where it is taller than ``height``; a click selects a head, arrow keys move the selection."""
    with st.container(height=height, border=False) if figure.layout.height > height else st.container():
        draw_plot(figure, "heatmap", alt)
    head_cursor(head, shape, select)
