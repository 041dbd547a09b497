"""The files of the page's own components, and components that have no picture of their own."""

from functools import cache
from pathlib import Path

from streamlit.components.v2 import component

__all__ = ["component_file", "component_without_picture"]

_FOLDER = Path(__file__).resolve().parents[1] / "viewer"


@cache
def component_file(name: str) -> str:
    """The text of a file of a component; read once, since components are declared on every run of the page."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def component_without_picture(name: str):
    """The component that runs ``viewer/NAME.js`` and shows nothing."""
    return component(f"alloscope_{name}", html="<i></i>", css="i{display:none}", js=component_file(f"{name}.js"))
