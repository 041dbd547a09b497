"""The view of the page Explore as the parameters of its URL, and back."""

import re
from collections.abc import Mapping

from allo_core.analysis.frozen_file import read_frozen
from allo_core.analysis.measures import MEASURES, WEIGHTINGS
from allo_core.attention.head_card import MOST_PAIRS
from allo_core.errors import AlloScopeError
from allo_core.fetch import fetched_structure
from allo_core.figures.head_scores import SCORES
from allo_core.library.nearest import numbers_for
from allo_core.library.receptors import find_receptor
from allo_core.models.devices import DEVICES, DTYPES
from allo_core.models.registry import MODELS
from allo_core.protein.residues import parse_residues
from allo_core.ui.explore.tracks import read_track
from allo_core.ui.explore.view import (
    COLOURS,
    LONGEST_NAME,
    PANELS,
    SCALES,
    SETS,
    View,
    offered_structures,
    protein_of,
    set_name,
    starting_view,
)
from allo_core.ui.shared import inputs
from allo_core.ui.shared.choices import DRAWS, NULLS, THRESHOLDS
from allo_core.ui.shared.link import head_in_link, one_of, read_fields, read_head, residues_in_link
from allo_core.ui.shared.refs import ProteinRef, StructureRef

__all__ = ["from_query", "to_query"]

# Fields whose text in a link is their value.
_AS_THEY_ARE = (
    "name_a name_b marking model measure weighting null draws score colouring scale pairs chain device dtype colours panel beside "
    "beside_structure frozen"
).split()
_MOST_FOREIGN = 3  # notices of parameters that do not exist
_LONGEST_CHAIN = 8  # letters; mmCIF allows more, no entry uses them


def to_query(view: View) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out."""
    plain = View(view.protein)
    protein = protein_of(view)
    query = {"protein": view.protein, "sites": residues_in_link(protein, view.sites)}
    if view.sites_b:
        query["sites_b"] = residues_in_link(protein, view.sites_b)
    for name in _AS_THEY_ARE:
        if getattr(view, name) != getattr(plain, name):
            query[name] = str(getattr(view, name))
    if view.threshold != plain.threshold:
        query["threshold"] = f"{view.threshold:g}"
    if view.head is not None:
        query["head"] = head_in_link(view.head)
    if view.pair is not None:
        query["pair"] = ".".join(str(protein.number(index)) for index in view.pair)
    query["structure"] = view.structure
    return query


def from_query(query: Mapping[str, str]) -> tuple[View, list[str]]:
    """A view from URL parameters, and one sentence for each parameter that had to be ignored."""
    if not query:
        return starting_view(), []
    notices: list[str] = []
    view = starting_view()
    if "protein" in query:
        ref = ProteinRef.parse(query["protein"].strip())
        try:
            key = ref.id if ref.kind == "kept" else inputs.key_of(protein_of(View(ref.id)))
            protein_of(View(key))
            view = starting_view(key)
        except AlloScopeError as error:
            return view, [f"The link's protein was ignored: {error}"]
    foreign = [name for name in query if name != "protein" and name not in _READERS]
    notices += [f"The link's {name[:40]!r} means nothing here." for name in foreign[:_MOST_FOREIGN]]
    if len(foreign) > _MOST_FOREIGN:
        notices.append(f"{len(foreign) - _MOST_FOREIGN} more parameters of the link mean nothing here.")
    view, ignored = read_fields(view, query, _READERS)
    return view, notices + ignored


def _read_sites(text: str, view: View) -> tuple[int, ...]:
    protein = protein_of(view)
    return parse_residues(text, protein, numbers_for(protein))


def _read_name(text: str, view: View) -> str:
    name = set_name(text)
    if name != text.strip():
        raise ValueError(f"{text[:40]!r} is not a name of at most {LONGEST_NAME} letters.")
    return name


def _read_threshold(text: str, view: View) -> float:
    try:
        value = round(float(text), 2)
    except ValueError:
        value = None
    if value not in THRESHOLDS:
        raise ValueError(f"{text[:20]!r} is not a threshold from 0 to 0.95.")
    return value


def _read_pair(text: str, view: View) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,6})", text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a pair of residues, as in 52.280.")
    protein = protein_of(view)
    return protein.index(int(match[1])), protein.index(int(match[2]))


def _whole_number(smallest: int, largest: int):
    def read(text: str, view: View) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not smallest <= int(text) <= largest:
            raise ValueError(f"{text[:20]!r} is not a whole number from {smallest} to {largest}.")
        return int(text)

    return read


def _read_draws(text: str, view: View) -> int:
    return int(one_of(tuple(str(count) for count in DRAWS))(text, view))


def _read_structure(text: str, view: View) -> str:
    if text == "":
        return text
    if StructureRef.parse(text).kind == "upload":
        inputs.kept_structure(text)
        return text
    if text in offered_structures(view.protein):
        return text
    if fetched_structure(text) is None:
        raise ValueError(f"{text[:20]!r} does not ship with the app and was not fetched on this machine; fetch it under Structure.")
    return text


def _read_beside(text: str, view: View) -> str:
    return view.protein if text == view.protein else find_receptor(text).entry


def _read_beside_structure(text: str, view: View) -> str:
    if not view.beside:
        raise ValueError(f"there is nothing beside the structure that {text[:20]!r} could be of.")
    return _read_structure(text, View(view.beside))


def _read_frozen(text: str, view: View) -> str:
    read_frozen(*inputs.kept_frozen(text))
    return text


def _read_chain(text: str, view: View) -> str:
    if len(text) > _LONGEST_CHAIN or not text.isprintable():
        raise ValueError(f"{text[:20]!r} is not the name of a chain.")
    return text


_READERS = {
    "model": one_of(tuple(MODELS)),
    "sites": _read_sites,
    "sites_b": _read_sites,
    "name_a": _read_name,
    "name_b": _read_name,
    "marking": one_of(SETS),
    "measure": one_of(tuple(MEASURES)),
    "weighting": one_of(tuple(WEIGHTINGS)),
    "threshold": _read_threshold,
    "null": one_of(NULLS),
    "draws": _read_draws,
    "score": one_of(tuple(SCORES)),
    "colouring": read_track,
    "scale": one_of(tuple(SCALES)),
    "colours": one_of(tuple(COLOURS)),
    "panel": one_of(tuple(PANELS)),
    "pairs": _whole_number(0, MOST_PAIRS),
    "device": one_of(("auto", *DEVICES)),
    "dtype": one_of(DTYPES),
    "head": read_head,
    "pair": _read_pair,
    "structure": _read_structure,
    "chain": _read_chain,
    "beside": _read_beside,
    "beside_structure": _read_beside_structure,
    "frozen": _read_frozen,
}
