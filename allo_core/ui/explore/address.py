"""The view of the page Explore as the parameters of its URL, and back."""

from collections.abc import Mapping

from allo_core.analysis.frozen_file import read_frozen
from allo_core.analysis.measures import MEASURES, WEIGHTINGS
from allo_core.attention.head_card import MOST_PAIRS
from allo_core.errors import AblationError
from allo_core.figures.head_scores import SCORES
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import get_spec
from allo_core.networks.centrality import MEASURES as CENTRALITIES
from allo_core.networks.points import RULES
from allo_core.readouts.removal import heads_text, parse_heads
from allo_core.ui.explore.tracks import read_track
from allo_core.ui.explore.view import COLOURS, EDGES, SCALES, View
from allo_core.ui.protein.address import read_structure, view_from_query, view_to_query
from allo_core.ui.shared import inputs
from allo_core.ui.shared.choices import DRAWS, NULLS, THRESHOLDS
from allo_core.ui.shared.link import head_in_link, one_of, read_head, whole_number

__all__ = ["from_query", "to_query"]

# Fields whose text in a link is their value.
_AS_THEY_ARE = (
    "measure weighting null draws score colouring scale pairs colours beside beside_structure frozen contacts centrality edges against "
    "removed"
).split()


def to_query(view: View) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    query = view_to_query(view, _AS_THEY_ARE)
    if view.threshold != View.threshold:
        query["threshold"] = f"{view.threshold:g}"
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    return query


def from_query(query: Mapping[str, str]) -> tuple[View, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    return view_from_query(View, query, _READERS)


def _read_threshold(text: str, view: View) -> float:
    try:
        value = round(float(text), 2)
    except ValueError:
        value = None
    if value not in THRESHOLDS:
        raise ValueError(f"{text[:20]!r} is not a threshold from 0 to 0.95.")
    return value


def _read_draws(text: str, view: View) -> int:
    return int(one_of(tuple(str(count) for count in DRAWS))(text, view))


def _read_beside(text: str, view: View) -> str:
    return view.protein if text == view.protein else find_receptor(text).entry


def _read_beside_structure(text: str, view: View) -> str:
    if not view.beside:
        raise ValueError(f"there is nothing beside the structure that {text[:20]!r} could be of.")
    return read_structure(text, View(view.beside))


def _read_against(text: str, view: View) -> str:
    return read_structure(text, View(view.protein))


def _read_removed(text: str, view: View) -> str:
    try:
        return heads_text(parse_heads(text, get_spec(view.model)))
    except AblationError as error:
        raise ValueError(str(error)) from None


def _read_frozen(text: str, view: View) -> str:
    read_frozen(*inputs.kept_frozen(text))
    return text


_READERS = {
    "measure": one_of(tuple(MEASURES)),
    "weighting": one_of(tuple(WEIGHTINGS)),
    "threshold": _read_threshold,
    "null": one_of(NULLS),
    "draws": _read_draws,
    "score": one_of(tuple(SCORES)),
    "colouring": read_track,
    "scale": one_of(tuple(SCALES)),
    "colours": one_of(tuple(COLOURS)),
    "pairs": whole_number(0, MOST_PAIRS),
    "head": read_head,
    "beside": _read_beside,
    "beside_structure": _read_beside_structure,
    "frozen": _read_frozen,
    "contacts": one_of(tuple(RULES)),
    "centrality": one_of(tuple(CENTRALITIES)),
    "edges": one_of(tuple(EDGES)),
    "against": _read_against,
    "removed": _read_removed,
}
