"""Naming residues: UniProt numbers, both generic numbering schemes, and the text in which people give them."""

import re
from typing import NamedTuple

from allo_core.errors import ResidueError
from allo_core.protein.numbering import GPCRDB_NUMBER, ResidueNumbers
from allo_core.protein.pasted import THREE_LETTER
from allo_core.protein.sequence import LETTERS, Protein

__all__ = ["ReadResidues", "format_residues", "parse_residues", "problems_in_words", "read_residues", "residue_label"]

_NAME = re.compile(r"(?P<letters>[A-Za-z]{3}|[A-Za-z])?(?P<number>\d{1,6})(?P<mutant>[A-Za-z])?")
_RANGE = re.compile(r"(?P<start>[A-Za-z]{0,3}[\dxX.]+)-(?P<stop>[A-Za-z]{0,3}[\dxX.]+)")
_GENERIC = r"\d{1,2}(?:\.\d{1,2})?[xX]\d{2,3}|\d{1,2}\.\d{1,2}"
_CHECKED = re.compile(rf"(?P<letters>[A-Za-z]{{3}}|[A-Za-z])(?P<generic>{_GENERIC})")  # D2.50
_ANNOTATED = re.compile(rf"(?P<residue>[A-Za-z]{{0,3}}\d{{1,6}})(?:\^|\^?[({{\[])(?P<generic>{_GENERIC})[)}}\]]?")  # D52(2.50), D52^2.50
_SEGMENT = re.compile(r"(TM[1-7]|H8|[IE]CL[1-4]|[NC]-?TERM(INUS)?)", re.IGNORECASE)
# "2,50": a generic number with a decimal comma, or residues 2 and 50.
_DECIMAL_COMMA = re.compile(r"(?<![\w.,])(\d),(\d{2})(?![\w.])")
_MOST_PROBLEMS = 5  # that are said
_BOTH = re.compile(r"(\d{1,2})\.(\d{1,2})[xX](\d{2,3})")  # GPCRdb's display form, 2.64x63


def residue_label(protein: Protein, index: int, numbers: ResidueNumbers | None = None) -> str:
    """``"I66 2.64 2x63"``, or ``"I66"`` where there are no generic numbers."""
    generic = numbers.label(index) if numbers is not None else ""
    return f"{protein.label(index)} {generic}".strip()


def format_residues(protein: Protein, indices) -> str:
    """The text that `parse_residues` reads back: ``"D52 S91 N280"``."""
    return " ".join(protein.label(index) for index in sorted(indices))


class ReadResidues(NamedTuple):
    """What a text names.

    Parameters
    ----------
    indices : tuple of int
        0-based indices into the sequence, ascending, each once.
    problems : tuple of str
        One sentence for each word that names no residue.
    """

    indices: tuple[int, ...]
    problems: tuple[str, ...]


def parse_residues(text: str, protein: Protein, numbers: ResidueNumbers | None = None) -> tuple[int, ...]:
    """Read residues such as ``"D52, Ser91, 280"``, ``"52-55"``, ``"2x50"``, ``"D2.50"``, ``"7x45-7x50"`` or ``"TM3"``.

    Parameters
    ----------
    text : str
        Separated by white space, commas or semicolons; numbers are UniProt numbers (``protein.first`` is the first residue's).
    protein : Protein
    numbers : ResidueNumbers, optional
        Needed for generic numbers and segments.

    Returns
    -------
    tuple of int
        0-based indices into ``protein.sequence``, ascending, each once.  Empty for empty text.

    Raises
    ------
    ResidueError
        Naming each value that is none: a residue that does not exist, a letter that does not match, a generic number that it lacks.
    """
    read = read_residues(text, protein, numbers)
    if read.problems:
        raise ResidueError(problems_in_words(read.problems))
    return read.indices


def read_residues(text: str, protein: Protein, numbers: ResidueNumbers | None = None) -> ReadResidues:
    """Read what can be read of a text, and say what cannot; parameters as in `parse_residues`."""
    found: set[int] = set()
    problems: list[str] = []
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text).replace("×", "x")
    text = re.sub(r"(?<=\w)\s*-\s*(?=\w)", "-", text)
    for match in _DECIMAL_COMMA.finditer(text):
        helix, counted = match.groups()
        if numbers is not None and f"{helix}.{counted}" in numbers.ballesteros:
            problems.append(
                f"{match[0]}: the generic number {helix}.{counted}, or residues {helix} and {counted}? Write it with a point or a blank."
            )
            text = text.replace(match[0], " ", 1)
    for word in re.split(r"[\s,;]+", text.strip()):
        try:
            found.update(_word(word, protein, numbers) if word else ())
        except ResidueError as error:
            problems.append(str(error))
    return ReadResidues(tuple(sorted(found)), tuple(problems))


