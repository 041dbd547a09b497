"""What a person names in a terminal: a protein, and its 7TM domain."""

import os
import re
import sys
from pathlib import Path

from allo_core.errors import FetchError, LibraryError, SequenceError
from allo_core.library.nearest import numbers_for, seven_tm_domain
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein, read_protein
from allo_core.storage.packed import DAMAGED, text_in

__all__ = ["domain_of", "protein_of", "shortened"]

_SEQUENCE = 20  # letters; entry names and accessions are shorter
_LONGEST_SHOWN = 100
_MOST_LETTERS = 50_000_000  # of a file that holds one protein


def shortened(text: str) -> str:
    """What a person typed, short enough for one line."""
    return text if len(text) <= _LONGEST_SHOWN else text[:40] + "..."


def protein_of(target: str, record: str | None) -> Protein:
    """The protein of a FASTA file, of the library, or of UniProt, looked for in this order.

    Parameters
    ----------
    target : str
        A file, an entry name or accession of the library, or another UniProt accession, which is fetched.
    record : str or None
        Number or name of the record, for files of several.

    Raises
    ------
    SequenceError, LibraryError, FetchError
    """
    path, shown = Path(target), shortened(target)
    try:
        is_file, is_folder = path.is_file(), path.is_dir()
        if is_file:
            return _read_protein(path, shown, record)
    except DAMAGED:
        raise SequenceError(f"{shown}: the gzip file is damaged or cut short; get it again.") from None
    except OSError as error:
        _refuse_sequence(target)
        raise SequenceError(f"{shown}: cannot be read ({error.strerror or error}).") from None
    _refuse_sequence(target)
    if path.suffix or os.sep in target:
        raise SequenceError(f"{shown}: a folder, not a FASTA file." if is_folder else f"{shown}: no such file.")
    return _named_protein(target, record, is_folder)


def _read_protein(path: Path, shown: str, record: str | None) -> Protein:
    """The protein of a file; what was read otherwise than it stands there is said."""
    with path.open("rb") as file, text_in(file) as text:
        content = text.read(_MOST_LETTERS + 1)
    if "\0" in content:
        raise SequenceError(f"{shown}: not a text file; give FASTA text.")
    if len(content) > _MOST_LETTERS:
        raise SequenceError(f"{shown}: more than {_MOST_LETTERS:,} letters; give a file of fewer sequences, or use batch.")
    read = read_protein(content, record)
    for note in read.notes:
        print(note, file=sys.stderr)
    return read.protein


def _named_protein(target: str, record: str | None, is_folder: bool) -> Protein:
    try:
        protein, what = find_receptor(target).protein, "library receptor"
    except LibraryError as error:
        if is_folder:
            raise SequenceError(f"{target}: a folder, not a FASTA file.") from None
        protein, what = _fetched_protein(target, error), "UniProt entry"
    if record is not None:
        raise LibraryError(f"--record is for FASTA files; {protein.name} is a {what}.")
    return protein


def _fetched_protein(target: str, not_in_library: LibraryError) -> Protein:
    from allo_core.fetch import fetch_sequence, identify  # biotite, which it needs for structures, is slow to import

    try:
        is_accession = identify(target).kind == "uniprot"
    except FetchError:
        is_accession = False
    if not is_accession:
        raise not_in_library
    return fetch_sequence(target)


def _refuse_sequence(target: str) -> None:
    """SequenceError if the target is a sequence, which the shell is no place for."""
    letters = re.sub(r"\s", "", target)
    if target.lstrip().startswith(">") or (len(letters) >= _SEQUENCE and letters.isascii() and letters.rstrip("*").isalpha()):
        raise SequenceError("This is a sequence, not a receptor or a file; put it into a FASTA file and give the file.")


def domain_of(protein: Protein) -> Protein:
    """Its 7TM domain; SequenceError where the helices are not known."""
    domain = seven_tm_domain(protein, numbers_for(protein))
    if domain is None:
        raise SequenceError(f"The helices of {protein.name} are not known, so it has no 7TM domain to cut.")
    return domain
