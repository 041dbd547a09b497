"""Fetching in the background, so that the page stays usable and a slow server can be left waiting."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from allo_core.errors import AlloScopeError, Cancelled
from allo_core.protein.sequence import Protein
from allo_core.ui.shared.text import plain

if TYPE_CHECKING:
    from allo_core.fetch import Fetched

__all__ = ["Fetching", "draw_fetching"]

_LOG = logging.getLogger("alloscope")
_POLL = 0.3  # seconds


class Fetching:
    """One fetch in a thread of its own; the page only reads its fields and sets ``cancel``.

    Parameters
    ----------
    identifier : str
        What a person asked for.
    fetch : callable(cancel)
        Gives the result, or raises AlloScopeError or Cancelled.
    asked_for : str
        Key of the protein that the page showed.
    """

    def __init__(self, identifier: str, fetch: "Callable[[threading.Event], Protein | Fetched]", asked_for: str = ""):
        self.identifier = identifier
        self.asked_for = asked_for
        self.cancel = threading.Event()
        self.result: Protein | Fetched | None = None
        self.error: Exception | None = None
        # No executor: Python waits for its threads at the end, and a slow server would hold it up.
        self._thread = threading.Thread(target=self._work, args=(fetch,), name="alloscope-fetch", daemon=True)
        self._thread.start()

    @property
    def active(self) -> bool:
        return self._thread.is_alive()

    def _work(self, fetch: "Callable[[threading.Event], Protein | Fetched]") -> None:
        try:
            self.result = fetch(self.cancel)
        except (AlloScopeError, Cancelled) as error:
            self.error = error
        except Exception as error:  # a defect must not end silently; the terminal gets the trace
            _LOG.exception("fetch failed")
            self.error = AlloScopeError(f"Fetching failed unexpectedly ({type(error).__name__}); the terminal shows the details.")


@st.fragment(run_every=_POLL)
def draw_fetching(fetching: Fetching) -> None:
    """Progress with cancel, until the fetch has ended; the page then takes what came."""
    if not fetching.active:
        st.rerun()
    line, cancel = st.columns([3, 2], vertical_alignment="center")
    line.caption("Cancelling" if fetching.cancel.is_set() else f"Fetching {plain(fetching.identifier)}")
    cancel.button("Cancel", key="cancel_fetch", on_click=fetching.cancel.set, disabled=fetching.cancel.is_set(), width="stretch")