def problems_in_words(problems: tuple[str, ...]) -> str:
    """All problems as one text, the first few of them where there are many."""
    more = len(problems) - _MOST_PROBLEMS
    return " ".join(problems[:_MOST_PROBLEMS]) + (f" And {more} more." if more > 0 else "")


def _word(word: str, protein: Protein, numbers: ResidueNumbers | None) -> list[int]:
    if _SEGMENT.fullmatch(word):
        return _segment(word, numbers)
    if re.fullmatch(_GENERIC, word):
        return [_generic(word, word, numbers)]
    if match := _CHECKED.fullmatch(word):
        index = _generic(word, match["generic"], numbers)
        _check_letter(word, match["letters"], index, protein)
        return [index]
    if match := _ANNOTATED.fullmatch(word):
        index = _named(match["residue"], protein)
        if _generic(word, match["generic"], numbers) != index:
            raise ResidueError(f"{word}: {match['generic']} is not {match['residue']}.")
        return [index]
    if match := _RANGE.fullmatch(word):
        start, stop = (_word(match[end], protein, numbers)[0] for end in ("start", "stop"))
        if stop < start:
            raise ResidueError(f"{word}: the range runs backwards; write {match['stop']}-{match['start']}.")
        return list(range(start, stop + 1))
    return [_named(word, protein)]


def _segment(word: str, numbers: ResidueNumbers | None) -> list[int]:
    if numbers is None:
        raise ResidueError(f"{word}: this sequence has no generic numbers, so its segments are not known; use UniProt numbers.")
    name = word.upper()
    wanted = f"{name[0]}-term" if "TERM" in name else name
    inside = [index for index, segment in enumerate(numbers.segment) if segment == wanted]
    if not inside:
        raise ResidueError(f"{word}: {numbers.receptor} has no segment of this name.")
    return inside


def _named(word: str, protein: Protein) -> int:
    match = _NAME.fullmatch(word)
    if match is None:
        raise ResidueError(f"{word[:40]!r} is not a residue; write D52, 52, 52-55, 2.50, 2x50 or TM3.")
    if match["mutant"]:
        raise ResidueError(f"{word}: mutations are not read here; write the residue alone, {word[:-1]}.")
    number = int(match["number"])
    last = protein.first + len(protein) - 1
    if not protein.first <= number <= last:
        raise ResidueError(f"{word}: residue {number} does not exist; {protein.name} has residues {protein.first} to {last}.")
    index = protein.index(number)
    if match["letters"]:
        _check_letter(word, match["letters"], index, protein)
    return index


def _check_letter(word: str, letters: str, index: int, protein: Protein) -> None:
    """ResidueError unless the residue is of this amino acid, given by one letter or three."""
    upper = letters.upper()
    letter = THREE_LETTER.get(upper) if len(upper) == 3 else upper
    if letter is None or letter not in LETTERS:
        raise ResidueError(f"{word}: {letters!r} is not an amino acid.")
    if letter != protein.sequence[index]:
        raise ResidueError(f"{word}: residue {protein.number(index)} is {protein.sequence[index]}.")


def _generic(word: str, number: str, numbers: ResidueNumbers | None) -> int:
    """Index of the residue with a generic number of either scheme, or of both, as in 2.64x63."""
    if numbers is None:
        raise ResidueError(f"{word}: this sequence has no generic numbers; use UniProt numbers.")
    if match := _BOTH.fullmatch(number):
        helix, counted, structural = match.groups()
        index = _place(word, numbers.ballesteros, f"{helix}.{int(counted):02d}", numbers)
        if numbers.gpcrdb[index] != f"{helix}x{structural}":
            raise ResidueError(
                f"{word}: residue {helix}.{counted} of {numbers.receptor} is {numbers.gpcrdb[index] or 'without a GPCRdb number'}."
            )
        return index
    if match := GPCRDB_NUMBER.fullmatch(number):
        return _place(word, numbers.gpcrdb, f"{match[1]}x{match[2]}", numbers)
    helix, _, counted = number.partition(".")
    return _place(word, numbers.ballesteros, f"{helix}.{int(counted):02d}", numbers)


def _place(word: str, names: tuple[str, ...], number: str, numbers: ResidueNumbers) -> int:
    if number not in names:
        raise ResidueError(f"{word}: {numbers.receptor} (class {numbers.receptor_class}) has no residue with this generic number.")
    return names.index(number)
