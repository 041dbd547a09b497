"""What a page of one protein remembers in this browser session, and the changes that its widgets make to its view.

All pages of one protein show the same protein, marks, model and structure: a page that is opened after another one takes them over.
"""

from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, Generic, Literal, Self, TypeVar

import streamlit as st

from allo_core.errors import AlloScopeError, ResidueError, StoreError
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.residues import format_residues, problems_in_words, read_residues
from allo_core.protein.sequence import Protein
from allo_core.runs.store import delete_run
from allo_core.ui.protein.marks import with_marks_of
from allo_core.ui.protein.view import FIRST_RECEPTOR, ProteinView, opened, protein_of, toggled
from allo_core.ui.shared import inputs
from allo_core.ui.shared.fetching import Fetching
from allo_core.ui.shared.jobs import Job, Request
from allo_core.ui.shared.page_session import PageSession
from allo_core.ui.shared.refs import input_kind
from allo_core.ui.shared.structures import LoadedStructure, load_structure
from allo_core.ui.shared.worker import job_of, submit

__all__ = [
    "STRUCTURE_PLACES",
    "ProteinSession",
    "current_job",
    "discard_run",
    "empty_uploaders",
    "loaded_structure",
    "mark",
    "marked",
    "open_protein",
    "page",
    "remember",
    "remembered",
    "residues_text",
    "run_unasked",
    "runs_unasked",
    "set_residues_text",
    "settle",
    "start_run",
    "starts_unasked",
    "toggle_residue",
    "undo",
    "use_domain",
]

_CURRENT = "protein_page"
_MOST_UNDONE = 50
# Places of a page where a structure can be given or asked for, and what is wrong with it is then said.
STRUCTURE_PLACES = ("structure", "structure_here")
_TAKEN_OVER = tuple(part.name for part in fields(ProteinView) if part.name not in ("panel", "pair"))

View = TypeVar("View", bound=ProteinView)


@dataclass(eq=False)
class ProteinSession(PageSession[View], Generic[View]):
    """What a page of one protein remembers.

    Parameters
    ----------
    inputs : list of str
        Keys of the sequences and structures that were given here or stood in the link.
    fetching : dict of str to Fetching
        What is being fetched for a place of the page.
    fetched : list of str
        Identifiers of the structures that were fetched here.
    marks_before : list of views
        Views before each change of the marks, the latest last; what `undo` goes back to.
    carried : str
        What became of the marks when the protein changed; "" where nothing is to be said.
    uploaders : int
        Part of the keys of all uploaders: another number empties them.
    """

    inputs: list[str] = field(default_factory=list)
    fetching: dict[str, Fetching] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    marks_before: list[View] = field(default_factory=list)
    carried: str = ""
    uploaders: int = 0

    @classmethod
    def start(cls, name: str, from_query, to_query) -> Self:
        """The page's session as in `PageSession.start`; what another page of one protein showed last is shown here, too."""
        session = super().start(name, from_query, to_query)
        before = st.session_state.get(_CURRENT)
        if before not in (None, name):
            session.take_over(st.session_state[before])
        st.session_state[_CURRENT] = name
        return session

    def begin(self) -> None:
        self.inputs = [key for key in (self.view.protein, self.view.structure) if input_kind(key) is not None]

    def take_over(self, other: "ProteinSession[Any]") -> None:
        """Show the protein, the marks, the model and the structure of another page, and know what was given and fetched there."""
        shown = {name: getattr(other.view, name) for name in _TAKEN_OVER}
        if shown["protein"] != self.view.protein:
            self.view = self.view.of_another_protein(shown["protein"])
            self.change(pair=None)
        if any(getattr(self.view, name) != value for name, value in shown.items()):
            self.change(**shown)
            self.view = self.view.consistent()
            self.marks_before, self.carried = [], ""
            self.problems.clear()
        self.inputs, self.fetching, self.fetched = other.inputs, other.fetching, other.fetched

    def request(self, view: ProteinView) -> Request:
        """The run that a view of this page needs.

        Raises
        ------
        LibraryError, StoreError, SequenceError
            A protein that is no longer there.
        """
        return Request(protein_of(view), view.model, view.device, view.dtype)


def page() -> ProteinSession[Any]:
    """What the page of one protein that is open remembers; there is something once one was started."""
    return st.session_state[st.session_state[_CURRENT]]


def settle() -> Protein:
    """The protein of the view, after what is no longer kept on this machine was replaced in the view, with a notice."""
    current = page()
    try:
        protein = protein_of(current.view)
    except AlloScopeError as error:
        current.tell(str(error))
        current.view = opened(type(current.view)(FIRST_RECEPTOR), FIRST_RECEPTOR).consistent()
        return protein_of(current.view)
    ref = current.view.structure_ref
    if ref is not None and ref.kind == "upload" and ref.id not in remembered("structure"):
        current.tell("The uploaded structure is no longer kept on this machine; upload it again.")
        current.change(structure="", chain="", pair=None)
    return protein


