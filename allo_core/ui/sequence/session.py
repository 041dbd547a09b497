"""What the page Sequence remembers in this browser session, and the changes that only its own widgets make to its view."""

from dataclasses import dataclass

import streamlit as st

from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.ui.protein.session import ProteinSession, starts_unasked
from allo_core.ui.protein.view import ProteinView, protein_of
from allo_core.ui.sequence.address import from_query, to_query
from allo_core.ui.sequence.requests import ProbabilitiesRequest
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.jobs import Job, Request
from allo_core.ui.shared.worker import job_of, submit

__all__ = ["SequenceSession", "begun", "page", "select_head", "select_pair", "select_residue", "start"]

_NAME = "sequence_page"


@dataclass(eq=False)
class SequenceSession(ProteinSession[SequenceView]):
    """What the page Sequence remembers.

    Parameters
    ----------
    others : tuple of Protein
        Sequences that were given with an ortholog, to tell what to expect.
    table : (text, column), optional
        A person's own values of residues, as `property_of_table` takes them.
    """

    others: tuple[Protein, ...] = ()
    table: tuple[str, str] | None = None

    def change(self, **fields) -> None:
        """Replace fields of the view; residues of the protein before mean nothing in another."""
        if fields.get("protein", self.view.protein) != self.view.protein:
            self.view = self.view.of_another_protein(fields["protein"])
        if "model" in fields:
            fields = {"head": None, "state": -1, "span": None, **fields}
        super().change(**fields)

    def request(self, view: ProteinView) -> Request:
        """The one pass that the page begins with; errors as on every page."""
        return ProbabilitiesRequest(protein_of(view), view.model, view.device, view.dtype)


def start() -> SequenceSession:
    """Begin a session: on first opening the view is read from the URL."""
    return SequenceSession.start(_NAME, from_query, to_query)


def page() -> SequenceSession:
    """What the page remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def select_residue(index: int) -> None:
    """Select a residue, if the protein has it; once more puts it away."""
    view = page().view
    if 0 <= index < len(protein_of(view)):
        page().change(residue=None if index == view.residue else index)


def select_pair(first: int, second: int) -> None:
    """Point a pair out on the receptor; once more puts it away."""
    pair = (first, second)
    length = len(protein_of(page().view))
    if all(0 <= index < length for index in pair):
        page().change(pair=None if page().view.pair == pair else pair)


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it."""
    page().select_head(layer, head, get_spec(page().view.model), pair=None)


def begun(request: Request) -> Job | None:
    """The last job of this session for a request, which begins by itself as every pass of the default model does."""
    if starts_unasked(request):
        submit(request)
    return job_of(request)
