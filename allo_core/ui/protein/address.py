"""What every page of one protein holds in its address: protein, marks, model, structure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from allo_core.errors import AlloScopeError
from allo_core.fetch import fetched_structure
from allo_core.library.nearest import numbers_for
from allo_core.models.devices import DEVICES, DTYPES
from allo_core.models.registry import MODELS
from allo_core.protein.residues import parse_residues
from allo_core.ui.protein.view import (
    FIRST_RECEPTOR,
    LONGEST_NAME,
    PANELS,
    SETS,
    ProteinView,
    folds_of,
    named_protein,
    offered_structures,
    opened,
    protein_of,
    set_name,
)
from allo_core.ui.shared import inputs
from allo_core.ui.shared.link import one_of, read_fields, residues_in_link
from allo_core.ui.shared.refs import ProteinRef, StructureRef

__all__ = ["PROTEIN_READERS", "read_structure", "view_from_query", "view_to_query"]

View = TypeVar("View", bound=ProteinView)

# Fields whose text in a link is their value.
_AS_THEY_ARE = "name_a name_b marking model chain device dtype panel".split()
_MOST_FOREIGN = 3  # notices of parameters that do not exist
_LONGEST_CHAIN = 8  # letters; mmCIF allows more, no entry uses them


def view_to_query(view: ProteinView, as_they_are: Sequence[str] = ()) -> dict[str, str]:
    """URL parameters of a view; what has its default value is left out.

    Parameters
    ----------
    as_they_are : sequence of str
        Fields of the page's own whose text in a link is their value.
    """
    plain = type(view)(view.protein)
    protein = protein_of(view)
    query = {"protein": view.protein, "sites": residues_in_link(protein, view.sites)}
    if view.sites_b:
        query["sites_b"] = residues_in_link(protein, view.sites_b)
    for name in (*_AS_THEY_ARE, *as_they_are):
        if getattr(view, name) != getattr(plain, name):
            query[name] = str(getattr(view, name))
    if view.pair is not None:
        query["pair"] = ".".join(str(protein.number(index)) for index in view.pair)
    query["structure"] = view.structure
    return query


def view_from_query(kind: type[View], query: Mapping[str, str], readers: Mapping[str, Callable]) -> tuple[View, list[str]]:
    """A view of this kind from URL parameters, and one sentence for each parameter that had to be ignored.

    Parameters
    ----------
    readers : mapping of str to callable(text, view)
        Of the page's own fields; they are read last, when the model is known.
    """
    start = opened(kind(FIRST_RECEPTOR), FIRST_RECEPTOR)
    if not query:
        return start, []
    notices: list[str] = []
    view, readers = start, {**PROTEIN_READERS, **readers}
    if "protein" in query:
        ref = ProteinRef.parse(query["protein"].strip())
        try:
            key = ref.id if ref.kind == "kept" else inputs.key_of(named_protein(ref.id))
            view = opened(kind(key), key)
        except AlloScopeError as error:
            return view, [f"The link's protein was ignored: {error}"]
    foreign = [name for name in query if name != "protein" and name not in readers]
    notices += [f"The link's {name[:40]!r} means nothing here." for name in foreign[:_MOST_FOREIGN]]
    if len(foreign) > _MOST_FOREIGN:
        notices.append(f"{len(foreign) - _MOST_FOREIGN} more parameters of the link mean nothing here.")
    view, ignored = read_fields(view, query, readers)
    return view, notices + ignored


def _read_sites(text: str, view: ProteinView) -> tuple[int, ...]:
    protein = protein_of(view)
    return parse_residues(text, protein, numbers_for(protein))


def _read_name(text: str, view: ProteinView) -> str:
    name = set_name(text)
    if name != text.strip():
        raise ValueError(f"{text[:40]!r} is not a name of at most {LONGEST_NAME} letters.")
    return name


def _read_pair(text: str, view: ProteinView) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,6})", text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a pair of residues, as in 52.280.")
    protein = protein_of(view)
    return protein.index(int(match[1])), protein.index(int(match[2]))


def read_structure(text: str, view: ProteinView) -> str:
    """A structure in a link, if it can be shown of the protein of a view; ValueError and errors of what is kept otherwise."""
    if text == "":
        return text
    if StructureRef.parse(text).kind == "upload":
        inputs.kept_structure(text)
        return text
    if text in offered_structures(view.protein) or text in folds_of(view.protein):
        return text
    if fetched_structure(text) is None:
        raise ValueError(f"{text[:20]!r} does not ship with the app and was not fetched on this machine; fetch it under Structure.")
    return text


def _read_chain(text: str, view: ProteinView) -> str:
    if len(text) > _LONGEST_CHAIN or not text.isprintable():
        raise ValueError(f"{text[:20]!r} is not the name of a chain.")
    return text


PROTEIN_READERS: dict[str, Callable] = {
    "model": one_of(tuple(MODELS)),
    "sites": _read_sites,
    "sites_b": _read_sites,
    "name_a": _read_name,
    "name_b": _read_name,
    "marking": one_of(SETS),
    "panel": one_of(tuple(PANELS)),
    "device": one_of(("auto", *DEVICES)),
    "dtype": one_of(DTYPES),
    "pair": _read_pair,
    "structure": read_structure,
    "chain": _read_chain,
}
