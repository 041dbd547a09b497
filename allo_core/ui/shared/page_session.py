"""What one page remembers in one browser session: its view, and what it has to say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, NamedTuple, Self, TypeVar

import streamlit as st

from allo_core.models.registry import ModelSpec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["PageSession", "Problem"]

View = TypeVar("View", bound="DataclassInstance")


class Problem(NamedTuple):
    """What is wrong at one place of the page, and the texts that were refused there: field -> text, which stays in it to be mended."""

    message: str
    refused: Mapping[str, str]


@dataclass(eq=False)
class PageSession(Generic[View]):
    """What one page remembers in one browser session; each page has one instance, under its own key of st.session_state.

    Parameters
    ----------
    view : frozen dataclass
        Everything that a person can choose on the page.
    to_query : callable(view)
        The URL parameters of a view, as a dict of str to str.
    notices : list of str
        What was ignored in the link, or is no longer there; said until a person dismisses it.
    problems : dict of str to Problem
        Place of the page -> what is wrong there.
    """

    view: View
    to_query: Callable[[View], dict[str, str]]
    notices: list[str] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)

    @classmethod
    def start(
        cls, name: str, from_query: Callable[[Mapping[str, str]], tuple[View, list[str]]], to_query: Callable[[View], dict[str, str]]
    ) -> Self:
        """The page's session, kept under ``name``; on first opening its view is read from the URL."""
        if name not in st.session_state:
            view, notices = from_query(st.query_params.to_dict())
            session = cls(view, to_query, notices)
            st.session_state[name] = session
            session.begin()
        return st.session_state[name]

    def begin(self) -> None:
        """What a page does once, when its view has been read from the URL."""

    def change(self, **fields) -> None:
        """Replace fields of the view."""
        self.view = replace(self.view, **fields)

    def tell(self, notice: str) -> None:
        """Say this above the pictures, in place of what was said there before."""
        self.notices = [notice]

    def problem(self, place: str, error: Exception | None = None, **refused: str) -> None:
        """Note what is wrong at one place of the page and which texts were refused there (field=text), or clear both."""
        if error is None:
            self.problems.pop(place, None)
        else:
            self.problems[place] = Problem(str(error), refused)

    def noted(self, place: str) -> str:
        """What is wrong at a place of the page; empty if nothing is."""
        return self.problems[place].message if place in self.problems else ""

    def written(self, place: str, name: str, usual: str) -> str:
        """What stands in the text field ``name``: what was refused, until it is mended, else ``usual``."""
        return self.problems[place].refused.get(name, usual) if place in self.problems else usual

    def select_head(self, layer: int, head: int, spec: ModelSpec | None = None, **also) -> None:
        """Select a head and replace other fields ``also``, if the model has that head.

        A click on the chart of the model before may come late.  Without ``spec`` the page checks the head when it draws it.
        """
        if spec is None or (0 <= layer < spec.layers and 0 <= head < spec.heads):
            self.change(head=(layer, head), **also)

    def write_url(self) -> None:
        """Make the URL say what the page shows."""
        query = self.to_query(self.view)
        if st.query_params.to_dict() != query:
            st.query_params.from_dict(query)
