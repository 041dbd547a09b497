"""Naming residues: UniProt numbers, both generic numbering schemes, and the text in which people give them."""

import re
from collections.abc import Iterator

from allo_core.errors import ResidueError
from allo_core.protein.numbering import BALLESTEROS_NUMBER, GPCRDB_NUMBER, ResidueNumbers
from allo_core.protein.sequence import AMINO_ACIDS, LETTERS, Protein

__all__ = ["format_residues", "parse_residues", "residue_label"]

_THREE_LETTER_NAMES = "ALA CYS ASP GLU PHE GLY HIS ILE LYS LEU MET ASN PRO GLN ARG SER THR VAL TRP TYR".split()
_THREE_LETTER: dict[str, str] = dict(zip(_THREE_LETTER_NAMES, AMINO_ACIDS, strict=True))
_NAME = re.compile(r"(?P<letters>[A-Za-z]{3}|[A-Za-z])?(?P<number>\d{1,6})(?P<mutant>[A-Za-z])?")
_RANGE = re.compile(r"(?P<start>[A-Za-z]{0,3}\d{1,6})-(?P<stop>[A-Za-z]{0,3}\d{1,6})")
_BOTH = re.compile(r"(\d{1,2})\.(\d{1,2})[xX](\d{2,3})")  # GPCRdb's display form, 2.64x63


def residue_label(protein: Protein, index: int, numbers: ResidueNumbers | None = None) -> str:
    """``"I66 2.64 2x63"``, or ``"I66"`` where there are no generic numbers."""
    generic = numbers.label(index) if numbers is not None else ""
    return f"{protein.label(index)} {generic}".strip()


def format_residues(protein: Protein, indices) -> str:
    """The text that `parse_residues` reads back: ``"D52 S91 N280"``."""
    return " ".join(protein.label(index) for index in sorted(indices))


def parse_residues(text: str, protein: Protein, numbers: ResidueNumbers | None = None) -> tuple[int, ...]:
    """Read residues such as ``"D52, Ser91, 280"``, ``"52-55"``, ``"2x50"``, ``"2.50"`` or ``"2.64x63"``.

    Parameters
    ----------
    text : str
        Separated by white space, commas or semicolons; numbers are UniProt numbers (``protein.first`` is the first residue's).
    protein : Protein
    numbers : ResidueNumbers, optional
        Needed for generic numbers.

    Returns
    -------
    tuple of int
        0-based indices into ``protein.sequence``, ascending, each once.  Empty for empty text.

    Raises
    ------
    ResidueError
        Naming the value: a residue that does not exist, a letter that does not match, a generic number that the protein lacks.
    """
    found: set[int] = set()
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text)
    text = re.sub(r"(?<=\w)\s*-\s*(?=\w)", "-", text)
    for word in re.split(r"[\s,;]+", text.strip()):
        if word:
            found.update(_word(word, protein, numbers))
    return tuple(sorted(found))


def _word(word: str, protein: Protein, numbers: ResidueNumbers | None) -> Iterator[int]:
    if match := _BOTH.fullmatch(word):
        helix, counted, structural = match.groups()
        index = _generic(word, "ballesteros", f"{helix}.{counted}", numbers)
        if numbers is not None and numbers.gpcrdb[index] != f"{helix}x{structural}":
            raise ResidueError(
                f"{word}: residue {helix}.{counted} of {numbers.receptor} is {numbers.gpcrdb[index] or 'without a GPCRdb number'}."
            )
        yield index
    elif match := GPCRDB_NUMBER.fullmatch(word):
        yield _generic(word, "gpcrdb", f"{match[1]}x{match[2]}", numbers)
    elif match := BALLESTEROS_NUMBER.fullmatch(word):
        yield _generic(word, "ballesteros", f"{match[1]}.{int(match[2]):02d}", numbers)
    elif match := _RANGE.fullmatch(word):
        start, stop = _named(match["start"], protein), _named(match["stop"], protein)
        if stop < start:
            raise ResidueError(f"{word}: the range runs backwards; write {match['stop']}-{match['start']}.")
        yield from range(start, stop + 1)
    else:
        yield _named(word, protein)


def _named(word: str, protein: Protein) -> int:
    match = _NAME.fullmatch(word)
    if match is None:
        raise ResidueError(f"{word[:40]!r} is not a residue; write D52, 52, 52-55, 2.50 or 2x50.")
    if match["mutant"]:
        raise ResidueError(f"{word}: mutations are not read here; write the residue alone, {word[:-1]}.")
    number = int(match["number"])
    last = protein.first + len(protein) - 1
    if not protein.first <= number <= last:
        raise ResidueError(f"{word}: residue {number} does not exist; {protein.name} has residues {protein.first} to {last}.")
    index = protein.index(number)
    if match["letters"]:
        letters = match["letters"].upper()
        letter = _THREE_LETTER.get(str(letters)) if len(letters) == 3 else letters
        if letter is None or letter not in LETTERS:
            raise ResidueError(f"{word}: {match['letters']!r} is not an amino acid.")
        if letter != protein.sequence[index]:
            raise ResidueError(f"{word}: residue {number} is {protein.sequence[index]}.")
    return index


def _generic(word: str, scheme: str, number: str, numbers: ResidueNumbers | None) -> int:
    if numbers is None:
        raise ResidueError(f"{word}: this sequence has no generic numbers; use UniProt numbers.")
    names = getattr(numbers, scheme)
    if number not in names:
        raise ResidueError(f"{word}: {numbers.receptor} (class {numbers.receptor_class}) has no residue with this generic number.")
    return names.index(number)
