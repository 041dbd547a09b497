"""Reading the sequences that a model is trained on."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from allo_core.errors import TrainingError
from allo_core.protein.fasta import FastaRecord, read_fasta
from allo_core.protein.sequence import LETTERS
from allo_core.storage.packed import DAMAGED, unpacked

__all__ = ["Record", "data_sha256", "read_sequences"]

_KNOWN = LETTERS.encode("ascii")
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Record:
    """One sequence of the file.

    Parameters
    ----------
    accession : str
    receptor : str
        Entry name of the human receptor that this is an ortholog of (or is).
    receptor_class : str
        As the file writes it: A, B, C, F, T, Olfactory or Unclassified.
    sequence : str
        One-letter codes, all in ``LETTERS``.
    """

    accession: str
    receptor: str
    receptor_class: str
    sequence: str


def data_sha256(path: Path) -> str:
    """Fingerprint of a file that a training begins with, as it lies on disk; TrainingError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def read_sequences(path: Path) -> tuple[Record, ...]:
    """Read a FASTA file, plain or compressed with gzip, with headers ``>P29274 receptor=AA2AR class=A taxid=9606``.

    Returns
    -------
    tuple of Record
        In the order of the file.

    Raises
    ------
    TrainingError
        Naming the file, and the record where there is one: not a FASTA file, a damaged gzip, a header without ``receptor=`` or ``class=``,
        an empty sequence, a letter that is no amino acid, no sequence at all.
    """
    text = _text(path)
    if not text.strip():
        raise TrainingError(f"{path} holds no sequence; give a FASTA file of proteins.")
    if not text.lstrip().startswith(">"):
        start = text.lstrip().splitlines()[0][:_LONGEST_QUOTE]
        raise TrainingError(f"{path} is not a FASTA file: it begins with {start!r} instead of a header line '>accession receptor=...'.")
    return tuple(_record(path, number, part) for number, part in enumerate(read_fasta(io.StringIO(text)), start=1))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = unpacked(file).read()
    except DAMAGED as error:
        raise TrainingError(f"The gzip file {path} is damaged or cut short ({path.stat().st_size:,} bytes); get it again.") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return content.decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise TrainingError(
            f"{path} is not a FASTA file: byte {error.start:,} is {content[error.start]:#04x}, which is no text in ASCII."
        ) from error


def _record(path: Path, number: int, part: FastaRecord) -> Record:
    words = part.header.split()
    where = f"{path}, record {number} ({(words[0] if words else 'no accession')[:_LONGEST_QUOTE]})"
    fields = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    for name in ("receptor", "class"):
        if not fields.get(name):
            raise TrainingError(f"{where}: the header has no {name}=; write '>accession receptor=AA2AR class=A'.")
    sequence = part.letters.upper()
    if not sequence:
        raise TrainingError(f"{where}: the sequence is empty; remove the record or complete it.")
    # Much faster than a look at each letter: what is left after all known letters are taken away.
    if foreign := sequence.encode("ascii").translate(None, _KNOWN):
        letter = chr(foreign[0])
        raise TrainingError(f"{where}: {letter!r} at position {sequence.index(letter) + 1} is no amino acid; the letters are {LETTERS}.")
    return Record(words[0], fields["receptor"], fields["class"], sequence)


def _unreadable(path: Path, error: OSError) -> TrainingError:
    return TrainingError(f"{path} cannot be read: {error.strerror or error}; name a file that is there and that you may read.")
