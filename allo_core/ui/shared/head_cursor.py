"""The selected head on the heatmap: its outline, the click that selects it, and the arrow keys that move it."""

from collections.abc import Callable

import streamlit as st

from allo_core.figures.colours import SELECTED_HEAD
from allo_core.ui.shared.components import component_without_picture, in_order

__all__ = ["head_cursor"]


def head_cursor(head: tuple[int, int], shape: tuple[int, int], select: Callable[[int, int], None]) -> None:
    """Outline ``head`` on the heatmap of ``shape`` = (layers, heads), and listen to clicks on cells and to the arrow keys.

    The outline is no part of the figure: the figure then stays the same when a head is selected, and is not sent and drawn again.
    """
    data = {"layer": head[0], "head": head[1], "layers": shape[0], "heads": shape[1], "strokes": SELECTED_HEAD}
    component_without_picture("head_cursor")(
        key="head_cursor", data=in_order("head_cursor", data), height=1, on_move_change=lambda: _move(select)
    )


def _move(select: Callable[[int, int], None]) -> None:
    place = getattr(st.session_state.get("head_cursor"), "move", None)
    if isinstance(place, dict) and all(isinstance(place.get(name), int) for name in ("layer", "head")):
        select(place["layer"], place["head"])
