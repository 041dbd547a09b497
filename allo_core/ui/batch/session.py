"""What the page Batch remembers in this browser session, and the changes that widgets make to its BatchView."""

import os
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from allo_core.errors import BatchError, StoreError
from allo_core.ui.batch.results import HeadsBatch, OpenBatch, read, stamp_of
from allo_core.ui.batch.view import BatchView, from_query, to_query
from allo_core.ui.shared import inputs
from allo_core.ui.shared.page_session import PageSession

__all__ = ["BatchSession", "open_folder", "opened", "page", "problem", "read_again", "select_head", "start", "written"]

_NAME = "batch"
_FOLDER = "folder"  # the one place of the page where something can be wrong


@dataclass(eq=False)
class BatchSession(PageSession[BatchView]):
    """What the page Batch remembers."""

    def begin(self) -> None:
        """Open the folder that a link names by its key, with the record that it names."""
        view = self.view
        if not view.batch:
            return
        try:
            open_folder(inputs.kept_folder(view.batch))
        except StoreError as error:
            self.problem(_FOLDER, error)
        if self.noted(_FOLDER):
            self.change(batch="", row=None)
        else:
            self.change(row=view.row)


def start() -> BatchSession:
    """Begin a session: on first opening the view is read from the URL."""
    return BatchSession.start(_NAME, from_query, to_query)


def page() -> BatchSession:
    """What the page remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def written() -> str:
    """What stands in the field of the folder: what was refused, until it is mended."""
    return page().written(_FOLDER, _FOLDER, page().view.folder)


def problem() -> str:
    """What is wrong with the folder that was typed last; empty if nothing is."""
    return page().noted(_FOLDER)


def open_folder(text: str) -> None:
    """Open the batch in a folder; one that cannot be read is said, and the earlier one stays open.  Empty text closes it."""
    folder = os.path.expanduser(text.strip())
    if not folder:
        _show("", "")
        return
    try:
        stamp = stamp_of(folder)
        read(folder, stamp)
    except BatchError as error:
        page().problem(_FOLDER, error, folder=text)
        return
    _show(folder, stamp)


def read_again() -> None:
    """Read what a batch has written meanwhile; the chosen record stays chosen."""
    view = page().view
    open_folder(view.folder)
    if not problem():
        page().change(row=view.row, threshold=view.threshold)


def opened(view: BatchView) -> OpenBatch | HeadsBatch | None:
    """The open batch; None where there is none.  BatchError where it was damaged and is no longer in memory."""
    return read(view.folder, view.stamp) if view.folder else None


def select_head(layer: int, head: int) -> None:
    """Select a head; one that the model of the batch lacks is not shown (`OpenBatch.head_of`)."""
    page().select_head(layer, head)


def _show(folder: str, stamp: str) -> None:
    key = ""
    if folder:
        with suppress(StoreError):  # the link then does without it
            key = inputs.keep_folder(os.path.abspath(folder))
    page().change(folder=folder, stamp=stamp, batch=key, row=None, threshold=None)
    page().problem(_FOLDER)
