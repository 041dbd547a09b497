"""Reading a FASTA file of thousands of records: a bad one is reported and the others go on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from allo_core.errors import SequenceError
from allo_core.protein.fasta import FastaRecord, read_fasta, record_name
from allo_core.protein.sequence import Protein, protein_of_record
from allo_core.storage.packed import DAMAGED, text_in

__all__ = ["Record", "read_records"]

_MOST_LETTERS = 1_000_000  # of one record that are kept; a hundred times what can be read


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file.

    Parameters
    ----------
    row : int
        Its number in the file, from 1.
    name : str
        The header up to the first space; text from outside.
    protein : Protein or None
        None where it cannot be read.
    error : str
        Why it cannot be read; empty if it can.
    notes : str
        What to know of it, such as a name that another record has, too; empty if there is nothing.
    """

    row: int
    name: str
    protein: Protein | None
    error: str = ""
    notes: str = ""

    @property
    def sequence(self) -> str:
        """Its residues; empty where it cannot be read."""
        return "" if self.protein is None else self.protein.sequence


def read_records(path: Path) -> Iterator[Record]:
    """Read a FASTA file, plain or compressed with gzip, one record after the other.

    What `parse_protein` would say of a record is in ``error`` of that record.

    Raises
    ------
    SequenceError
        The file cannot be read, is not FASTA, holds no record, or is a damaged gzip.
    """
    first_of: dict[str, int] = {}
    row = 0
    for row, part in enumerate(_parts(path), start=1):
        record = _record(row, record_name(part.header), part.letters, part.n_letters)
        first = first_of.setdefault(record.name, row)
        notes = "" if first == row else f"Record {first} has the same name; the two are told apart by their numbers."
        yield Record(row, record.name, record.protein, record.error, notes)
    if not row:
        raise SequenceError(f"{path}: holds no sequence; give FASTA text.")


def _record(row: int, name: str, letters: str, count: int) -> Record:
    if count > _MOST_LETTERS:
        return Record(row, name, None, f"The record {name!r} has {count:,} letters; give one domain of it.")
    try:
        return Record(row, name, protein_of_record(name, letters))
    except SequenceError as error:
        return Record(row, name, None, str(error))


def _parts(path: Path) -> Iterator[FastaRecord]:
    count = 0
    try:
        with path.open("rb") as file, text_in(file) as text:
            for part in read_fasta(text, _MOST_LETTERS):
                count += 1
                yield part
    except SequenceError as error:
        raise SequenceError(f"{path}: {error}") from None
    except DAMAGED:
        raise SequenceError(f"{path}: the gzip file is damaged or cut short behind record {count}; get it again.") from None
    except OSError as error:
        raise SequenceError(f"{path}: cannot be read ({error.strerror or error}).") from None
