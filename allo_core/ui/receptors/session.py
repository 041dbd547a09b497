"""What the page Receptors remembers in this browser session, and the changes that widgets make to its SetView."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

import streamlit as st

from allo_core.errors import AlloScopeError, ScoreError
from allo_core.family.members import ReceptorSet
from allo_core.family.runs import SetRun
from allo_core.models.registry import get_spec
from allo_core.ui.receptors.view import SetView, asked_of, from_query, to_query
from allo_core.ui.shared import inputs
from allo_core.ui.shared.fetching import Fetching
from allo_core.ui.shared.jobs import SetRequest
from allo_core.ui.shared.page_session import PageSession

__all__ = ["SetSession", "ask", "page", "problem", "reading", "request_of", "select_head", "start", "take_table", "written"]

_NAME = "receptors"
_QUESTION = "question"  # the one place of the page where something can be wrong


@dataclass(eq=False)
class SetSession(PageSession[SetView]):
    """What the page Receptors remembers.

    Parameters
    ----------
    runs : dict of tuple to (SetRun or None, int)
        What `results.runs_of` has looked for, and how many members were missing.
    fetching : dict of str to Fetching
        The AlphaFold models that are being fetched, by receptor.
    fetch_problems : list of str
        Why some of them did not come.
    """

    runs: dict[tuple, tuple[SetRun | None, int]] = field(default_factory=dict)
    fetching: dict[str, Fetching] = field(default_factory=dict)
    fetch_problems: list[str] = field(default_factory=list)

    def change(self, **fields) -> None:
        """Replace fields of the view; what was refused before is forgotten."""
        super().change(**fields)
        self.problem(_QUESTION)


def start() -> SetSession:
    """Begin a session: on first opening the view is read from the URL."""
    return SetSession.start(_NAME, from_query, to_query)


def page() -> SetSession:
    """What the page remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def written(name: str) -> str:
    """What stands in a text field: what was refused, until it is mended."""
    return page().written(_QUESTION, name, getattr(page().view, name))


def problem() -> str:
    """What is wrong with the last question; empty if nothing is."""
    return page().noted(_QUESTION)


def ask(**fields) -> None:
    """Change the question; one that cannot be asked is said, and the earlier one stays."""
    wanted = replace(page().view, **fields)
    try:
        if wanted.kind != "table" or wanted.table:
            asked_of(wanted)
    except AlloScopeError as error:
        page().problem(_QUESTION, error, **fields)
        return
    page().change(**fields, head=None)


def reading() -> AbstractContextManager:
    """What the page says while a question is read, if that takes a while."""
    return st.spinner("Reading the receptors. A sequence that the library does not have is aligned with it, some ten of them a second.")


def take_table(content: bytes, name: str) -> None:
    """Ask the question of an uploaded table; one that cannot be read changes nothing."""
    view = page().view
    try:
        key = inputs.keep_table(content, name)
        with reading():
            asked_of(replace(view, kind="table", table=key))
    except AlloScopeError as error:
        stays = " The table before stays." if view.table else ""
        page().problem(_QUESTION, ScoreError(f"{name}: {error}{stays}"))
        return
    page().change(kind="table", table=key, head=None)


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it."""
    page().select_head(layer, head, get_spec(page().view.model))


def request_of(view: SetView, receptor_set: ReceptorSet) -> SetRequest:
    return SetRequest(receptor_set.key, receptor_set, view.model, view.device, view.dtype)
