"""The one reader of FASTA: what is pasted, a file of thousands of records, and the sequences for training."""

import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from allo_core.errors import SequenceError

__all__ = ["FastaRecord", "read_fasta", "record_name"]

_LONGEST_NAME = 80
_PIECE = 1 << 16  # characters read at a time, so that a file without line breaks is no line of a gigabyte
_QUOTED = 40
_PIR = re.compile(r"[A-Z][A-Z0-9];")  # what kind of molecule a PIR record is: P1 a whole protein, F1 a fragment


class FastaRecord(NamedTuple):
    """One record as it is written.

    Parameters
    ----------
    header : str
        What stands behind ``>``, without white space at its ends.
    letters : str
        Without white space, in upper or lower case; at most as many as asked for.
    n_letters : int
        How many there are in all.
    """

    header: str
    letters: str
    n_letters: int


def read_fasta(text: TextIO, most_letters: int | None = None) -> Iterator[FastaRecord]:
    """The records of a text, one after the other.

    Lines end where `text` ends them: a form feed or U+2028 within a header does not, and no part of a header becomes letters.  White space
    before ``>`` does not matter.  Of a PIR record (``>P1;name``) the second line is a description and a ``*`` at the end a full stop.

    Parameters
    ----------
    text : TextIO
    most_letters : int, optional
        Letters of one record that are kept; then no line is held whole either, and of a header only the first 65,536 characters are.

    Raises
    ------
    SequenceError
        The text begins with something else than a header.  The message is the rest of a sentence that begins with the file.
    """
    header, parts, count = None, [], 0
    begins_line, in_header, description = True, False, False
    while piece := text.readline(-1 if most_letters is None else _PIECE):
        if begins_line:
            in_header = piece.lstrip().startswith(">")
        if begins_line and in_header:
            if header is not None:
                yield _record(header, parts, count)
            header, parts, count = piece.strip()[1:].strip(), [], 0
            description = _PIR.match(header) is not None
        elif description and not in_header:
            description = not piece.endswith("\n")
        elif not in_header and (part := "".join(piece.split())):
            if header is None:
                raise SequenceError(f"not a FASTA file; it begins with {part[:_QUOTED]!r} instead of a line '>name'.")
            count += len(part)
            if most_letters is None or count <= most_letters:
                parts.append(part)
        begins_line = piece.endswith("\n")
    if header is not None:
        yield _record(header, parts, count)


def _record(header: str, parts: list[str], count: int) -> FastaRecord:
    letters = "".join(parts)
    if _PIR.match(header) and letters.endswith("*") and len(letters) == count:
        return FastaRecord(header[3:], letters[:-1], count - 1)
    return FastaRecord(header[3:] if _PIR.match(header) else header, letters, count)


def record_name(header: str) -> str:
    """The first word of a header, without what cannot be printed, at most 80 characters; "unnamed sequence" where nothing is left."""
    word = next(iter(header.split(maxsplit=1)), "")[:_LONGEST_NAME]
    return "".join(letter for letter in word if letter.isprintable()) or "unnamed sequence"
