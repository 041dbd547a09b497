"""What Explore remembers in this browser session, and the changes that widgets make to its View."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from allo_core.errors import AlloScopeError, ResidueError, StoreError
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.residues import format_residues, problems_in_words, read_residues
from allo_core.protein.sequence import Protein
from allo_core.runs.store import delete_run
from allo_core.runs.weighted import HeadMaps
from allo_core.ui.explore.address import from_query, to_query
from allo_core.ui.explore.marks import with_marks_of
from allo_core.ui.explore.view import View, protein_of, starting_view, toggled
from allo_core.ui.shared import inputs
from allo_core.ui.shared.fetching import Fetching
from allo_core.ui.shared.jobs import Job, Request, WeightedRequest
from allo_core.ui.shared.page_session import PageSession
from allo_core.ui.shared.refs import input_kind
from allo_core.ui.shared.structures import LoadedStructure, load_structure
from allo_core.ui.shared.worker import job_of, submit

__all__ = [
    "PLACES",
    "STRUCTURE_PLACES",
    "ExploreSession",
    "TakenSlide",
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
    "select_head",
    "set_residues_text",
    "settle",
    "start",
    "start_run",
    "toggle_residue",
    "undo",
    "use_domain",
]

_NAME = "explore"
_MOST_UNDONE = 50
# Where something can be given or asked for, and what is wrong with it is then said.
STRUCTURE_PLACES = ("structure", "structure_here")
PLACES = ("residues", "sequence", "frozen", *STRUCTURE_PLACES)
# Fields of the view whose change gives every head another score.
_RESCORING = frozenset({"sites", "sites_b", "marking", "name_a", "name_b", "measure", "weighting", "threshold", "null", "draws"})


@dataclass
class TakenSlide:
    """The slide that the browser has sent: its picture, or what went wrong, and the token of what it shows."""

    token: str = ""
    png: bytes | None = None
    problem: str = ""


@dataclass(eq=False)
class ExploreSession(PageSession[View]):
    """What Explore remembers.

    Parameters
    ----------
    inputs : list of str
        Keys of the sequences and structures that were given here or stood in the link.
    fetching : dict of str to Fetching
        What is being fetched for a place of the page.
    fetched : list of str
        Identifiers of the structures that were fetched here.
    shown_head : (layer, head), optional
        The head that the page showed last; None where it showed none.
    marks_before : list of View
        Views before each change of the marks, the latest last; what `undo` goes back to.
    carried : str
        What became of the marks when the protein changed; "" where nothing is to be said.
    invited : bool
        Whether the page was opened without a link, so that a newcomer may sit before it.
    example : int
        The step of the worked example that is reached; 0 where it is not followed.
    uploaders : int
        Part of the keys of all uploaders: another number empties them.
    predicted_marks : (str, tuple of int)
        Key of the protein and the residues that were marked because the site predictor ranks them highest.
    slides_again : int
        How often a person asked for the slide once more.
    slide_wanted : str
        Token of the slide that the browser was asked for.
    slide : TakenSlide
    """

    inputs: list[str] = field(default_factory=list)
    fetching: dict[str, Fetching] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    shown_head: tuple[int, int] | None = None
    marks_before: list[View] = field(default_factory=list)
    carried: str = ""
    invited: bool = False
    example: int = 0
    uploaders: int = 0
    predicted_marks: tuple[str, tuple[int, ...]] = ("", ())
    slides_again: int = 0
    slide_wanted: str = ""
    slide: TakenSlide = field(default_factory=TakenSlide)

    def begin(self) -> None:
        self.invited = not st.query_params.to_dict()
        self.inputs = [key for key in (self.view.protein, self.view.structure) if input_kind(key) is not None]

    def change(self, **fields) -> None:
        """Replace fields of the view; what changes the scores alone never changes which head is shown."""
        if self.view.head is None and self.shown_head is not None and "head" not in fields and fields.keys() <= _RESCORING:
            fields["head"] = self.shown_head
        super().change(**fields)


def start() -> ExploreSession:
    """Begin a session: on first opening the view is read from the URL."""
    return ExploreSession.start(_NAME, from_query, to_query)


def page() -> ExploreSession:
    """What Explore remembers; there is something once `start` was called."""
    return st.session_state[_NAME]


def settle() -> tuple[View, Protein]:
    """The view and its protein, after what is no longer kept on this machine was replaced in the view, with a notice."""
    explore = page()
    try:
        protein = protein_of(explore.view)
    except AlloScopeError as error:
        explore.tell(str(error))
        explore.view = starting_view()
        return explore.view, protein_of(explore.view)
    ref = explore.view.structure_ref
    if ref is not None and ref.kind == "upload" and ref.id not in remembered("structure"):
        explore.tell("The uploaded structure is no longer kept on this machine; upload it again.")
        explore.change(structure="", chain="", pair=None)
    return explore.view, protein


def loaded_structure(view: View, protein: Protein) -> tuple[LoadedStructure | None, str]:
    """The structure of a view, and why it cannot be shown ("" where nothing is wrong)."""
    if not view.structure:
        return None, ""
    try:
        return load_structure(view.structure, protein, view.chain), ""
    except AlloScopeError as error:
        return None, str(error)


def open_protein(key: str) -> None:
    """Show another protein with its first structure; marks go along by generic number, the choices of model and scoring stay."""
    explore = page()
    try:
        explore.view, explore.carried = with_marks_of(explore.view, starting_view(key, explore.view))
    except AlloScopeError as error:  # a sequence that is no longer kept
        explore.tell(str(error))
        return
    explore.marks_before.clear()
    empty_uploaders()
    for place in PLACES:
        explore.problem(place)


def empty_uploaders() -> None:
    """Take away the files that uploaders still show: what was refused, or belongs to another protein."""
    page().uploaders += 1


def use_domain(domain: Protein) -> None:
    """Show a part of the protein, its UniProt numbers, marks and structure kept."""
    explore = page()
    view = explore.view

    def kept(indices: tuple[int, ...]) -> tuple[int, ...]:
        numbers = {protein_of(view).number(index) for index in indices}
        return tuple(index for index in range(len(domain)) if domain.number(index) in numbers)

    try:
        key = remember(inputs.key_of(domain))
        explore.change(protein=key, sites=kept(view.sites), sites_b=kept(view.sites_b), head=None, pair=None)
        explore.problem("residues")
    except AlloScopeError as error:
        explore.problem("sequence", error)


def marked() -> tuple[int, ...]:
    """The residues of the set that is being marked."""
    view = page().view
    return view.sets[view.marking]


def mark(residues: tuple[int, ...], name: str | None = None) -> None:
    """Make these residues (0-based indices) the whole of set ``name``, by default of the one that is being marked."""
    explore = page()
    view, name = explore.view, name or explore.view.marking
    if residues != view.sets[name]:
        explore.marks_before = [*explore.marks_before[1 - _MOST_UNDONE :], view]
        explore.carried = ""
    explore.change(marking=name, **{"sites" if name == "A" else "sites_b": residues})
    explore.problem("residues")


def undo() -> None:
    """Take back the last change of the marks."""
    explore = page()
    if explore.marks_before:
        before = explore.marks_before.pop()
        explore.change(marking=before.marking, sites=before.sites, sites_b=before.sites_b, name_a=before.name_a, name_b=before.name_b)
        explore.problem("residues")


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
    explore = page()
    return explore.written("residues", "residues", format_residues(protein_of(explore.view), marked()))


def toggle_residue(index: int) -> None:
    """Mark a residue, or unmark it."""
    mark(toggled(marked(), index))


def select_head(layer: int, head: int) -> None:
    """Select a head, if the model has it."""
    page().select_head(layer, head, get_spec(page().view.model), pair=None)


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


def request_of(view: View) -> Request:
    request = Request if view.weighting == "attention" else WeightedRequest
    return request(protein_of(view), view.model, view.device, view.dtype)


def start_run(view: View) -> None:
    """Queue the run of a view."""
    try:
        submit(request_of(view))
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


def current_job(view: View) -> Job | None:
    """The last job of this session for what the view shows."""
    return job_of(request_of(view))


def runs_unasked(view: View, maps: HeadMaps | None) -> bool:
    """Whether the run starts by itself: that of the default model, once for each sequence of a length that it knows.

    Its weights ship and it takes a second.
    """
    spec = get_spec(view.model)
    request = request_of(view)
    known = len(request.protein) + 2 <= spec.trained_tokens
    return maps is None and spec.id == DEFAULT_MODEL and known and job_of(request) is None


def run_unasked(view: View, maps: HeadMaps | None) -> None:
    """Start the run if it starts by itself."""
    if runs_unasked(view, maps):
        start_run(view)
