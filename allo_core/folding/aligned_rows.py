"""Rows of an alignment beside a protein: receptors of the library by generic number, or the sequences of a file by alignment.

What a distance head with a track of aligned sequences reads beside the protein itself.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from allo_core.errors import FoldError, SequenceError
from allo_core.folding.fold import fold_numbers
from allo_core.library.receptors import receptors
from allo_core.protein.alignment import FEWEST_ALIGNED, HOMOLOGUE_IDENTITY, align, aligned_identity
from allo_core.protein.fasta import FastaRecord, read_fasta, record_name
from allo_core.protein.sequence import AMINO_ACIDS, LETTERS, Protein
from allo_core.storage.packed import DAMAGED, unpacked

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Int64

__all__ = ["GAP", "ROW_TOKENS", "library_rows", "ortholog_rows"]

ROW_TOKENS = AMINO_ACIDS + "-"  # a token is a place in this text; the last one is the gap, also for B, O, U, X and Z
GAP = len(AMINO_ACIDS)

_ALIKE = 0.9  # a row above this identity to a chosen one says nothing new
_WORD = 5  # residues
_LETTER_BITS = 5
_MOST_ALIGNED = 400  # sequences of a file, those with most words of the protein: about five seconds
_MOST_LETTERS = 35_213  # of one sequence: titin, the longest human one


class _Class(NamedTuple):
    """The receptors of a class at its generic numbers: entry names, column of each number, tokens [receptors, P]."""

    entries: tuple[str, ...]
    column: dict[str, int]
    tokens: np.ndarray


def library_rows(protein: Protein, count: int, without: Collection[str] = ()) -> Int64[np.ndarray, "M L"]:
    """The receptors of the library that are nearest to a protein, each laid on its residues by generic number.

    The nearest comes first, by identical residues at the numbers that both have (100 at least); one above 90 % identity to a row that
    stands there already is passed over.  The receptor whose numbers the protein has is left out.  Nothing is aligned.

    Parameters
    ----------
    protein : Protein
        Of L residues.
    count : int
        Rows at most.
    without : collection of str
        Entry names of receptors that are left out, too: those that a head is tested on.

    Returns
    -------
    ndarray, dtype=int64, shape=(M, L)
        Tokens, places in `ROW_TOKENS`; `GAP` at residues without a generic number and where a receptor lacks it.  0 < M <= count; the
        protein itself is no row.  An embedding of ``len(ROW_TOKENS)`` tokens makes [M, L, d] of it.

    Raises
    ------
    FoldError
        The protein has no generic numbers; no other receptor of its class shares 100 of them; fewer than one row is asked for.
    """
    _check_count(count)
    numbers = fold_numbers(protein)
    of_class = _of_class(numbers.receptor_class)
    left_out = {numbers.receptor, *without}
    kept = [row for row, entry in enumerate(of_class.entries) if entry not in left_out]
    columns = np.array([of_class.column.get(number, -1) if number else -1 for number in numbers.gpcrdb])
    rows = np.where(columns >= 0, of_class.tokens[kept][:, columns], GAP)
    identity, shared = _identities(_tokens(protein.sequence)[None], rows)
    near = np.flatnonzero(shared[0] >= FEWEST_ALIGNED)
    chosen = _spread(rows[near[np.argsort(-identity[0, near], kind="stable")]], count)
    if not len(chosen):
        raise FoldError(
            f"No other receptor of class {numbers.receptor_class} has {FEWEST_ALIGNED} generic numbers in common with {protein.name}, so "
            "there are no rows; give the whole seven-helix domain, or leave out fewer receptors."
        )
    return chosen


def ortholog_rows(protein: Protein, path: Path, count: int, least: float = HOMOLOGUE_IDENTITY) -> Int64[np.ndarray, "M L"]:
    """The sequences of a FASTA file that are near enough to a protein, each aligned to it.

    The 400 that share most words of five residues with the protein are aligned (local, BLOSUM62) in this order, until there are enough
    rows; a copy of the protein, one above 90 % identity to a row that stands there already and one with fewer than 100 aligned residues
    are passed over.

    Parameters
    ----------
    protein : Protein
        Of L residues; it needs no generic numbers.
    path : Path
        Plain or compressed with gzip.
    count : int
        Rows at most.
    least : float
        Share of identical residues among the aligned ones, from which on a sequence is taken.

    Returns
    -------
    ndarray, dtype=int64, shape=(M, L)
        Tokens as `library_rows` gives them, `GAP` where a residue is aligned with nothing.  0 <= M <= count: where nothing in the file is
        near enough there is no row.

    Raises
    ------
    FoldError
        A file that cannot be read, with the name of the record that is wrong; fewer than one row is asked for.
    """
    _check_count(count)
    sequences = [sequence for sequence in _sequences(path) if sequence != protein.sequence]
    rows = np.zeros((0, len(protein)), dtype=np.int64)
    for place in _by_shared_words(protein.sequence, sequences)[:_MOST_ALIGNED]:
        row = _aligned_row(protein.sequence, sequences[place], least)
        if row is not None:
            rows = _spread(np.concatenate([rows, row[None]]), count)
            if len(rows) == count:
                break
    return rows


def _check_count(count: int) -> None:
    if count < 1:
        raise FoldError(f"{count} rows of an alignment were asked for; at least 1 is needed.")


def _tokens(sequence: str) -> Int64[np.ndarray, " n"]:
    return np.array([place if (place := ROW_TOKENS.find(letter)) >= 0 else GAP for letter in sequence], dtype=np.int64)


@cache
def _of_class(receptor_class: str) -> _Class:
    members = [(entry, one) for entry, one in receptors().items() if one.numbers is not None and one.receptor_class == receptor_class]
    column: dict[str, int] = {}
    for _, one in members:
        for number in one.numbers.gpcrdb if one.numbers is not None else ():
            if number:
                column.setdefault(number, len(column))
    tokens = np.full((len(members), len(column)), GAP, dtype=np.int64)
    for row, (_, one) in enumerate(members):
        for number, token in zip(one.numbers.gpcrdb if one.numbers is not None else (), _tokens(one.protein.sequence), strict=True):
            if number:
                tokens[row, column[number]] = token
    return _Class(tuple(entry for entry, _ in members), column, tokens)


def _identities(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of identical residues where both rows have one, and how many these are; shape (n, m) each for tokens [n, L] and [m, L]."""
    both = (one != GAP)[:, None] & (other != GAP)
    shared = both.sum(axis=2)
    same = (both & (one[:, None] == other)).sum(axis=2)
    return np.divide(same, shared, out=np.zeros(shared.shape), where=shared > 0), shared