def loaded_structure(view: ProteinView, protein: Protein) -> tuple[LoadedStructure | None, str]:
    """The structure of a view, and why it cannot be shown ("" where nothing is wrong)."""
    if not view.structure:
        return None, ""
    try:
        return load_structure(view.structure, protein, view.chain), ""
    except AlloScopeError as error:
        return None, str(error)


def open_protein(key: str) -> None:
    """Show another protein with its first structure; marks go along by generic number, the choices of model and scoring stay."""
    current = page()
    try:
        current.view, current.carried = with_marks_of(current.view, key)
    except AlloScopeError as error:  # a sequence that is no longer kept
        current.tell(str(error))
        return
    current.marks_before.clear()
    empty_uploaders()
    current.problems.clear()


def empty_uploaders() -> None:
    """Take away the files that uploaders still show: what was refused, or belongs to another protein."""
    page().uploaders += 1


def use_domain(domain: Protein) -> None:
    """Show a part of the protein, its UniProt numbers, marks and structure kept."""
    current = page()
    view = current.view

    def kept(indices: tuple[int, ...]) -> tuple[int, ...]:
        numbers = {protein_of(view).number(index) for index in indices}
        return tuple(index for index in range(len(domain)) if domain.number(index) in numbers)

    try:
        key = remember(inputs.key_of(domain))
        current.change(protein=key, sites=kept(view.sites), sites_b=kept(view.sites_b), pair=None)
        current.problem("residues")
    except AlloScopeError as error:
        current.problem("sequence", error)


def marked() -> tuple[int, ...]:
    """The residues of the set that is being marked."""
    view = page().view
    return view.sets[view.marking]


def mark(residues: tuple[int, ...], name: str | None = None) -> None:
    """Make these residues (0-based indices) the whole of set ``name``, by default of the one that is being marked."""
    current = page()
    view, name = current.view, name or current.view.marking
    if residues != view.sets[name]:
        current.marks_before = [*current.marks_before[1 - _MOST_UNDONE :], view]
        current.carried = ""
    current.change(marking=name, **{"sites" if name == "A" else "sites_b": residues})
    current.problem("residues")


def undo() -> None:
    """Take back the last change of the marks."""
    current = page()
    if current.marks_before:
        before = current.marks_before.pop()
        current.change(marking=before.marking, sites=before.sites, sites_b=before.sites_b, name_a=before.name_a, name_b=before.name_b)
        current.problem("residues")


def set_residues_text(text: str) -> None:
    """Mark the residues that a text names, and name the words that are none; a text without any residue changes nothing."""
    try:
        protein = protein_of(page().view)
        read = read_residues(text, protein, numbers_for(protein))
    except AlloScopeError as error:
        page().problem("residues", error, residues=text)
        return
    if read.indices or not read.problems:
        mark(read.indices)
    if read.problems:
        page().problem("residues", ResidueError(problems_in_words(read.problems)), residues=text)


def residues_text() -> str:
    """The residues of the set that is being marked, as editable text; a text that was refused, until it is mended."""
    current = page()
    return current.written("residues", "residues", format_residues(protein_of(current.view), marked()))


def toggle_residue(index: int) -> None:
    """Mark a residue, or unmark it."""
    mark(toggled(marked(), index))


def remember(key: str) -> str:
    """Keep an input's key in the lists of this session; what the library has stands there anyway."""
    if input_kind(key) is not None and key not in page().inputs:
        page().inputs.append(key)
    return key


def remembered(kind: Literal["sequence", "structure"]) -> dict[str, str]:
    """Inputs of this session, of one kind, that are still kept: key -> name, the latest last."""
    view, names = page().view, {}
    for key in dict.fromkeys((*page().inputs, view.protein, view.structure)):
        if input_kind(key) == kind:
            with suppress(StoreError):
                names[key] = inputs.name_of(key)
    return names


def start_run(view: ProteinView) -> None:
    """Queue the run of a view."""
    try:
        submit(page().request(view))
    except AlloScopeError as error:  # a sequence that is no longer kept
        page().tell(str(error))


def discard_run(key: str) -> None:
    """Delete a run that cannot be read and start it anew."""
    try:
        delete_run(key)
    except AlloScopeError as error:
        page().tell(str(error))
        return
    start_run(page().view)


def current_job(view: ProteinView) -> Job | None:
    """The last job of this session for what a view shows."""
    return job_of(page().request(view))


def starts_unasked(request: Request) -> bool:
    """Whether a pass starts by itself: of the default model, once for each sequence of a length that it knows.

    Its weights ship and it takes a second.
    """
    spec = get_spec(request.model)
    return spec.id == DEFAULT_MODEL and len(request.protein) + 2 <= spec.trained_tokens and job_of(request) is None


def runs_unasked(view: ProteinView, kept: bool) -> bool:
    """Whether the run of a view starts by itself, as `starts_unasked` has it; ``kept``: whether it is there."""
    return not kept and starts_unasked(page().request(view))


def run_unasked(view: ProteinView, kept: bool) -> None:
    """Start the run if it starts by itself."""
    if runs_unasked(view, kept):
        start_run(view)
