"""The View of this browser session, and the changes that widgets make to it."""

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from allo_core.errors import AlloScopeError, StoreError
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.residues import format_residues, parse_residues
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.store import delete_run
from allo_core.ui.explore import view as state
from allo_core.ui.explore.view import View
from allo_core.ui.shared import inputs
from allo_core.ui.shared.jobs import Job, Request
from allo_core.ui.shared.structures import LoadedStructure, load_structure
from allo_core.ui.shared.worker import worker

__all__ = [
    "change",
    "current_job",
    "discard_run",
    "loaded_structure",
    "mark",
    "marked",
    "noted",
    "open_protein",
    "problem",
    "remember",
    "remembered",
    "residues_text",
    "run_unasked",
    "select_head",
    "set_residues_text",
    "shown",
    "start",
    "start_run",
    "start_shared",
    "toggle_residue",
    "use_domain",
    "write_url",
]


def start() -> None:
    """Begin a session: on first opening the view is read from the URL."""
    start_shared()
    if "view" not in st.session_state:
        st.session_state.view, notices = state.from_query(st.query_params.to_dict())
        st.session_state.notices = notices
        st.session_state.problems = {}
        view = st.session_state.view
        st.session_state.inputs = [key for key in (view.protein, view.structure) if inputs.is_key(key)]


def start_shared() -> None:
    """What all pages of a session share: the jobs it has asked for, and what is to be said once."""
    for name, value in (("jobs", {}), ("notices", [])):
        st.session_state.setdefault(name, value)


def change(**fields) -> None:
    """Replace fields of the view."""
    st.session_state.view = replace(st.session_state.view, **fields)


def shown() -> tuple[View, Protein]:
    """The view and its protein; what is no longer kept on this machine is replaced, with a notice."""
    view = st.session_state.view
    try:
        protein = state.protein_of(view)
    except AlloScopeError as error:
        st.session_state.notices = [str(error)]
        st.session_state.view = view = state.starting_view()
        return view, state.protein_of(view)
    if inputs.is_key(view.structure) and view.structure not in remembered("structure"):
        st.session_state.notices = ["The uploaded structure is no longer kept on this machine; upload it again."]
        change(structure="", pair=None)
    return st.session_state.view, protein


def loaded_structure(view: View, protein: Protein) -> tuple[LoadedStructure | None, str]:
    """The structure of a view, and why it cannot be shown ("" where nothing is wrong)."""
    if not view.structure:
        return None, ""
    try:
        return load_structure(view.structure, protein), ""
    except AlloScopeError as error:
        return None, str(error)


def write_url() -> None:
    """Make the URL say what the page shows."""
    query = state.to_query(st.session_state.view)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def problem(place: str, error: Exception | None = None) -> None:
    """Note what is wrong at one place of the page, or clear it."""
    st.session_state.problems[place] = str(error) if error is not None else ""


def noted(place: str) -> str:
    """What is wrong at a place of the page; empty if nothing is."""
    return st.session_state.problems.get(place, "")


def open_protein(key: str) -> None:
    """Show another protein with its first site and structure; the choices of model and scoring stay."""
    try:
        st.session_state.view = state.starting_view(key, st.session_state.view)
    except AlloScopeError as error:  # a sequence that is no longer kept
        st.session_state.notices = [str(error)]
        return
    for place in ("residues", "sequence", "structure"):
        problem(place)


def use_domain(domain: Protein) -> None:
    """Show a part of the protein, its UniProt numbers, marks and structure kept."""
    view = st.session_state.view

    def kept(indices: tuple[int, ...]) -> tuple[int, ...]:
        numbers = {state.protein_of(view).number(index) for index in indices}
        return tuple(index for index in range(len(domain)) if domain.number(index) in numbers)

    try:
        key = remember(inputs.keep_protein(domain))
        change(protein=key, sites=kept(view.sites), sites_b=kept(view.sites_b), head=None, pair=None)
        problem("residues")
    except AlloScopeError as error:
        problem("sequence", error)


def marked() -> tuple[int, ...]:
    """The residues of the set that is being marked."""
    view = st.session_state.view
    return view.sets[view.marking]


def mark(residues: tuple[int, ...], name: str | None = None) -> None:
    """Make these residues (0-based indices) the whole of set ``name``, by default of the one that is being marked."""
    name = name or st.session_state.view.marking
    change(marking=name, **{"sites" if name == "A" else "sites_b": residues})
    problem("residues")


def set_residues_text(text: str) -> None:
    """Mark the residues that a text names; a text that cannot be read changes nothing."""
    try:
        protein = state.protein_of(st.session_state.view)
        mark(parse_residues(text, protein, numbers_for(protein)))
    except AlloScopeError as error:
        st.session_state.refused = text  # stays in its field, to be mended
        problem("residues", error)


def residues_text() -> str:
    """The residues of the set that is being marked, as editable text."""
    return format_residues(state.protein_of(st.session_state.view), marked())


def toggle_residue(index: int) -> None:
    """Mark a residue, or unmark it."""
    mark(state.toggled(marked(), index))


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it (a click on the chart of the model before may come late)."""
    spec = get_spec(st.session_state.view.model)
    if 0 <= layer < spec.layers and 0 <= head < spec.heads:
        change(head=(layer, head), pair=None)


def remember(key: str) -> str:
    """Keep an input's key in the lists of this session."""
    if key not in st.session_state.inputs:
        st.session_state.inputs.append(key)
    return key


def remembered(kind: str) -> dict[str, str]:
    """Inputs of this session, of kind "sequence" or "structure", that are still kept: key -> name, the latest last."""
    view, found = st.session_state.view, {}
    for key in dict.fromkeys((*st.session_state.inputs, view.protein, view.structure)):
        if inputs.is_key(key) and key.startswith(kind):
            with suppress(StoreError):
                found[key] = inputs.name_of(key)
    return found


def request_of(view: View) -> Request:
    return Request(state.protein_of(view), view.model, view.device, view.dtype)


def start_run(view: View) -> None:
    """Queue the run of a view."""
    try:
        request = request_of(view)
    except AlloScopeError as error:  # a sequence that is no longer kept
        st.session_state.notices = [str(error)]
        return
    st.session_state.jobs[request] = worker().submit(request)


def discard_run(key: str) -> None:
    """Delete a run that cannot be read and start it anew."""
    try:
        delete_run(key)
    except AlloScopeError as error:
        st.session_state.notices = [str(error)]
        return
    start_run(st.session_state.view)


def current_job(view: View) -> Job | None:
    """The last job of this session for what the view shows."""
    return st.session_state.jobs.get(request_of(view))


def run_unasked(view: View, maps: AttentionMaps | None) -> None:
    """Start the default model by itself, once for each sequence of a length that it knows: its weights ship and it takes a second."""
    spec = get_spec(view.model)
    request = request_of(view)
    known = len(request.protein) + 2 <= spec.trained_tokens
    if maps is None and spec.id == DEFAULT_MODEL and known and request not in st.session_state.jobs:
        start_run(view)
