"""From pasted text to a protein, and every complaint about a sequence."""

import io
import re
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from allo_core.errors import SequenceError
from allo_core.protein.fasta import read_fasta, record_name
from allo_core.protein.pasted import read_pasted

__all__ = ["AMINO_ACIDS", "LETTERS", "Protein", "ReadProtein", "parse_protein", "protein_of_record", "proteins_in", "read_protein"]

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
# IUPAC codes beyond the twenty that ESM's alphabet also has: selenocysteine, pyrrolysine, Asx, Glx, unknown.
LETTERS = AMINO_ACIDS + "UOBZX"
_NUCLEOTIDES = set("ACGTUN")
_AMBIGUOUS = set("RYSWKMBDHV")  # nucleotides, IUPAC 1984; a protein of these letters and ACGTUN alone does not exist
_FEWEST_PLAIN = 0.8  # share of ACGTUN in a nucleotide sequence
_PASTED = "pasted sequence"
# The longest GPCR has 6,306 residues; the work on a sequence grows with the square of its length.
_LONGEST = 10_000


@dataclass(frozen=True)
class Protein:
    """One protein chain.

    Parameters
    ----------
    name : str
        What a person calls it; text from outside, so escape it before it goes into HTML.
    sequence : str, length L
        One-letter codes, all in ``LETTERS``.
    first : int
        UniProt number of the first residue, so that a cropped domain keeps its numbering.
    """

    name: str
    sequence: str
    first: int = 1

    def __post_init__(self):
        if not self.sequence:
            raise SequenceError("The sequence is empty; paste at least one residue.")
        if len(self.sequence) > _LONGEST:
            raise SequenceError(f"The sequence has {len(self.sequence):,} residues, and {_LONGEST:,} can be read; paste one domain of it.")
        for index, letter in enumerate(self.sequence):
            if letter not in LETTERS:
                raise SequenceError(_foreign_letter(letter, index + self.first))

    def __len__(self) -> int:
        return len(self.sequence)

    def number(self, index: int) -> int:
        """UniProt number of the residue with this 0-based index."""
        return index + self.first

    def index(self, number: int) -> int:
        """0-based index of the residue with this UniProt number; SequenceError if there is none."""
        if not self.first <= number <= self.first + len(self) - 1:
            raise SequenceError(f"Residue {number} does not exist: {self.name} has residues {self.first} to {self.first + len(self) - 1}.")
        return number - self.first

    def label(self, index: int) -> str:
        """Letter and UniProt number, as in ``D52``."""
        return f"{self.sequence[index]}{self.number(index)}"

    def crop(self, start: int, stop: int) -> "Protein":
        """Residues ``start`` to ``stop`` (UniProt numbers, both included) with their numbers kept."""
        return Protein(self.name, self.sequence[self.index(start) : self.index(stop) + 1], start)


def parse_protein(text: str, record: str | None = None) -> Protein:
    """Read one protein from a bare sequence or FASTA text.

    Parameters
    ----------
    text : str
        White space and lower case are accepted.
    record : str, optional
        Which record of a FASTA text to take: its number (from 1), its identifier (the header up to the first space) or a part of it
        between bars, as the accession in ``sp|P29274|AA2AR_HUMAN``.

    Raises
    ------
    SequenceError
        With the offending letter and its position.
    """
    return read_protein(text, record).protein


class ReadProtein(NamedTuple):
    """A protein, and what of the text was read otherwise than it stands there."""

    protein: "Protein"
    notes: tuple[str, ...]


def read_protein(text: str, record: str | None = None) -> ReadProtein:
    """As `parse_protein`, which see, with notes for the person who gave the text."""
    records, notes = _records(text)
    if record is not None:
        name, sequence = _chosen(records, record)
    elif len(records) > 1:
        names = ", ".join(name for name, _ in records[:5]) + (", ..." if len(records) > 5 else "")
        raise SequenceError(f"The text holds {len(records)} sequences ({names}); give one, or name the record.")
    else:
        name, sequence = records[0]
    return ReadProtein(protein_of_record(name, sequence), notes)


def protein_of_record(name: str, letters: str) -> Protein:
    """The protein of one FASTA record; letters in upper or lower case, without white space.

    Raises
    ------
    SequenceError
        With the offending letter and its position.
    """
    if not letters:
        raise SequenceError(
            "The sequence is empty; paste at least one residue." if name == _PASTED else f"The record {name!r} has no sequence."
        )
    foreign = next((index for index, letter in enumerate(letters) if not letter.isascii()), None)
    if foreign is not None:  # before capitals are made: that of ß is SS
        raise SequenceError(_foreign_letter(letters[foreign], foreign + 1))
    sequence = letters.upper()
    _refuse_nucleotides(sequence)
    return Protein(name, sequence)


def proteins_in(text: TextIO) -> tuple[Protein, ...]:
    """The proteins of a FASTA file, in its order; SequenceError names a line or a record that is none."""
    return tuple(protein_of_record(record_name(record.header), record.letters) for record in read_fasta(text))


def _records(text: str) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Name and letters of each record, and notes; a text without a header is one record."""
    text = text.lstrip("\ufeff")
    if not text.strip():
        raise SequenceError("No sequence: paste a protein sequence, or FASTA text.")
    # newline=None: lines end as those of files do.
    head, *rest = re.split(r"(?m)^(?=\s*>)", io.StringIO(text, newline=None).read(), maxsplit=1)
    pasted = read_pasted(head) if head.strip() else None
    records = [(record_name(record.header), record.letters) for record in read_fasta(io.StringIO("".join(rest)))]
    if pasted is None:
        return records, ()
    return [(record_name(pasted.name) if pasted.name else _PASTED, pasted.letters), *records], pasted.notes


def _chosen(records: list[tuple[str, str]], record: str) -> tuple[str, str]:
    wanted = record.strip()
    if re.fullmatch(r"[0-9]{1,6}", wanted) and 1 <= int(wanted) <= len(records):
        return records[int(wanted) - 1]
    matches = [item for item in records if wanted == item[0] or wanted in item[0].split("|")]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(name for name, _ in records[:5]) + (", ..." if len(records) > 5 else "")
    how_many = "no record" if not matches else f"{len(matches)} records"
    raise SequenceError(f"The text has {how_many} named {record[:40]!r}; it holds {names}.")


def _refuse_nucleotides(sequence: str) -> None:
    letters = set(sequence)
    plain = sum(sequence.count(letter) for letter in letters & _NUCLEOTIDES)
    if len(sequence) >= 20 and letters <= _NUCLEOTIDES | _AMBIGUOUS and plain >= _FEWEST_PLAIN * len(sequence):
        raise SequenceError(
            f"This looks like a nucleotide sequence (only {', '.join(sorted(set(sequence)))}); translate it to protein first."
        )


def _foreign_letter(letter: str, position: int) -> str:
    where = f"at position {position}"
    if letter.isdigit():
        return f"The digit {letter!r} {where} is not a residue; paste the sequence without numbers."
    if letter == "*":
        return f"'*' {where} is a stop codon, not a residue; remove it."
    if letter in "-.":
        return f"{letter!r} {where} is an alignment gap, not a residue; remove the gaps."
    return f"{letter!r} {where} is not an amino acid; the letters are {AMINO_ACIDS} and U, O, B, Z, X."
