"""The page's own components: their files, and how their states reach the browser."""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

__all__ = ["component_file", "component_script", "component_without_picture", "in_order"]

_FOLDER = Path(__file__).resolve().parents[1] / "viewer"


@cache
def component_file(name: str) -> str:
    """The text of a file of a component; read once, since components are declared on every run of the page."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def component_script(*names: str) -> str:
    """The script of a component that keeps its states `in_order`: ``calls.js`` and the named files."""
    return "".join(map(component_file, ("calls.js", *names)))


def component_without_picture(name: str):
    """The component that runs ``viewer/NAME.js`` and shows nothing."""
    return component(f"alloscope_{name}", html="<i></i>", css="i{display:none}", js=component_script(f"{name}.js"))


def in_order(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` of the component ``key`` with its ``order``, which grows whenever the data differ from those of the run before.

    The browser may be handed an older state after a newer one (``calls.js``).  The order is a time in ms, so that it grows on
    where a page that stayed open gets a new session from a server that was started anew.
    """
    place = f"{key}-order"
    before, order = st.session_state.get(place, (None, 0))
    if before != data:
        order = max(order + 1, time.time_ns() // 1_000_000)
        st.session_state[place] = (data, order)
    return {**data, "order": order}
