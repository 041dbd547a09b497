"""The view of the page Sequence as the parameters of its URL, and back."""

from collections.abc import Callable, Iterable, Mapping

from allo_core.attention.contacts import SEPARATIONS
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import MODELS
from allo_core.protein.residues import parse_residues
from allo_core.protein.variants import read_variant
from allo_core.readouts.layer_properties import PROPERTIES
from allo_core.readouts.state_changes import CHANGES
from allo_core.ui.protein.address import view_from_query, view_to_query
from allo_core.ui.protein.view import protein_of
from allo_core.ui.sequence.colourings import COLOURINGS
from allo_core.ui.sequence.view import BELOW, HOW, METHODS, OWN, SHARES, TABS, SequenceView
from allo_core.ui.shared import inputs
from allo_core.ui.shared.link import head_in_link, one_of, read_head, whole_number

__all__ = ["from_query", "to_query"]

# Fields whose text in a link is their value.
_AS_THEY_ARE = "tab how colouring separation shown_pairs below substitutions ortholog property state method change".split()


def to_query(view: SequenceView) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    query = view_to_query(view, _AS_THEY_ARE)
    if view.residue is not None:
        query["residue"] = protein_of(view).label(view.residue)
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    if view.span is not None:
        query["span"] = "-".join(map(str, view.span))
    return query


def from_query(query: Mapping[str, str]) -> tuple[SequenceView, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    return view_from_query(SequenceView, query, _READERS)


def _read_residue(text: str, view: SequenceView) -> int:
    protein = protein_of(view)
    found = parse_residues(text, protein, numbers_for(protein))
    if len(found) != 1:
        raise ValueError(f"{text[:20]!r} is not one residue.")
    return found[0]


def _read_substitutions(text: str, view: SequenceView) -> str:
    protein = protein_of(view)
    read_variant(text, protein, numbers_for(protein))
    return text


def _read_ortholog(text: str, view: SequenceView) -> str:
    inputs.kept_protein(text)
    return text


def _read_state(text: str, view: SequenceView) -> int:
    return whole_number(-1, MODELS[view.model].layers)(text, view)


def _read_span(text: str, view: SequenceView) -> tuple[int, int]:
    last, ends = MODELS[view.model].layers - 1, text.split("-")
    if len(ends) != 2:
        raise ValueError(f"{text[:20]!r} is no range of layers, such as 1-{last}.")
    low, high = (whole_number(0, last)(end, view) for end in ends)
    if low > high:
        raise ValueError(f"{text[:20]!r} ends before it begins.")
    return low, high


def _one_of_numbers(allowed: Iterable[int]) -> Callable[[str, object], int]:
    words = one_of([str(number) for number in allowed])
    return lambda text, view: int(words(text, view))


_READERS = {
    "tab": one_of(tuple(TABS)),
    "residue": _read_residue,
    "how": one_of(tuple(HOW)),
    "colouring": one_of(("", *COLOURINGS)),
    "separation": _one_of_numbers(SEPARATIONS),
    "shown_pairs": _one_of_numbers(SHARES),
    "below": one_of(tuple(BELOW)),
    "substitutions": _read_substitutions,
    "ortholog": _read_ortholog,
    "head": read_head,
    "property": one_of((*PROPERTIES, OWN)),
    "state": _read_state,
    "method": one_of(METHODS),
    "change": one_of(tuple(CHANGES)),
    "span": _read_span,
}
