"""The first model of a PDB file, however a program tells one from the next; and residue numbers that no format knows."""

import re
from collections.abc import Sequence

import numpy as np

__all__ = ["COORDINATE_RECORDS", "first_model", "with_readable_numbers"]

COORDINATE_RECORDS = ("ATOM  ", "HETATM")
_NUMBER = slice(22, 26)
_NAME, _COMPONENT, _CHAIN, _KEY = slice(12, 16), slice(17, 20), slice(21, 22), slice(12, 27)
# Numbers as the format has them, and hybrid-36 ("A000" follows 9999).
_READABLE = re.compile(r" *-?[0-9]+ *|[A-Z][0-9A-Z]{3}|[a-z][0-9a-z]{3}")
_NUMBERS = 10_000  # that four columns can hold
# Two chains cannot have their middles this close, however they are entwined; two frames of a simulation have.
_SAME_PLACE = 8.0  # Å


def first_model(lines: Sequence[str], shown: str) -> tuple[list[str], int, tuple[str, ...]]:
    """The ATOM and HETATM lines of the first model, how many models there are, and a note where there are several.

    A model ends at ENDMDL, at the next MODEL, or at an END that more atoms follow (VMD); frames that follow each other without any mark
    (MDTraj) are told by the same atoms in the same order at the same place.

    Parameters
    ----------
    lines : sequence of str
        Of the whole file.
    shown : str
        Name of the file, for the note.
    """
    models: list[list[str]] = [[]]
    for line in lines:
        if line.startswith(COORDINATE_RECORDS):
            models[-1].append(line)
        elif line.startswith(("MODEL ", "ENDMDL")) or line.rstrip() == "END":
            models.append([])
    models = [model for model in models if model]
    if len(models) > 1:
        return models[0], len(models), (f"{shown} has {len(models)} models; the first one is used.",)
    atoms = models[0] if models else []
    size = _frame_size(atoms)
    if size == len(atoms):
        return atoms, 1, ()
    count = len(atoms) // size
    return atoms[:size], count, (f"{shown} holds the same atoms {count} times, as the frames of a simulation; the first one is used.",)


def _frame_size(atoms: list[str]) -> int:
    """How many atoms a frame has; all of them where they do not repeat."""
    keys = [line[_KEY] for line in atoms]
    size = next((at for at in range(1, len(keys)) if keys[at] == keys[0]), len(keys))
    if size < 2 or len(keys) % size or any(keys[at] != keys[at % size] for at in range(size, len(keys))):
        return len(keys)
    middles = [_middle(atoms[start : start + size]) for start in range(0, len(atoms), size)]
    if any(middle is None for middle in middles):
        return len(keys)
    apart = np.linalg.norm(np.array(middles) - middles[0], axis=1)
    return size if (apart < _SAME_PLACE).all() else len(keys)


def _middle(atoms: list[str]) -> np.ndarray | None:
    try:
        middle = np.array([[float(line[start : start + 8]) for start in (30, 38, 46)] for line in atoms]).mean(axis=0)
    except ValueError:
        return None
    return middle if np.isfinite(middle).all() else None


def with_readable_numbers(atoms: list[str], shown: str) -> tuple[list[str], tuple[str, ...]]:
    """The same lines, with a count in place of residue numbers beyond 9999 that a program wrote in hexadecimal or as stars.

    Parameters
    ----------
    atoms : list of str
        ATOM and HETATM lines.
    shown : str
        Name of the file, for the note.
    """
    unreadable = {number for number in {line[_NUMBER] for line in atoms} if not _READABLE.fullmatch(number)}
    if not unreadable:
        return atoms, ()
    written, example, before, seen, count = [], "", None, set(), 0
    for line in atoms:
        field, name = line[_NUMBER], line[_NAME]
        if field not in unreadable:
            written.append(line)
            continue
        residue = (field, line[_COMPONENT], line[_CHAIN])
        if residue != before or name in seen:
            before, seen, count = residue, set(), count + 1
        seen.add(name)
        example = example or field.strip() or "nothing"
        written.append(f"{line[:22]}{count % _NUMBERS:4d}{line[26:]}")
    residues = f"{count:,} residue{'s have' if count > 1 else ' has'}"
    return written, (f"{shown}: {residues} no number that can be read ({example!r}, say); they were counted anew.",)
