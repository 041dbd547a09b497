"""What the page Heads remembers in this browser session, and the changes that widgets make to its view."""

from dataclasses import dataclass

import streamlit as st

from allo_core.models.registry import get_spec
from allo_core.ui.heads.view import HeadsView, from_query, to_query
from allo_core.ui.shared.page_session import PageSession

__all__ = ["HeadsSession", "page", "select_head", "start"]

_NAME = "heads_page"


@dataclass(eq=False)
class HeadsSession(PageSession[HeadsView]):
    """What the page Heads remembers.

    Parameters
    ----------
    table : (text, column), optional
        A person's own values of residues, as `property_of_table` takes them.
    """

    table: tuple[str, str] | None = None

    def change(self, **fields) -> None:
        """Replace fields of the view; the values of one property mean nothing for another, nor do the heads of one model."""
        if "property" in fields:
            fields = {"value": "", "minus": "", **fields}
        if {"property", "model", "value", "sample"} & {name for name, value in fields.items() if value != getattr(self.view, name)}:
            fields = {"head": None, **fields}
        super().change(**fields)


def start() -> HeadsSession:
    """Begin a session: on first opening the view is read from the URL."""
    return HeadsSession.start(_NAME, from_query, to_query)


def page() -> HeadsSession:
    """What the page remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it."""
    page().select_head(layer, head, get_spec(page().view.model))
