"""What comes in from outside: pasted, uploaded and fetched sequences and structures.  What is refused changes nothing."""

import streamlit as st

from allo_core.errors import AlloScopeError, Cancelled
from allo_core.fetch import fetch_sequence, fetch_structure, fetched_structure
from allo_core.library.sites import receptor_of
from allo_core.protein.sequence import Protein, read_protein
from allo_core.ui.protein import session
from allo_core.ui.protein.view import protein_of
from allo_core.ui.shared import inputs
from allo_core.ui.shared.fetching import Fetching, draw_fetching
from allo_core.ui.shared.structures import load_structure
from allo_core.ui.shared.text import plain

__all__ = [
    "ask_sequence",
    "ask_structure",
    "draw_complaint",
    "fetched_structures",
    "take_fetched",
    "use_structure",
    "use_text",
]


def use_text(text: str, record: str) -> None:
    """Open a pasted or uploaded sequence; one that the library has opens the receptor itself."""
    try:
        read = read_protein(text, record.strip() or None)
        _open(read.protein)
        if read.notes:
            session.page().tell(" ".join((*session.page().notices[-1:], *read.notes)))
    except AlloScopeError as error:
        session.page().problem("sequence", error)


def _open(protein: Protein) -> None:
    receptor = receptor_of(protein)
    if receptor is not None and receptor.protein.sequence == protein.sequence:
        session.open_protein(receptor.entry)
        session.page().tell(f"Recognised as {receptor.entry} of the library: {receptor.name}, UniProt {receptor.accession}.")
    else:  # also a part of a receptor keeps the name that a person gave it
        session.open_protein(session.remember(inputs.keep_protein(protein)))


def use_structure(content: bytes, name: str, place: str) -> None:
    """Show an uploaded structure if it can be read and fits; else the earlier one stays, and ``place`` of the page says why."""
    key, known = "", True
    try:
        known = inputs.is_kept_structure(content)
        key = inputs.keep_structure(content, name)
        _show_structure(key)
        session.remember(key)
    except AlloScopeError as error:
        if not known:  # it may be of use to another receptor
            inputs.forget(key)
        session.empty_uploaders()
        session.page().problem(place, error)


def _show_structure(key: str) -> None:
    load_structure(key, protein_of(session.page().view))
    session.page().change(structure=key, chain="", pair=None)
    for place in session.STRUCTURE_PLACES:
        session.page().problem(place)


def ask_sequence(accession: str) -> None:
    """Fetch a sequence by UniProt accession; one that the library has opens the receptor itself."""
    _ask("sequence", accession, lambda cancel: fetch_sequence(accession, cancel=cancel))


def ask_structure(identifier: str, place: str) -> None:
    """Fetch a structure by PDB entry or AlphaFold identifier; ``place`` of the page shows how far it is, and what went wrong."""
    _ask(place, identifier, lambda cancel: fetch_structure(identifier, cancel=cancel))


def _ask(place: str, identifier: str, fetch) -> None:
    session.page().problem(place)
    fetching = session.page().fetching
    if place in fetching:
        fetching[place].cancel.set()  # the later wish counts
    fetching[place] = Fetching(identifier.strip()[:40], fetch, session.page().view.protein)


def take_fetched() -> None:
    """Show what has come; what went wrong is said where it was asked for."""
    fetching = session.page().fetching
    for place, done in [(place, item) for place, item in fetching.items() if not item.active]:
        del fetching[place]
        if isinstance(done.error, Cancelled):
            continue
        try:
            if done.error is not None:
                raise done.error
            if isinstance(done.result, Protein):
                _take_sequence(done, done.result)
            elif done.result is not None:
                _take_structure(done, done.result.name)
        except AlloScopeError as error:
            session.page().problem(place, error)


def _take_sequence(done: Fetching, protein: Protein) -> None:
    if _still_asked(done):
        _open(protein)
    else:
        session.remember(inputs.keep_protein(protein))
        session.page().tell(f"{done.identifier} has been fetched; choose it under Receptor.")


def _take_structure(done: Fetching, name: str) -> None:
    explore = session.page()
    explore.fetched = list(dict.fromkeys((*explore.fetched, name)))
    if _still_asked(done):
        _show_structure(name)
    else:
        explore.tell(f"{name} has been fetched; choose it under Structure.")


def _still_asked(done: Fetching) -> bool:
    """Whether the page still shows the protein for which something was fetched; what comes late must not replace other work."""
    return done.asked_for == session.page().view.protein


def fetched_structures() -> list[str]:
    """Identifiers of the structures that this session has fetched, and of the one it shows."""
    explore = session.page()
    chosen = [explore.view.structure] if fetched_structure(explore.view.structure) is not None else []
    return list(dict.fromkeys((*explore.fetched, *chosen)))


def draw_complaint(place: str) -> None:
    """What is being fetched for a place of the page, and what is wrong there."""
    fetching = session.page().fetching
    if place in fetching:
        draw_fetching(fetching[place])
    if session.page().noted(place):
        st.error(plain(session.page().noted(place)))
