"""Everything that a person can choose on the page Receptors, and its form as a URL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.errors import AlloScopeError, ScoreError
from allo_core.family.members import ReceptorSet, library_set, positions_set
from allo_core.family.table import read_set
from allo_core.figures.head_scores import scores_of_sets
from allo_core.library.receptors import receptors
from allo_core.library.site_library import LibraryState, site_library_state
from allo_core.models.devices import DEVICES, DTYPES, DeviceChoice, Dtype
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.runs.column_reducer import KEPT_THRESHOLDS
from allo_core.ui.shared import inputs
from allo_core.ui.shared.link import head_in_link, one_of, read_fields, read_head

__all__ = ["EVIDENCE", "KINDS", "LIBRARY", "SetView", "asked_of", "classes", "from_query", "to_query"]

KINDS = {"positions": "Generic positions of a class", "library": "Sites of the library", "table": "A table of yours"}
LIBRARY = {"allosteric": "allosteric", "orthosteric": "orthosteric", "transducer": "G protein interface"}
EVIDENCE = {"": "any evidence", "ligand contacts": "ligand contacts", "neighbourhood": "neighbourhood"}
_MOST_TEXT = 2_000  # characters of positions in a link


@dataclass(frozen=True)
class SetView:
    """What is asked of which receptors, with which model, and what is looked at.

    Parameters
    ----------
    kind : str
        A key of KINDS; the fields of the other kinds are kept for when a person comes back to them.
    positions, receptor_class, required : str
        As `positions_set` takes them.
    library, evidence : str
        As `library_set` takes them.
    table : str
        Key of a kept table; empty: none was given.
    model : str
    threshold : float
        One of those that are kept.
    score : str
        A key of scores_of_sets().
    head : (layer, head), optional
        None until a person chooses; the page then shows the best one.
    device, dtype : str
        As `load_model` takes them.
    """

    kind: str = "positions"
    positions: str = "sodium pocket"
    receptor_class: str = "A"
    required: str = ""
    library: str = "allosteric"
    evidence: str = ""
    table: str = ""
    model: str = DEFAULT_MODEL
    threshold: float = DEFAULT_THRESHOLD
    score: str = "snr"
    head: tuple[int, int] | None = None
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"


def asked_of(view: SetView) -> ReceptorSet:
    """The set of a view; AlloScopeError where the question cannot be asked."""
    if view.kind == "positions":
        return _positions(view.positions, view.receptor_class, view.required)
    if view.kind == "library":
        return library_set(view.library, view.evidence)
    if not view.table:
        raise ScoreError("Upload a table: CSV with the columns receptor (or sequence) and residues.")
    return _table(view.table, site_library_state())


@lru_cache(maxsize=16)
def _positions(text: str, receptor_class: str, required: str) -> ReceptorSet:
    return positions_set(text, receptor_class, required)


@lru_cache(maxsize=4)
def _table(key: str, sites: LibraryState) -> ReceptorSet:
    text, name = inputs.kept_table(key)
    return read_set(text, f"residues of {name}")


def classes() -> list[str]:
    """Classes of receptors of which some have generic numbers."""
    return sorted({receptor.receptor_class for receptor in receptors().values() if receptor.numbers is not None})


def to_query(view: SetView) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    usual = SetView()
    names = {"positions": ("positions", "receptor_class", "required"), "library": ("library", "evidence"), "table": ("table",)}
    query = {}
    for name in ("kind", *names[view.kind], "model", "score", "device", "dtype"):
        if getattr(view, name) != getattr(usual, name):
            query[name] = getattr(view, name)
    if view.threshold != usual.threshold:
        query["threshold"] = f"{view.threshold:g}"
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    return query


def from_query(query: Mapping[str, str]) -> tuple[SetView, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    foreign = [f"The link's {name[:40]!r} means nothing here." for name in query if name not in _READERS]
    view, ignored = read_fields(SetView(), query, _READERS)
    notices = [*foreign, *ignored]
    if view.kind == "positions":
        try:
            asked_of(view)
        except AlloScopeError as error:
            notices.append(f"The link's question was ignored: {error}")
            view = replace(view, positions=SetView.positions, receptor_class=SetView.receptor_class, required="")
    return view, notices[:6]


def _short(text: str, view: SetView) -> str:
    if len(text) > _MOST_TEXT:
        raise ValueError(f"{len(text):,} characters are too long.")
    return text


def _read_table(text: str, view: SetView) -> str:
    inputs.kept_table(text)
    return text


def _read_threshold(text: str, view: SetView) -> float:
    try:
        value = float(text)
    except ValueError:
        value = None
    if value not in KEPT_THRESHOLDS:
        raise ValueError(f"{text[:20]!r} is not one of {', '.join(f'{each:g}' for each in KEPT_THRESHOLDS)}.")
    return value


_READERS = {
    "kind": one_of(KINDS),
    "positions": _short,
    "receptor_class": lambda text, view: one_of(classes())(text, view),
    "required": _short,
    "library": one_of(LIBRARY),
    "evidence": one_of(EVIDENCE),
    "table": _read_table,
    "model": one_of(MODELS),
    "device": one_of(("auto", *DEVICES)),
    "dtype": one_of(DTYPES),
    "threshold": _read_threshold,
    "score": one_of(scores_of_sets()),
    "head": read_head,
}
