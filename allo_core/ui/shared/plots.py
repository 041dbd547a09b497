"""Putting Plotly figures on a page."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from allo_core.ui.shared.cell_cursor import cell_cursor

__all__ = ["GROWS", "draw_heads", "draw_plot"]

GROWS = "grows_"  # keys of containers and components that begin so are as high as the window allows


def draw_plot(figure: go.Figure, key: str, alt: str, fills: bool = False) -> None:
    """A figure without Plotly's buttons, in its own height or as high as its place; ``alt`` is its text for those who do not see it."""
    height = "stretch" if fills else int(figure.layout.height)
    st.plotly_chart(figure, key=key, height=height, config={"displayModeBar": False}, alt=alt)


def draw_heads(
    figure: go.Figure,
    height: int,
    alt: str,
    head: tuple[int, int],
    shape: tuple[int, int],
    select: Callable[[int, int], None],
    grows: bool = False,
) -> None:
    """A layer x head heatmap that scrolls where it is taller than its place; a click selects a head, arrow keys move the selection.

    Its place has the ``height`` in px, or ``grows`` beyond it with the window (page.css).
    """
    taller = figure.layout.height > height
    with st.container(key=f"{GROWS}heatmap" if grows else None, height=height if taller or grows else "content", border=False):
        draw_plot(figure, "heatmap", alt, fills=grows and not taller)
    cell_cursor("heatmap", head, shape, select)
