"""Sequences without a FASTA header, as databases, tables and word processors show them."""

import re
from typing import NamedTuple

from allo_core.errors import SequenceError

__all__ = ["THREE_LETTER", "PastedSequence", "read_pasted"]

THREE_LETTER: dict[str, str] = dict(
    zip(
        "ALA CYS ASP GLU PHE GLY HIS ILE LYS LEU MET ASN PRO GLN ARG SER THR VAL TRP TYR SEC PYL ASX GLX XAA".split(),
        "ACDEFGHIKLMNPQRSTVWYUOBZX",
        strict=True,
    )
)
_FEWEST_CODES = 3  # of three letters; TYR alone may be T, Y and R
_STRUCTURE = re.compile(r"\s*(HEADER {4}|ATOM {2}|HETATM|REMARK {3}|data_\w|loop_|_\w+\.\w)")
# Where GenBank, EMBL and UniProt begin the sequence, and where it ends.
_ORIGIN = re.compile(r"(?m)^\s*(ORIGIN|SQ {3}.*|SQ)\s*$")
_END = re.compile(r"(?m)^\s*//")
_NAME_OF_ENTRY = re.compile(r"(?m)^(?:LOCUS|ID)\s+(\S+)")
# "61 pfaitistgf caachgclfi" and "pfaitistgf caachgclfi 120": a count at one end of every line.
_NUMBERED_LINE = re.compile(r"\s*(?:\d+\s+[A-Za-z*\s-]+|[A-Za-z*\s-]+\s+\d+)\s*")
_LONGEST_NAME = 24  # letters of a word that may be a name
_SHORTEST_SEQUENCE = 30  # letters behind it


class PastedSequence(NamedTuple):
    """Letters of a text without a header.

    Parameters
    ----------
    letters : str
        Without white space, as they were typed.
    name : str
        What the text calls it; "" where it says nothing.
    notes : tuple of str
        What was read otherwise than it stands there.
    """

    letters: str
    name: str = ""
    notes: tuple[str, ...] = ()


def read_pasted(text: str) -> PastedSequence:
    """The letters of one sequence.

    Raises
    ------
    SequenceError
        The text is a structure file, or begins with what looks like a name.
    """
    if _STRUCTURE.match(text):
        raise SequenceError("This is a structure file, not a sequence; give it as a structure, and its sequence here.")
    if origin := _ORIGIN.search(text):
        body = _END.split(text[origin.end() :], maxsplit=1)[0]
        name = match[1] if (match := _NAME_OF_ENTRY.search(text[: origin.start()])) else ""
        return PastedSequence(re.sub(r"[\d\s]", "", body), name, ("The sequence was taken from behind ORIGIN or SQ, without its numbers.",))
    lines = [line for line in _END.split(text, maxsplit=1)[0].splitlines() if line.strip()]
    if lines and all(_NUMBERED_LINE.fullmatch(line) for line in lines):
        return PastedSequence(re.sub(r"[\d\s]", "", "".join(lines)), "", ("The numbers at the ends of the lines were left out.",))
    codes = re.split(r"[\s,;-]+", text.strip())
    if len(codes) >= _FEWEST_CODES and all(code.upper() in THREE_LETTER for code in codes):
        letters = "".join(THREE_LETTER[code.upper()] for code in codes)
        return PastedSequence(letters, "", (f"{len(codes)} three-letter codes were read as residues.",))
    _refuse_name(text)
    return PastedSequence("".join(text.split()))


def _refuse_name(text: str) -> None:
    """SequenceError where the first word is written unlike what follows it: a name, whose letters would become residues."""
    first, *rest = text.split(maxsplit=1)
    following = "".join(rest[0].split()) if rest else ""
    if len(first) > _LONGEST_NAME or len(following) < _SHORTEST_SEQUENCE:
        return
    of_one_case = following.isupper() or following.islower()
    unlike = of_one_case and not (first.isupper() if following.isupper() else first.islower())
    in_a_column = text.lstrip()[len(first) : len(first) + 1] == "\t"
    if unlike or in_a_column:
        raise SequenceError(
            f"{first!r} looks like a name before the sequence; write it as a line '>{first}' above the sequence, or remove it."
        )
