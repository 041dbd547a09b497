"""What the page Fold remembers in this browser session, and the changes that only its own widgets make to its view."""

from dataclasses import dataclass

import streamlit as st

from allo_core.ui.fold.view import FoldView, from_query, to_query
from allo_core.ui.protein.session import ProteinSession
from allo_core.ui.protein.view import protein_of

__all__ = ["FoldSession", "page", "select_residue", "start"]

_NAME = "fold_page"


@dataclass(eq=False)
class FoldSession(ProteinSession[FoldView]):
    """What the page Fold remembers."""

    def change(self, **fields) -> None:
        """Replace fields of the view; a fold of the protein before means nothing in another."""
        if fields.get("protein", self.view.protein) != self.view.protein:
            self.view = self.view.of_another_protein(fields["protein"])
        super().change(**fields)


def start() -> FoldSession:
    """Begin a session: on first opening the view is read from the URL."""
    return FoldSession.start(_NAME, from_query, to_query)


def page() -> FoldSession:
    """What the page remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def select_residue(index: int) -> None:
    """Select a residue, if the protein has it; once more puts it away."""
    view = page().view
    if 0 <= index < len(protein_of(view)):
        page().change(residue=None if index == view.residue else index)
