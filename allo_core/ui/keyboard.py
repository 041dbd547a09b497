"""Arrow keys that move the selected head: a Streamlit component without a picture."""

from pathlib import Path

import streamlit as st

from allo_core.ui import session

__all__ = ["arrow_keys"]

_SCRIPT = Path(__file__).resolve().parent / "viewer" / "keys.js"


def arrow_keys(head: tuple[int, int], shape: tuple[int, int]) -> None:
    """Listen to the arrow keys while the page shows ``shape`` = (layers, heads)."""
    keys = st.components.v2.component("alloscope_keys", html="<i></i>", css="i{display:none}", js=_SCRIPT.read_text(encoding="utf-8"))
    data = {"layer": head[0], "head": head[1], "layers": shape[0], "heads": shape[1]}
    keys(key="keys", data=data, height=1, on_move_change=_move)


def _move() -> None:
    place = getattr(st.session_state.get("keys"), "move", None)
    if isinstance(place, dict) and all(isinstance(place.get(name), int) for name in ("layer", "head")):
        session.select_head(place["layer"], place["head"])
