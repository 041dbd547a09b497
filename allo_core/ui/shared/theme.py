"""Light or dark: what the page looks like in this browser."""

import streamlit as st

from allo_core.figures.colours import Theme

__all__ = ["current_theme"]


def current_theme() -> Theme:
    """The theme that the browser shows; light until it has said so."""
    return "dark" if st.context.theme.type == "dark" else "light"
