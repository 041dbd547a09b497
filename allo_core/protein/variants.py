"""From text such as "W246A" to substitutions and the protein that has them."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from allo_core.errors import ResidueError
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.pasted import THREE_LETTER
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import AMINO_ACIDS, LETTERS, Protein

__all__ = ["Substitution", "Variant", "read_variant", "variant_of"]

# W246A, Trp246Ala, p.Trp246Ala (HGVS), 6x48A, W6.48A, W6.48x48A.
_WORD = re.compile(
    r"(?:p\.)?(?P<old>[A-Za-z]{3}|[A-Za-z])?(?P<place>\d{1,2}(?:\.\d{1,2})?[xX]\d{2,3}|\d{1,2}\.\d{1,2}|\d{1,6})(?P<new>[A-Za-z]{3}|[A-Za-z])"
)
_SHOWN = 40  # letters of a word that is no substitution
_MOST_NAMED = 4  # substitutions in the name of a variant


class Substitution(NamedTuple):
    """One residue replaced by another.

    Parameters
    ----------
    index : int
        0-based, in the wild type.
    old, new : str
        One letter each; ``new`` is one of the twenty where it was typed.
    """

    index: int
    old: str
    new: str

    def label(self, protein: Protein) -> str:
        """With the UniProt number of the wild type, as in ``W246A``."""
        return f"{self.old}{protein.number(self.index)}{self.new}"


class Variant(NamedTuple):
    """A protein with some residues replaced, and which: ascending, at least one."""

    protein: Protein
    substitutions: tuple[Substitution, ...]


def read_variant(text: str, protein: Protein, numbers: ResidueNumbers | None = None) -> Variant:
    """Read substitutions such as ``"W246A"``, ``"W246A R102A"``, ``"Trp246Ala, D52N"``, ``"6x48A"`` or ``"W6.48A"``.

    Parameters
    ----------
    text : str
        Separated by white space, commas, semicolons, slashes or plus signs; numbers are UniProt numbers (``protein.first`` is the first
        residue's).  The letter of the wild type may be left out before a generic number alone.
    protein : Protein
        The wild type.
    numbers : ResidueNumbers, optional
        Needed for generic numbers.

    Raises
    ------
    ResidueError
        In one sentence: no substitution, a letter that is not what stands there, or is none of the twenty, the same letter again, a
        position that does not exist, or is given twice.

    Examples
    --------
    >>> read_variant("W3A", Protein("short", "MKW")).protein
    Protein(name='short W3A', sequence='MKA', first=1)
    """
    words = [word for word in re.split(r"[\s,;/+]+", text.replace("×", "x").strip()) if word]
    if not words:
        raise ResidueError("No substitution is given; write W246A, or several: W246A R102A.")
    found: dict[int, tuple[Substitution, str]] = {}
    for word in words:
        one = _substitution(word, protein, numbers)
        if one.index in found:
            raise ResidueError(
                f"{found[one.index][1]} and {word} are both at residue {protein.number(one.index)} of {protein.name}; give one of them."
            )
        found[one.index] = one, word
    substitutions = tuple(one for _, (one, _) in sorted(found.items()))
    return Variant(variant_of(protein, substitutions), substitutions)


def variant_of(protein: Protein, substitutions: Iterable[Substitution]) -> Protein:
    """The protein with these residues replaced: same numbering, and a name as ``AA2AR W246A``."""
    letters, labels = list(protein.sequence), []
    for one in substitutions:
        letters[one.index] = one.new
        labels.append(one.label(protein))
    shown = labels[:_MOST_NAMED] + ([f"and {len(labels) - _MOST_NAMED} more"] if len(labels) > _MOST_NAMED else [])
    return Protein(" ".join([protein.name, *shown]), "".join(letters), protein.first)


def _substitution(word: str, protein: Protein, numbers: ResidueNumbers | None) -> Substitution:
    match = _WORD.fullmatch(word)
    if match is None:
        raise ResidueError(f"{word[:_SHOWN]!r} is not a substitution; write W246A, W6.48A or 6x48A.")
    place = match["place"]
    if match["old"] is None and place.isdigit():
        raise ResidueError(f"{word}: the letter of the wild type is missing; write it before the number, as in W246A.")
    old = None if match["old"] is None else _letter(word, match["old"], LETTERS)
    new = _letter(word, match["new"], AMINO_ACIDS)
    try:
        (index,) = parse_residues(place, protein, numbers)
    except ResidueError as error:
        raise ResidueError(f"{word}: {str(error).removeprefix(f'{place}: ')}") from None
    there, number = protein.sequence[index], protein.number(index)
    if old not in (None, there):
        raise ResidueError(
            f"{word}: residue {number} of {protein.name} is {there}, not {old}; check the number, or write {there}{number}{new}."
        )
    if new == there:
        raise ResidueError(f"{word}: residue {number} of {protein.name} is {there} already; give another letter.")
    return Substitution(index, there, new)


def _letter(word: str, letters: str, among: str) -> str:
    """One letter for a residue given by one or three; ResidueError unless it is among these."""
    upper = letters.upper()
    letter = THREE_LETTER.get(upper, "") if len(upper) == 3 else upper
    if not letter or letter not in among:
        raise ResidueError(f"{word}: {letters!r} is none of the twenty amino acids ({AMINO_ACIDS}).")
    return letter
