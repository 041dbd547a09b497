"""The selected cell of a heatmap: its outline, the click that selects it, and the arrow keys that move it."""

from collections.abc import Callable

import streamlit as st

from allo_core.figures.colours import SELECTED_HEAD
from allo_core.ui.shared.components import component_without_picture, in_order

__all__ = ["cell_cursor"]


def cell_cursor(
    plot: str, cell: tuple[int, int], shape: tuple[int, int], select: Callable[[int, int], None], first: int = 0, whole: bool = False
) -> None:
    """Outline ``cell`` = (row, column) on a heatmap of ``shape``, and listen to clicks on cells and to the arrow keys.

    The outline is no part of the figure: the figure then stays the same when a cell is selected, and is not sent and drawn again.

    Parameters
    ----------
    plot : str
        Key of the figure on the page.
    cell, shape : (row, column), (rows, columns)
        Counted from 0; a column of -1 where nothing is selected.
    select : callable(row, column)
    first : int
        Where the first column stands on the figure's x axis; rows begin at 0.
    whole : bool
        Whether the whole column is outlined.
    """
    key = f"cursor_{plot}"
    data = {
        "plot": plot,
        "row": cell[0],
        "column": cell[1],
        "rows": shape[0],
        "columns": shape[1],
        "first": first,
        "whole": whole,
        "strokes": SELECTED_HEAD,
    }
    component_without_picture("cell_cursor")(key=key, data=in_order(key, data), height=1, on_move_change=lambda: _move(key, select))


def _move(key: str, select: Callable[[int, int], None]) -> None:
    place = getattr(st.session_state.get(key), "move", None)
    if isinstance(place, dict) and all(isinstance(place.get(name), int) for name in ("row", "column")):
        select(place["row"], place["column"])
