"""The SetView of this browser session, and the changes that widgets make to it."""

from contextlib import AbstractContextManager
from dataclasses import replace

import streamlit as st

from allo_core.errors import AlloScopeError
from allo_core.family.members import ReceptorSet
from allo_core.models.registry import get_spec
from allo_core.ui.explore import session
from allo_core.ui.receptors.view import SetView, asked_of, from_query, to_query
from allo_core.ui.shared import inputs
from allo_core.ui.shared.jobs import Job, SetRequest
from allo_core.ui.shared.worker import worker

__all__ = [
    "ask",
    "change",
    "job_of",
    "problem_of",
    "reading",
    "request_of",
    "select_head",
    "start",
    "start_run",
    "take_table",
    "write_url",
    "written",
]


def start() -> SetView:
    """Begin a session: on first opening the view is read from the URL."""
    session.start_shared()
    if "set_view" not in st.session_state:
        st.session_state.set_view, notices = from_query(st.query_params.to_dict())
        st.session_state.notices = notices
        st.session_state.set_problem, st.session_state.set_refused = "", {}
    return st.session_state.set_view


def change(**fields) -> None:
    """Replace fields of the view."""
    st.session_state.set_view = replace(st.session_state.set_view, **fields)
    st.session_state.set_problem, st.session_state.set_refused = "", {}


def written(field: str) -> str:
    """What stands in a text field: what was refused, until it is mended."""
    return st.session_state.set_refused.get(field, getattr(st.session_state.set_view, field))


def ask(**fields) -> None:
    """Change the question; one that cannot be asked is said, and the earlier one stays."""
    wanted = replace(st.session_state.set_view, **fields)
    try:
        if wanted.kind != "table" or wanted.table:
            asked_of(wanted)
    except AlloScopeError as error:
        st.session_state.set_problem = str(error)
        st.session_state.set_refused = fields  # stays in its field, to be mended
        return
    change(**fields, head=None)


def reading() -> AbstractContextManager:
    """What the page says while a question is read, if that takes a while."""
    return st.spinner("Reading the receptors. A sequence that the library does not have is aligned with it, some ten of them a second.")


def problem_of() -> str:
    """What is wrong with the last question; empty if nothing is."""
    return st.session_state.set_problem


def take_table(content: bytes, name: str) -> None:
    """Ask the question of an uploaded table; one that cannot be read changes nothing."""
    try:
        key = inputs.keep_table(content, name)
        with reading():
            asked_of(replace(st.session_state.set_view, kind="table", table=key))
    except AlloScopeError as error:
        stays = " The table before stays." if st.session_state.set_view.table else ""
        st.session_state.set_problem = f"{name}: {error}{stays}"
        return
    change(kind="table", table=key, head=None)


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it."""
    spec = get_spec(st.session_state.set_view.model)
    if 0 <= layer < spec.layers and 0 <= head < spec.heads:
        change(head=(layer, head))


def request_of(view: SetView, asked: ReceptorSet) -> SetRequest:
    return SetRequest(asked.key, asked, view.model, view.device, view.dtype)


def start_run(request: SetRequest) -> None:
    """Queue the run of a set."""
    st.session_state.jobs[request] = worker().submit(request)


def job_of(request: SetRequest) -> Job | None:
    """The last job of this session for a set."""
    return st.session_state.jobs.get(request)


def write_url() -> None:
    """Make the URL say what the page shows."""
    query = to_query(st.session_state.set_view)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
