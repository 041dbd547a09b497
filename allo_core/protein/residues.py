"""Naming residues: UniProt numbers, both generic numbering schemes, and the text in which people give them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from allo_core.errors import ResidueError
from allo_core.protein.sequence import AMINO_ACIDS, LETTERS, Protein

__all__ = ["ResidueNumbers", "ballesteros_weinstein", "format_residues", "parse_residues", "residue_label"]

_THREE_LETTER_NAMES = "ALA CYS ASP GLU PHE GLY HIS ILE LYS LEU MET ASN PRO GLN ARG SER THR VAL TRP TYR".split()
_THREE_LETTER = dict(zip(_THREE_LETTER_NAMES, AMINO_ACIDS, strict=True))
_NAME = re.compile(r"(?P<letters>[A-Za-z]{3}|[A-Za-z])?(?P<number>\d{1,6})(?P<mutant>[A-Za-z])?")
_RANGE = re.compile(r"(?P<start>[A-Za-z]{0,3}\d{1,6})-(?P<stop>[A-Za-z]{0,3}\d{1,6})")
_GPCRDB = re.compile(r"(\d{1,2})[xX](\d{2,3})")
_BALLESTEROS = re.compile(r"(\d{1,2})\.(\d{1,2})")
_BOTH = re.compile(r"(\d{1,2})\.(\d{1,2})[xX](\d{2,3})")  # GPCRdb's display form, 2.64x63


@dataclass(frozen=True)
class ResidueNumbers:
    """Segment, generic numbers and conservation of each residue of one protein of length L.

    Parameters
    ----------
    receptor : str
        Entry name of the library receptor the numbers come from.
    receptor_class : str
        GPCR class; ``2x50`` of a class B receptor means class B's own scheme.
    identity : float
        Share of identical residues in the alignment to that receptor; 1 for the receptor itself.
    origin : tuple of int or None, length L
        0-based index in that receptor of the residue that each residue stands for.
    segment, gpcrdb, ballesteros : tuple of str, length L
        ``"TM2"``, ``"2x63"`` and ``"2.64"``; empty where there is none.
    family_conservation, ortholog_conservation : ndarray, dtype=float, shape=(L,)
        Share (0 to 1) of the commonest residue at that generic number over the human receptors of the class, and share of the
        receptor's orthologs that have its residue; NaN where unknown.
    """

    receptor: str
    receptor_class: str
    identity: float
    origin: tuple[int | None, ...] = field(repr=False)
    segment: tuple[str, ...]
    gpcrdb: tuple[str, ...]
    ballesteros: tuple[str, ...]
    family_conservation: np.ndarray = field(repr=False)
    ortholog_conservation: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.segment)

    def label(self, index: int) -> str:
        """Both numbers, ``"2.64 2x63"``; empty for a residue without any."""
        return " ".join(number for number in (self.ballesteros[index], self.gpcrdb[index]) if number)

    def crop(self, start: int, stop: int) -> "ResidueNumbers":
        """Numbers of the residues with 0-based indices ``start`` to ``stop`` (excluded)."""
        part = slice(start, stop)
        return self.take(range(*part.indices(len(self))), self.identity)

    def take(self, indices, identity: float) -> "ResidueNumbers":
        """Numbers for another sequence: ``indices[i]`` is the residue here that residue i there stands for, or None."""
        indices = list(indices)

        def strings(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple("" if i is None else values[i] for i in indices)

        def floats(values: np.ndarray) -> np.ndarray:
            return np.array([np.nan if i is None else values[i] for i in indices], dtype=float)

        return ResidueNumbers(
            self.receptor,
            self.receptor_class,
            identity,
            tuple(None if i is None else self.origin[i] for i in indices),
            strings(self.segment),
            strings(self.gpcrdb),
            strings(self.ballesteros),
            floats(self.family_conservation),
            floats(self.ortholog_conservation),
        )

    def strata(self) -> tuple[str, ...]:
        """Stratum of each residue for the matched null: segment x tertile of family conservation.

        Loops of one side count as one segment, so do the parts of a GAIN domain.  Tertiles are those of all residues with a generic
        number; residues without one form a stratum of their own in each segment.
        """
        known = ~np.isnan(self.family_conservation)
        tertile = np.full(len(self), "unnumbered", dtype=object)
        if known.any():
            bounds = np.quantile(self.family_conservation[known], [1 / 3, 2 / 3])
            names = np.array(["low", "middle", "high"], dtype=object)
            tertile[known] = names[np.searchsorted(bounds, self.family_conservation[known], side="left")]
        return tuple(f"{_pooled_segment(segment)}, {level}" for segment, level in zip(self.segment, tertile, strict=True))

    def spans(self) -> list[tuple[str, int, int]]:
        """Segments in sequence order as (name, first index, last index), both 0-based and included."""
        spans: list[tuple[str, int, int]] = []
        for index, name in enumerate(self.segment):
            if spans and spans[-1][0] == name and spans[-1][2] == index - 1:
                spans[-1] = (name, spans[-1][1], index)
            else:
                spans.append((name, index, index))
        return [span for span in spans if span[0]]


def _pooled_segment(segment: str) -> str:
    if segment.startswith(("ICL", "ECL")):
        return segment[:3]
    if segment.startswith(("A.", "B.")):
        return "GAIN"
    return segment or "none"


def ballesteros_weinstein(segment: tuple[str, ...], gpcrdb: tuple[str, ...]) -> tuple[str, ...]:
    """Ballesteros-Weinstein numbers N.MM, counted along the sequence from the residue Nx50 within its segment.

    They are given to all residues of TM1 to TM7 and H8, and to the loop residues that have a GPCRdb number (12.49, 45.50).

    Source: Ballesteros and Weinstein, Methods Neurosci. 25, 366 (1995); Isberg et al., Trends Pharmacol. Sci. 36, 22 (2015).
    """
    anchors = {}
    for index, number in enumerate(gpcrdb):
        if number.endswith("x50"):
            anchors[segment[index]] = (index, number[:-3])
    result = []
    for index, name in enumerate(segment):
        counted = name in anchors and (name.startswith(("TM", "H8")) or gpcrdb[index])
        if not counted:
            result.append("")
            continue
        anchor, helix = anchors[name]
        place = 50 + index - anchor
        result.append(f"{helix}.{place:02d}" if 0 < place < 100 else "")
    return tuple(result)


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
        if numbers.gpcrdb[index] != f"{helix}x{structural}":
            raise ResidueError(
                f"{word}: residue {helix}.{counted} of {numbers.receptor} is {numbers.gpcrdb[index] or 'without a GPCRdb number'}."
            )
        yield index
    elif match := _GPCRDB.fullmatch(word):
        yield _generic(word, "gpcrdb", f"{match[1]}x{match[2]}", numbers)
    elif match := _BALLESTEROS.fullmatch(word):
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
        letter = _THREE_LETTER.get(letters) if len(letters) == 3 else letters
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
