"""Which residues of proteins are annotated: feature strings as UniProt and InterPro tables hold them, or a person's own table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError
from allo_core.storage.spreadsheet import read_rows

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool

__all__ = ["Annotations", "annotations_of_features", "annotations_of_intervals"]

_MOST_ROWS = 1_000_000
_UNIPROT = " [FT]"  # how UniProt ends the headings of such columns
_LONGEST_SHOWN = 40  # letters of what a file holds
_LONGEST_PROTEIN = 100_000  # residues; the longest known has 45,354


@dataclass(frozen=True, eq=False)
class Annotations:
    """Annotated residues of some proteins; what one type annotates twice counts once.

    Parameters
    ----------
    types : tuple of str
        "Domain", "Region" ...
    residues : mapping of str to ndarray, dtype=bool, shape=(types, L)
        By the name of the protein.
    """

    types: tuple[str, ...]
    residues: "Mapping[str, Bool[np.ndarray, 'types L']]" = field(repr=False)

    def __len__(self) -> int:
        return len(self.residues)

    def of(self, protein: str) -> "Bool[np.ndarray, 'types L']":
        """Those of one protein; PairError if it is not among them."""
        if protein not in self.residues:
            raise PairError(f"{protein[:_LONGEST_SHOWN]!r} is not among the {len(self)} proteins with annotations; add its row.")
        return self.residues[protein]


def annotations_of_features(text: str) -> Annotations:
    """A table with a row for each protein: Entry, Length, and a column for each type with strings of features.

    They are written ``Domain[12,200]: /note=...; Domain[...`` or, as UniProt gives them, ``DOMAIN 12..200; /note=...; DOMAIN ...``.  Both
    ends belong to an interval and are counted from 1: ``Motif[7,7]`` and ``MOTIF 7`` are one residue.  Other isoforms' are left out.

    Parameters
    ----------
    text : str
        Comma, semicolon or tab separated.

    Raises
    ------
    ScoreError
        No table.
    PairError
        A column is missing, or a row cannot be read (it is named).
    """
    header, rows = read_rows(text, _MOST_ROWS)
    lower = [name.lower() for name in header]
    name_at, length_at = (_column(lower, name) for name in ("entry", "length"))
    types = [(at, name.removesuffix(_UNIPROT)) for at, name in enumerate(header) if name and at not in (name_at, length_at)]
    if not types:
        raise PairError("The table of features has no column beside Entry and Length; add one for each type, as Domain.")
    found: dict[str, np.ndarray] = {}
    for number, row in rows:
        cells = [cell.strip() for cell in [*row, *[""] * len(header)]]
        name, length = cells[name_at], _length(cells[length_at], number)
        if not name or name in found:
            raise PairError(f"Row {number} of the features names {name[:_LONGEST_SHOWN]!r}, which is empty or there already.")
        found[name] = np.zeros((len(types), length), dtype=bool)
        for index, (at, kind) in enumerate(types):
            for first, last in _intervals(cells[at], kind, number):
                _mark(found[name][index], first, last, number)
    return Annotations(tuple(name for _, name in types), found)


def annotations_of_intervals(text: str, lengths: Mapping[str, int]) -> Annotations:
    """A person's own table with a row for each interval: protein, type, start, end (from 1, both included; no end is one residue).

    Parameters
    ----------
    text : str
        Comma, semicolon or tab separated.
    lengths : mapping of str to int
        Residues of every protein that may be named; those that no row names have no annotation.

    Raises
    ------
    ScoreError
        No table.
    PairError
        A column is missing, or a row names another protein or residues that it does not have.
    """
    header, rows = read_rows(text, _MOST_ROWS)
    lower = [name.lower() for name in header]
    places = [_column(lower, name) for name in ("protein", "type", "start", "end")]
    read = [(number, *([*row, *[""] * len(header)][at].strip() for at in places)) for number, row in rows]
    types = tuple(dict.fromkeys(kind for _, _, kind, _, _ in read))
    if not types:
        raise PairError("The table of intervals has no row; give one for each interval: protein, type, start, end.")
    found = {name: np.zeros((len(types), length), dtype=bool) for name, length in lengths.items()}
    for number, name, kind, start, end in read:
        if name not in found or not kind:
            raise PairError(f"Row {number} of the intervals: {name[:_LONGEST_SHOWN]!r} is no protein of these, or it has no type.")
        first = _whole(start, number)
        _mark(found[name][types.index(kind)], first, first if not end else _whole(end, number), number)
    return Annotations(types, found)


def _column(lower: list[str], name: str) -> int:
    if lower.count(name) != 1:
        there = ", ".join(lower)[:_LONGEST_SHOWN]
        raise PairError(f"The table needs one column {name!r} and has {lower.count(name)} (it begins: {there}).")
    return lower.index(name)


def _intervals(text: str, kind: str, number: int) -> list[tuple[int, int]]:
    """The intervals of a string; notes in it may hold anything, so only what begins a feature is read."""
    bracketed, plain = rf"{re.escape(kind)}\[(\d+),(\d+)\]", r"[A-Z_]+ (?:([\w-]+):)?[<?]?(\d+)(?:\.\.[>?]?(\d+))?(?=;|$)"
    found = [match.groups() for match in re.finditer(rf"(?:^|; ?)(?:{bracketed}|{plain})", text, re.ASCII)]
    if text and not found:
        raise PairError(f"Row {number} of the features: {text[:_LONGEST_SHOWN]!r} is no {kind}[12,200], and not UniProt's form.")
    intervals = []
    for first, last, isoform, start, end in found:
        if isoform is None:  # those of another isoform are of another sequence
            intervals.append((_whole(first or start, number), _whole(last or end or start, number)))
    return intervals


def _length(text: str, number: int) -> int:
    length = _whole(text, number)
    if not 1 <= length <= _LONGEST_PROTEIN:
        raise PairError(f"Row {number}: a protein of {length} residues cannot be; give 1 to {_LONGEST_PROTEIN:,}.")
    return length


def _whole(text: str, number: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise PairError(f"Row {number}: {text[:_LONGEST_SHOWN]!r} is no number of residues; write digits alone.")
    return int(text)


def _mark(residues: np.ndarray, first: int, last: int, number: int) -> None:
    if not 1 <= first <= last <= len(residues):
        raise PairError(f"Row {number}: residues {first} to {last} are not in a protein of {len(residues)} residues.")
    residues[first - 1 : last] = True
