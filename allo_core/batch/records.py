"""Reading a FASTA file of thousands of records: a bad one is reported and the others go on."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from allo_core.errors import SequenceError
from allo_core.protein.sequence import Protein, parse_protein

__all__ = ["Record", "read_records"]

_GZIP = b"\x1f\x8b"  # RFC 1952, section 2.3.1
_PIECE = 1 << 16  # characters read at a time, so that a file without line breaks is no line of a gigabyte
_MOST_LETTERS = 1_000_000  # of one record that are kept; a hundred times what can be read
_QUOTED = 40


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
    for row, (header, body, letters) in enumerate(_parts(path), start=1):
        record = _record(row, header, body, letters)
        first = first_of.setdefault(record.name, row)
        notes = "" if first == row else f"Record {first} has the same name; the two are told apart by their numbers."
        yield Record(row, record.name, record.protein, record.error, notes)
    if not row:
        raise SequenceError(f"{path}: holds no sequence; give FASTA text.")


def _record(row: int, header: str, body: str, letters: int) -> Record:
    name = parse_protein(f"{header}\nA").name  # by the same rules, whatever the sequence is like; a header of one line is never refused
    if letters > _MOST_LETTERS:
        return Record(row, name, None, f"The record {name!r} has {letters:,} letters; give one domain of it.")
    try:
        return Record(row, name, parse_protein(f"{header}\n{body}"))
    except SequenceError as error:
        return Record(row, name, None, str(error))


def _parts(path: Path) -> Iterator[tuple[str, str, int]]:
    """Header line, letters (at most so many, without white space) and their number, of each record."""
    count = 0
    try:
        with path.open("rb") as file, _text(file) as text:
            for part in _split(text, path):
                count += 1
                yield part
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise SequenceError(f"{path}: the gzip file is damaged or cut short behind record {count}; get it again.") from None
    except OSError as error:
        raise SequenceError(f"{path}: cannot be read ({error.strerror or error}).") from None


def _text(file: BinaryIO) -> TextIO:
    packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    # Bytes that are no text become a letter that is no amino acid: one bad record is no reason to refuse the others.
    return io.TextIOWrapper(gzip.GzipFile(fileobj=file) if packed else file, encoding="utf-8-sig", errors="replace")


def _split(text: TextIO, path: Path) -> Iterator[tuple[str, str, int]]:
    header, body, letters = None, [], 0
    begins_line, in_header = True, False
    while piece := text.readline(_PIECE):
        if begins_line:
            in_header = piece.lstrip().startswith(">")
        if begins_line and in_header:
            if header is not None:
                yield header, "".join(body), letters
            header, body, letters = piece.strip(), [], 0
        elif not in_header and (part := "".join(piece.split())):
            if header is None:
                raise SequenceError(f"{path}: not a FASTA file; it begins with {part[:_QUOTED]!r} instead of a line '>name'.")
            letters += len(part)
            if letters <= _MOST_LETTERS:
                body.append(part)
        begins_line = piece.endswith("\n")
    if header is not None:
        yield header, "".join(body), letters
