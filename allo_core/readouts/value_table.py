"""A person's own values of residues as a property: any column of a table with the columns receptor and residue."""

import numpy as np

from allo_core.errors import AlloScopeError, LayerError
from allo_core.library.receptors import find_receptor, receptors
from allo_core.protein.residues import parse_residues
from allo_core.readouts.layer_properties import LayerProperty
from allo_core.storage.spreadsheet import read_rows

__all__ = ["MOST_VALUES", "property_of_table", "value_columns"]

MOST_VALUES = 200_000
_RECEPTOR, _RESIDUES = ("receptor", "entry", "accession"), ("residue", "residues")
_MOST_CLASSES = 500


def value_columns(text: str) -> tuple[str, ...]:
    """The headings of a table under which values may stand: all but those of receptors and residues.

    Raises
    ------
    ScoreError, LayerError
        No table, or it lacks a column.
    """
    header, _ = read_rows(text, MOST_VALUES)
    places = _places(header)
    return tuple(name for at, name in enumerate(header) if name and at not in places)


def property_of_table(text: str, column: str = "") -> LayerProperty:
    """The values of a column as a property: numbers where all are, else classes.

    The header names a column ``receptor`` (entry name or accession of the library), a column ``residue`` (D52, 52, 2.50, 2x50;
    several then have the same value), and others.  Rows without a value are passed over.

    Parameters
    ----------
    text : str
        Comma, semicolon or tab separated.
    column : str
        Its heading; may be left out where there is one.

    Raises
    ------
    ScoreError
        No table, or more than 200,000 rows.
    LayerError
        A column is missing, a row cannot be read (it is named), a residue has two values, or no row has a value.
    """
    header, rows = read_rows(text, MOST_VALUES)
    receptor_at, residue_at = _places(header)
    value_at = _value_place(header, value_columns(text), column)
    cells = []
    for number, row in rows:
        padded = [cell.strip() for cell in [*row, *[""] * len(header)]]
        if padded[value_at]:
            cells.append((number, padded[receptor_at], padded[residue_at], padded[value_at]))
    if not cells:
        raise LayerError(f"No row of the table has a value in the column {header[value_at][:40]!r}.")
    numbers = [_number(value) for *_, value in cells]
    numeric = all(value is not None for value in numbers)
    labels: dict[str, np.ndarray] = {}
    for (row, receptor, residue, value), number in zip(cells, numbers, strict=True):
        try:
            entry = find_receptor(receptor).entry
            indices = parse_residues(residue, receptors()[entry].protein, receptors()[entry].numbers)
        except AlloScopeError as error:
            raise LayerError(f"Row {row} of the table: {error}") from error
        if not indices:
            raise LayerError(f"Row {row} of the table names no residue of {entry}.")
        own = labels.setdefault(entry, _empty(entry, numeric))
        given = number if numeric else value
        for index in indices:
            if own[index] not in ("", given) and not (numeric and np.isnan(own[index])):
                label = receptors()[entry].protein.label(index)
                raise LayerError(f"Row {row} of the table gives {label} of {entry} a second value, {value[:20]!r}; keep one of them.")
            own[index] = given
    if not numeric and len({value for *_, value in cells}) > _MOST_CLASSES:
        raise LayerError(
            f"The column {header[value_at][:40]!r} has more than {_MOST_CLASSES} different words; give numbers, or fewer classes."
        )
    plain = {entry: values if numeric else values.astype(str) for entry, values in labels.items()}
    return LayerProperty(header[value_at], "number" if numeric else "class", plain, tuple(sorted(labels)), every_residue=True)


def _places(header: list[str]) -> tuple[int, int]:
    """The columns of receptors and residues."""
    lower = [name.lower() for name in header]
    found = [[at for at, name in enumerate(lower) if name in names] for names in (_RECEPTOR, _RESIDUES)]
    if any(len(places) != 1 for places in found):
        raise LayerError("The table needs a header with one column receptor, one column residue, and the values.")
    return found[0][0], found[1][0]


def _value_place(header: list[str], columns: tuple[str, ...], column: str) -> int:
    wanted = column.strip() or (columns[0] if len(columns) == 1 else "")
    if wanted not in columns or header.count(wanted) != 1:
        raise LayerError(f"The table has no one column {column.strip()[:40]!r}; choose one of {', '.join(columns)[:200] or 'none'}.")
    return header.index(wanted)


def _number(text: str) -> float | None:
    """A finite number, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _empty(entry: str, numeric: bool) -> np.ndarray:
    length = len(receptors()[entry].protein)
    return np.full(length, np.nan) if numeric else np.full(length, "", dtype=object)
