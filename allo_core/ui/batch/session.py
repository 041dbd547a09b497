"""The BatchView of this browser session, and the changes that widgets make to it."""

import os
from contextlib import suppress
from dataclasses import replace

import streamlit as st

from allo_core.errors import BatchError, StoreError
from allo_core.ui.batch.results import OpenBatch, read, stamp_of
from allo_core.ui.batch.view import BatchView, from_query, to_query
from allo_core.ui.explore import session
from allo_core.ui.shared import inputs

__all__ = ["change", "open_folder", "opened", "problem_of", "read_again", "select_head", "start", "write_url", "written"]


def start() -> BatchView:
    """Begin a session: on first opening the view is read from the URL."""
    session.start_shared()
    if "batch_view" not in st.session_state:
        st.session_state.batch_view, notices = from_query(st.query_params.to_dict())
        st.session_state.notices = notices
        st.session_state.batch_problem, st.session_state.batch_refused = "", None
        if st.session_state.batch_view.batch:
            _open_kept(st.session_state.batch_view)
    return st.session_state.batch_view


def change(**fields) -> None:
    """Replace fields of the view."""
    st.session_state.batch_view = replace(st.session_state.batch_view, **fields)


def written() -> str:
    """What stands in the field of the folder: what was refused, until it is mended."""
    refused = st.session_state.batch_refused
    return st.session_state.batch_view.folder if refused is None else refused


def problem_of() -> str:
    """What is wrong with the folder that was typed last; empty if nothing is."""
    return st.session_state.batch_problem


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
        st.session_state.batch_problem = str(error)
        st.session_state.batch_refused = text  # stays in its field, to be mended
        return
    _show(folder, stamp)


def read_again() -> None:
    """Read what a batch has written meanwhile; the chosen record stays chosen."""
    view = st.session_state.batch_view
    open_folder(view.folder)
    if not problem_of():
        change(row=view.row, threshold=view.threshold)


def opened(view: BatchView) -> OpenBatch | None:
    """The open batch; None where there is none.  BatchError where it was damaged and is no longer in memory."""
    return read(view.folder, view.stamp) if view.folder else None


def select_head(layer: int, head: int) -> None:
    """Select a head; one that the model lacks (a click on the chart of the batch before may come late) is not shown."""
    change(head=(layer, head))


def write_url() -> None:
    """Make the URL say what the page shows."""
    query = to_query(st.session_state.batch_view)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def _open_kept(view: BatchView) -> None:
    """Open the folder that a link names by its key, with the record that it names."""
    try:
        open_folder(inputs.kept_folder(view.batch))
    except StoreError as error:
        st.session_state.batch_problem = str(error)
    if problem_of():
        change(batch="", row=None)
    else:
        change(row=view.row)


def _show(folder: str, stamp: str) -> None:
    key = ""
    if folder:
        with suppress(StoreError):  # the link then does without it
            key = inputs.keep_folder(os.path.abspath(folder))
    change(folder=folder, stamp=stamp, batch=key, row=None, threshold=None)
    st.session_state.batch_problem, st.session_state.batch_refused = "", None
