"""What the page Pairs remembers in this browser session, and the changes that only its own widgets make to its view."""

from dataclasses import dataclass

import streamlit as st

from allo_core.ui.pairs.address import from_query, to_query
from allo_core.ui.pairs.view import PairsView
from allo_core.ui.protein.session import ProteinSession, mark

__all__ = ["PairsSession", "page", "select", "start"]

_NAME = "pairs_page"


@dataclass(eq=False)
class PairsSession(ProteinSession[PairsView]):
    """What the page Pairs remembers."""

    def change(self, **fields) -> None:
        """Replace fields of the view; a stretch of the protein before means nothing in another."""
        if fields.get("protein", self.view.protein) != self.view.protein:
            self.view = self.view.of_another_protein(fields["protein"])
        super().change(**fields)


def start() -> PairsSession:
    """Begin a session: on first opening the view is read from the URL."""
    return PairsSession.start(_NAME, from_query, to_query)


def page() -> PairsSession:
    """What the page remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def select(partner: str, stretch: int, residues: tuple[int, ...]) -> None:
    """Select a family and a stretch, whose residues become the set that is being marked; the same stretch again puts it away."""
    current = page()
    if (partner, stretch) == (current.view.partner, current.view.segment):
        current.change(segment=None)
        return
    current.change(partner=partner, segment=stretch)
    if residues:
        mark(residues)
