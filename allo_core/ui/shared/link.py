"""What links hold: how it is written, and how any page reads it.

Each reader takes a text and the view so far, and raises ValueError for what means nothing.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlencode

from allo_core.attention.head import Head
from allo_core.errors import AlloScopeError
from allo_core.models.registry import MODELS
from allo_core.protein.residues import format_residues
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["explore_link", "head_in_link", "one_of", "read_any_head", "read_fields", "read_head", "residues_in_link", "whole_number"]

View = TypeVar("View", bound="DataclassInstance")
Word = TypeVar("Word", bound=str)


class _HasModel(Protocol):
    """A view of any page."""

    @property
    def model(self) -> str: ...


def explore_link(protein_key: str, protein: Protein, sites: tuple[int, ...], choices: Mapping[str, str]) -> str:
    """Address of Explore with this protein and these residues marked.

    Parameters
    ----------
    protein_key : str
        Entry name of a library receptor, or the key of a kept sequence.
    protein : Protein
    sites : tuple of int
        0-based indices of the residues of set A.
    choices : mapping of str to str
        Other parameters of Explore's address, as its View names and writes them: model, threshold ("0.3"), head ("3.6").
        What is not there has Explore's default value; the structure is then the protein's first one.
    """
    return f"/?{urlencode({'protein': protein_key, 'sites': residues_in_link(protein, sites), **choices})}"


def residues_in_link(protein: Protein, indices: tuple[int, ...]) -> str:
    """Residues as a link holds them: ``"D52,S91"``."""
    return format_residues(protein, indices).replace(" ", ",")


def head_in_link(head: tuple[int, int]) -> str:
    """Layer and head as a link holds them, counted from 0: ``"3.6"``."""
    return Head(*head).text


def read_fields(view: View, query: Mapping[str, str], readers: Mapping[str, Callable]) -> tuple[View, list[str]]:
    """The view with what a link says, and one sentence for each parameter that means nothing.

    Parameters
    ----------
    view : dataclass
    query : mapping of str to str
        Other parameters than those of `readers` are left alone.
    readers : mapping of str to callable(text, view)
        Field -> its reader, in the order in which they are read: a head is checked against the model.
    """
    notices = []
    for name, read in readers.items():
        if name in query:
            try:
                view = replace(view, **{name: read(query[name], view)})
            except (AlloScopeError, ValueError) as error:
                notices.append(f"The link's {name} was ignored: {error}")
    return view, notices


def one_of(allowed: Collection[Word]) -> Callable[[str, object], Word]:
    """A reader of one of these words."""

    words = {str(word): word for word in allowed}

    def read(text: str, view: object) -> Word:
        if text not in words:
            raise ValueError(f"{text[:40]!r} is not one of {', '.join(word or 'any' for word in words)}.")
        return words[text]

    return read


def read_head(text: str, view: _HasModel) -> Head:
    """The head of ``"3.6"``, if the model of the view has it."""
    head = Head.parse(text)
    spec = MODELS[view.model]
    if head is None or head.layer >= spec.layers or head.head >= spec.heads:
        raise ValueError(f"{text[:20]!r} is not a head of {spec.label} ({spec.layers} layers x {spec.heads} heads, counted from 0).")
    return head


def read_any_head(text: str, view: object) -> Head:
    """The head of ``"3.6"``, where the model is not known yet."""
    head = Head.parse(text)
    if head is None:
        raise ValueError(f"{text[:20]!r} is not a head, as in 3.6.")
    return head


def whole_number(smallest: int, largest: int) -> Callable[[str, object], int]:
    """A reader of a whole number from ``smallest`` to ``largest``, which may be below 0."""

    def read(text: str, view: object) -> int:
        if not re.fullmatch(r"-?[0-9]{1,6}", text) or not smallest <= int(text) <= largest:
            raise ValueError(f"{text[:20]!r} is not a whole number from {smallest} to {largest}.")
        return int(text)

    return read
