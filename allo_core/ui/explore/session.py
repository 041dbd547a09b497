"""What Explore remembers in this browser session, and the changes that only its own widgets make to its View."""

from dataclasses import dataclass, field

import streamlit as st

from allo_core.models.registry import get_spec
from allo_core.ui.explore.address import from_query, to_query
from allo_core.ui.explore.view import View
from allo_core.ui.protein.session import ProteinSession
from allo_core.ui.protein.view import ProteinView, protein_of
from allo_core.ui.shared.jobs import Request, WeightedRequest

__all__ = ["ExploreSession", "TakenSlide", "page", "select_head", "start"]

_NAME = "explore"
# Fields of the view whose change gives every head another score.
_RESCORING = frozenset({"sites", "sites_b", "marking", "name_a", "name_b", "measure", "weighting", "threshold", "null", "draws"})


@dataclass
class TakenSlide:
    """The slide that the browser has sent: its picture, or what went wrong, and the token of what it shows."""

    token: str = ""
    png: bytes | None = None
    problem: str = ""


@dataclass(eq=False)
class ExploreSession(ProteinSession[View]):
    """What Explore remembers.

    Parameters
    ----------
    shown_head : (layer, head), optional
        The head that the page showed last; None where it showed none.
    invited : bool
        Whether the page was opened without a link, so that a newcomer may sit before it.
    example : int
        The step of the worked example that is reached; 0 where it is not followed.
    predicted_marks : (str, tuple of int)
        Key of the protein and the residues that were marked because the site predictor ranks them highest.
    slides_again : int
        How often a person asked for the slide once more.
    slide_wanted : str
        Token of the slide that the browser was asked for.
    slide : TakenSlide
    """

    shown_head: tuple[int, int] | None = None
    invited: bool = False
    example: int = 0
    predicted_marks: tuple[str, tuple[int, ...]] = ("", ())
    slides_again: int = 0
    slide_wanted: str = ""
    slide: TakenSlide = field(default_factory=TakenSlide)

    def begin(self) -> None:
        super().begin()
        self.invited = not st.query_params.to_dict()

    def change(self, **fields) -> None:
        """Replace fields of the view; what changes the scores alone never changes which head is shown.

        Another protein and another model have another best head.
        """
        if fields.keys() & {"protein", "model"}:
            fields.setdefault("head", None)
        if self.view.head is None and self.shown_head is not None and "head" not in fields and fields.keys() <= _RESCORING:
            fields["head"] = self.shown_head
        super().change(**fields)

    def request(self, view: ProteinView) -> Request:
        """The run that a view needs, with value norms where it counts value-weighted attention; errors as on every page."""
        weighted = isinstance(view, View) and view.weighting == "value"
        return (WeightedRequest if weighted else Request)(protein_of(view), view.model, view.device, view.dtype)


def start() -> ExploreSession:
    """Begin a session: on first opening the view is read from the URL."""
    return ExploreSession.start(_NAME, from_query, to_query)


def page() -> ExploreSession:
    """What Explore remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it."""
    page().select_head(layer, head, get_spec(page().view.model), pair=None)