def _spread(rows: np.ndarray, count: int) -> Int64[np.ndarray, "m L"]:
    """The first rows of which none is above 90 % identical to one before it, `count` at most."""
    chosen: list[int] = []
    for row in range(len(rows)):
        if len(chosen) == count:
            break
        if not chosen or _identities(rows[row][None], rows[chosen])[0].max() <= _ALIKE:
            chosen.append(row)
    return rows[chosen]


def _sequences(path: Path) -> list[str]:
    """The different sequences of a FASTA file, in its order."""
    try:
        with path.open("rb") as file:
            content = unpacked(file).read()
    except DAMAGED:
        raise FoldError(f"The gzip file {path} is damaged or cut short; get it again.") from None
    except OSError as error:
        raise FoldError(f"{path} cannot be read: {error.strerror or error}; name a FASTA file that is there.") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FoldError(
            f"{path} is no FASTA file: byte {error.start:,} is no text; give the sequences as text or compressed with gzip."
        ) from None
    try:
        records = enumerate(read_fasta(io.StringIO(text, newline=None), _MOST_LETTERS), start=1)
        found = dict.fromkeys(_letters(path, number, record) for number, record in records)
    except SequenceError as error:
        raise FoldError(f"{path} is {error}") from None
    if not found:
        raise FoldError(f"{path} holds no sequence; give a FASTA file of proteins.")
    return list(found)


def _letters(path: Path, number: int, record: FastaRecord) -> str:
    """The sequence of a record without gaps and full stop."""
    where = f"{path}, record {number} ({record_name(record.header)})"
    if record.n_letters > _MOST_LETTERS:
        raise FoldError(f"{where}: {record.n_letters:,} letters are no protein; give one of at most {_MOST_LETTERS:,}.")
    sequence = record.letters.upper().translate(str.maketrans("", "", "-.")).removesuffix("*")
    if not sequence:
        raise FoldError(f"{where}: the sequence is empty; remove the record or complete it.")
    if foreign := sequence.translate(str.maketrans("", "", LETTERS)):
        raise FoldError(f"{where}: {foreign[0]!r} at letter {sequence.index(foreign[0]) + 1} is no amino acid; the letters are {LETTERS}.")
    return sequence


def _by_shared_words(sequence: str, others: list[str]) -> list[int]:
    """Places of the others that share a word of five residues with a sequence, those with most such words first."""
    there = np.zeros(1 << _WORD * _LETTER_BITS, dtype=bool)
    there[_words(sequence)] = True
    counts = np.array([there[_words(other)].sum() for other in others], dtype=int)
    order = np.argsort(-counts, kind="stable")
    return order[counts[order] > 0].tolist()


def _words(sequence: str) -> np.ndarray:
    """Each word of five letters as a number, shape (n - 4,)."""
    letters = np.frombuffer(sequence.encode("ascii"), dtype=np.uint8).astype(np.int64) - ord("A")
    length = max(len(letters) - _WORD + 1, 0)
    words = np.zeros(length, dtype=np.int64)
    for place in range(_WORD):
        words = (words << _LETTER_BITS) | letters[place : place + length]
    return words


def _aligned_row(sequence: str, other: str, least: float) -> np.ndarray | None:
    """Tokens of another sequence at the residues of the first, shape (L,); None where it is not near enough."""
    _, pairs = align(sequence, other)
    if len(pairs) < FEWEST_ALIGNED or aligned_identity(sequence, other, pairs) < least:
        return None
    row = np.full(len(sequence), GAP, dtype=np.int64)
    row[pairs[:, 0]] = _tokens(other)[pairs[:, 1]]
    return row
