"""The view of the page Pairs as the parameters of its URL, and back."""

from collections.abc import Mapping

from allo_core.interaction.coupling_table import families
from allo_core.interaction.cuts import REGIONS
from allo_core.ui.pairs.view import BY, TABS, PairsView
from allo_core.ui.protein.address import view_from_query, view_to_query
from allo_core.ui.shared.link import one_of, whole_number

__all__ = ["from_query", "to_query"]

_MOST_LAYERS = 48
_AS_THEY_ARE = ("tab", "partner", "by", "layer", "segment")


def to_query(view: PairsView) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    return view_to_query(view, _AS_THEY_ARE)


def from_query(query: Mapping[str, str]) -> tuple[PairsView, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    return view_from_query(PairsView, query, _READERS)


_READERS = {
    "tab": one_of(tuple(TABS)),
    "partner": one_of(tuple(family.name for family in families())),
    "by": one_of(tuple(BY)),
    "layer": whole_number(-1, _MOST_LAYERS),
    "segment": whole_number(0, len(REGIONS) - 1),
}
