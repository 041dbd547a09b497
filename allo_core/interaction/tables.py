"""A person's own pairs: a table of sequences and one of pairs; rows that cannot be used are named, and the others go on."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.errors import PairError, ScoreError, SequenceError
from allo_core.interaction.pairs import PairSet
from allo_core.protein.fasta import read_fasta, record_name
from allo_core.protein.sequence import Protein, protein_of_record
from allo_core.storage.spreadsheet import read_rows, table_text
from allo_core.storage.workbook import is_workbook, read_workbook

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["MOST_PAIRS", "MOST_SEQUENCES", "Complaint", "PairTable", "read_pair_table", "read_sequences"]

MOST_SEQUENCES, MOST_PAIRS = 50_000, 500_000
Which = Literal["sequences", "pairs"]

# Headings in lower case, those of the published tables among them.
_NAME, _SEQUENCE = ("name", "entry", "protein", "id", "accession"), ("sequence",)
_FIRST, _SECOND = ("proteina", "protein1", "protein_a", "protein a", "a"), ("proteinb", "protein2", "protein_b", "protein b", "b")
_LABEL = ("label", "interacts")
_LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
_SHOWN = 40  # letters of what a cell holds
_MOST_LISTED = 200  # letters of all headings


@dataclass(frozen=True)
class Complaint:
    """A row that is not used.

    Parameters
    ----------
    table : {"sequences", "pairs"}
    row : int
        As the file's program counts it: the header is row 1, blank rows count; of FASTA the number of the record.
    sentence : str
        What is wrong with it; text from outside, so escape it before it goes into HTML.
    """

    table: Which
    row: int
    sentence: str


@dataclass(frozen=True, eq=False)
class PairTable:
    """The pairs of a person's tables that can be used.

    Parameters
    ----------
    pairs : PairSet
        Only proteins that are in a pair; labels are 0 where the table has none.
    labelled : bool
        Whether the table has a column of labels.
    rows : ndarray of int, shape=(pairs,)
        The row of each pair in its table.
    complaints : tuple of Complaint
        Of both tables, in the order of their rows.
    """

    pairs: PairSet
    labelled: bool
    rows: Integer[np.ndarray, " pairs"] = field(repr=False)
    complaints: tuple[Complaint, ...]


class _Row(NamedTuple):
    """A row of pairs that can be used."""

    number: int
    first: str
    second: str
    label: int


def read_sequences(content: bytes, name: str = "the table of sequences") -> tuple[dict[str, Protein], tuple[Complaint, ...]]:
    """Proteins by name, from a table with the columns name (or entry, protein, id, accession) and sequence, or from FASTA.

    Names are taken as they stand, but for white space at their ends: P1 is not p1 and not P12.

    Parameters
    ----------
    content : bytes
        CSV, semicolon or tab separated text (UTF-8), an Excel workbook (.xlsx), or FASTA.
    name : str
        What to call the file in an error.

    Returns
    -------
    proteins : dict of str to Protein
        The first row of a name counts.
    complaints : tuple of Complaint
        No name, no sequence or one that is none, a name twice.

    Raises
    ------
    PairError
        Columns missing or there twice, or no protein that can be used.
    ScoreError, StoreError, ExtraError
        No table, or one of more than 50,000 rows; no UTF-8; an Excel workbook without openpyxl.
    """
    found: dict[str, Protein] = {}
    complaints: list[Complaint] = []
    for row, own, letters in _records(content, name):
        try:
            if not own:
                raise PairError("it has no name")
            protein = protein_of_record(own, "".join(letters.split()))
            if own in found:
                same = found[own].sequence == protein.sequence
                raise PairError(
                    f"{_quoted(own)} is there already" + ("" if same else " with another sequence; give each name one sequence")
                )
            found[own] = protein
        except (PairError, SequenceError) as error:
            complaints.append(Complaint("sequences", row, str(error)))
    if not found:
        first = f": row {complaints[0].row}: {complaints[0].sentence}" if complaints else "; it has no row below its header."
        raise PairError(f"No row of {name} can be used{first}")
    return found, tuple(complaints)


def read_pair_table(sequences: bytes, pairs: bytes, names: tuple[str, str] = ("the table of sequences", "the table of pairs")) -> PairTable:
    """Pairs of proteins, from a table of sequences and one of pairs, which may have labels.

    The table of pairs names two columns of proteins (A and B, ProteinA and ProteinB, or Protein1 and Protein2) and may have a
    column of labels (label, or interacts): 1 for a pair that interacts, 0 for one that does not.  Other columns are passed over.

    Parameters
    ----------
    sequences : bytes
        As in `read_sequences`.
    pairs : bytes
        CSV, semicolon or tab separated text (UTF-8), or an Excel workbook (.xlsx).
    names : (str, str)
        What to call the files in an error.

    Returns
    -------
    PairTable
        Without rows that name an unknown protein, pair a protein with itself, have another label than 0 and 1, or repeat a pair, also with
        its proteins exchanged; of a pair with both labels no row is used.

    Raises
    ------
    PairError
        Columns missing or there twice, or no pair that can be used.
    ScoreError, StoreError, ExtraError
        As in `read_sequences`, with at most 500,000 rows.
    """
    proteins, complaints = read_sequences(sequences, names[0])
    header, table = _cells(pairs, names[1], MOST_PAIRS)
    at = [_column(header, _FIRST, names[1]), _column(header, _SECOND, names[1])]
    label_at = next(iter(_columns(header, _LABEL, names[1])), None)
    kept: dict[frozenset[str], _Row] = {}
    contradicted: set[frozenset[str]] = set()
    refused: list[Complaint] = []
    for row, cells in table:
        try:
            first, second, label = _pair(cells, at, label_at, proteins, names[0])
            key = frozenset((first, second))
            if key in kept:
                raise PairError(_repeated(kept[key], label, contradicted, key))
            kept[key] = _Row(row, first, second, label)
        except PairError as error:
            refused.append(Complaint("pairs", row, str(error)))
    for key in contradicted:
        refused.append(Complaint("pairs", kept.pop(key).number, "the pair is there with both labels; keep the right one"))
    refused.sort(key=lambda complaint: complaint.row)
    if not kept:
        reason = f": row {refused[0].row}: {refused[0].sentence}" if refused else "; it has no row below its header."
        raise PairError(f"No row of {names[1]} can be used{reason}")
    return _table(list(kept.values()), proteins, label_at is not None, (*complaints, *refused))


def _pair(cells: Sequence[str], at: Sequence[int], label_at: int | None, proteins: dict[str, Protein], where: str) -> tuple[str, str, int]:
    """Both names and the label of a row; PairError says what is wrong with it."""
    first, second = (_at(cells, place) for place in at)
    for own in (first, second):
        if not own:
            raise PairError("it names one protein only; give two")
        if own not in proteins:
            raise PairError(f"{_quoted(own)} has no sequence that can be used in {where}; names are compared letter by letter")
    if first == second:
        raise PairError(f"it pairs {_quoted(first)} with itself")
    if label_at is None:
        return first, second, 0
    if (label := _at(cells, label_at)) not in _LABELS:
        raise PairError(f"the label {_quoted(label)} is not 0 or 1" if label else "it has no label, 0 or 1")
    return first, second, _LABELS[label]


def _repeated(before: _Row, label: int, contradicted: set[frozenset[str]], key: frozenset[str]) -> str:
    """What is wrong with a second row of a pair; remembers where its label is another one."""
    if label != before.label:
        contradicted.add(key)
        return f"the pair is in row {before.number} with the other label; keep the right one"
    return f"it repeats the pair of row {before.number}"


def _table(kept: list[_Row], proteins: dict[str, Protein], labelled: bool, complaints: tuple[Complaint, ...]) -> PairTable:
    used = {name for row in kept for name in (row.first, row.second)}
    members = tuple(protein for name, protein in proteins.items() if name in used)
    place = {protein.name: index for index, protein in enumerate(members)}
    first, second = (
        np.array(places, dtype=np.int64) for places in zip(*((place[row.first], place[row.second]) for row in kept), strict=True)
    )
    labels, numbers = (np.array(values, dtype=np.int64) for values in zip(*((row.label, row.number) for row in kept), strict=True))
    return PairTable(PairSet(members, first, second, labels), labelled, numbers, complaints)


def _records(content: bytes, name: str) -> Iterator[tuple[int, str, str]]:
    """Row or record, name and letters of each sequence."""
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b">"):
        for number, record in enumerate(read_fasta(io.StringIO(table_text(content, name), newline=None)), start=1):
            yield number, record_name(record.header) if record.header else "", record.letters
        return
    header, table = _cells(content, name, MOST_SEQUENCES)
    name_at, sequence_at = _column(header, _NAME, name), _column(header, _SEQUENCE, name)
    for row, cells in table:
        yield row, _at(cells, name_at), _at(cells, sequence_at)


def _cells(content: bytes, name: str, most: int) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        return read_workbook(content, most) if is_workbook(content) else read_rows(table_text(content, name), most)
    except ScoreError as error:
        raise PairError(f"{name[:1].upper()}{name[1:]}: {error}") from error


def _columns(header: list[str], names: tuple[str, ...], where: str) -> list[int]:
    """Places of the columns with one of these headings; PairError if there are several."""
    found = [at for at, heading in enumerate(header) if heading.lower() in names]
    if len(found) > 1:
        raise PairError(f"The headings {_quoted(header[found[0]])} and {_quoted(header[found[1]])} of {where} name one thing; keep one.")
    return found


def _column(header: list[str], names: tuple[str, ...], where: str) -> int:
    """Place of the one column with one of these headings."""
    if not (found := _columns(header, names, where)):
        there = ", ".join(map(_quoted, filter(None, header)))[:_MOST_LISTED] or "none"
        raise PairError(f"{where[:1].upper()}{where[1:]} has no column {' or '.join(names)}; its headings are {there}.")
    return found[0]


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
