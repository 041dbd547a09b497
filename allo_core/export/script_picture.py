"""What a script for PyMOL or ChimeraX shows: checked names, numbers and comments, in the numbering of the structure's authors.

Both languages execute what they read (PyMOL runs Python), so nothing from outside is written but checked names, numbers and a title in
which every character that could end a comment is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.errors import ExportError
from allo_core.export.coloured import COLOURED_FILE
from allo_core.export.tables import printable
from allo_core.figures.colours import SET_COLOURS, hex_colours
from allo_core.structure.style import STYLE

if TYPE_CHECKING:
    from allo_core.structure.mapping import ResidueId

__all__ = ["LineKind", "ScriptPicture", "number", "radii", "script_picture", "set_comment"]

# What the lines between residues are: arcs of a head, the steps of a route, or the contacts of a network.
LineKind = Literal["strongest pairs", "path", "contacts"]

_ENTRY = re.compile(r"[0-9][A-Za-z0-9]{3}")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,150}_coloured\.cif")
_CHAIN = re.compile(r"[A-Za-z0-9]{1,4}")
_SET = re.compile(r"[A-Za-z0-9]{1,20}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_INSERTION = re.compile(r"[A-Za-z]?")  # a digit would read as part of the number
# A semicolon starts a command, a backslash joins lines, quotes and brackets are best not relied on.
_NOT_FOR_COMMENTS = re.compile(r"[^A-Za-z0-9 .,:()%+<>=/_-]")
_LONGEST_TITLE = 200


@dataclass(frozen=True)
class ScriptPicture:
    """What both scripts show: values and sets of the residues that the structure has."""

    file: str
    entry: str
    chain: str
    title: str
    values: dict[ResidueId, float]
    colours: dict[str, list[ResidueId]]
    sets: dict[str, tuple[list[ResidueId], str, int]]
    pairs: list[tuple[ResidueId, ResidueId, float]]
    lines: LineKind
    notes: tuple[str, ...]


def script_picture(entry, mapping, values, ceiling, scale, sets, title, floor, pairs, lines) -> ScriptPicture:
    """Everything that both scripts show, checked; parameters and errors as in `allo_core.export.scripts.pymol_script`."""
    code = entry if _ENTRY.fullmatch(entry) else ""
    if not code and not _FILE.fullmatch(entry):
        raise ExportError(f"{_shown(entry)} is neither a PDB code nor a file named like {COLOURED_FILE}; scripts load one of these.")
    if not _CHAIN.fullmatch(mapping.chain):
        raise ExportError(f"Chain {_shown(mapping.chain)} cannot be named in a script; rename it in the file to 1 to 4 letters or digits.")
    if not (np.isfinite(ceiling) and ceiling > floor):
        raise ExportError(f"A colour scale cannot end at {ceiling}; give a number above {floor:g}.")
    for colour in (*scale, *(colour for _, colour in sets.values())):
        if not _COLOUR.fullmatch(colour):
            raise ExportError(f"{_shown(colour)} is no colour; write it as {SET_COLOURS['A']}.")
    values = np.where(np.isfinite(values), values, np.nan)
    present = {index: _checked(residue) for index, residue in enumerate(mapping.residues) if residue is not None}
    grouped: dict[str, list] = {}
    for index, colour in enumerate(hex_colours(values, ceiling, scale, floor)):
        if index in present:
            grouped.setdefault(colour, []).append(present[index])
    absent = len(mapping.residues) - len(present)
    notes = (
        f"# AlloScope: {_comment(title)}",
        f"# {code or entry}, chain {mapping.chain}, residue numbers of the structure's authors",
        f"# {absent} of {len(mapping.residues)} residues of the sequence are not in the structure and are left out",
        f"# Colours from {number(floor)} to {number(ceiling)}",
    )
    with_value = {residue: float(values[index]) for index, residue in present.items() if np.isfinite(values[index])}
    drawn = [(present[query], present[key], float(weight)) for query, key, weight in pairs if query in present and key in present]
    if pairs:
        named = f"{len(pairs)} steps of the path" if lines == "path" else f"{len(pairs)} {lines}"
        notes += (f"# {len(drawn)} of {named}; the others have an end that the structure does not show",)
    return ScriptPicture(entry, code, mapping.chain, title, with_value, grouped, _checked_sets(sets, present), drawn, lines, notes)


def _checked(residue: ResidueId) -> ResidueId:
    if not _INSERTION.fullmatch(residue.insertion):
        raise ExportError(f"Residue {residue.number} has the insertion code {_shown(residue.insertion)}; scripts need a letter.")
    return residue


def _checked_sets(sets: Mapping[str, tuple[Sequence[int], str]], present: dict[int, ResidueId]) -> dict:
    """The residues of each set that the structure has, its colour, and how many it lacks."""
    checked = {}
    for name, (indices, colour) in sets.items():
        if not len(indices):
            continue
        if not _SET.fullmatch(name):
            raise ExportError(f"{_shown(name)} is no name of a set; use letters and digits.")
        residues = [present[index] for index in indices if index in present]
        checked[name] = (residues, colour, len(indices) - len(residues))
    return checked


def _shown(text: str) -> str:
    return repr(printable(text)[:40])


def _comment(text: str) -> str:
    return _NOT_FOR_COMMENTS.sub("?", text[:_LONGEST_TITLE])


def number(value: float) -> str:
    """With a decimal point, so that both programs read a number that is not whole."""
    return f"{value:#.6g}"


def set_comment(name: str, residues: list, missing: int) -> str:
    """What a script says of a set."""
    return f"# set {name}: {len(residues)} residues" + (f", {missing} more are not in the structure" if missing else "")


def radii(picture: ScriptPicture) -> list[float]:
    """Å, as thick as in the app's own view; contacts, of which there are hundreds, are as thin as the weakest pair."""
    weakest, strongest = STYLE.pair_radius
    if picture.lines == "contacts":
        return [weakest] * len(picture.pairs)
    heaviest = max((weight for *_, weight in picture.pairs), default=1.0) or 1.0
    return [weakest + (strongest - weakest) * weight / heaviest for *_, weight in picture.pairs]
