"""The published sets of pairs, which do not ship: read from a person's own copies, as they are, with their contradictions."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from allo_core.errors import PairError, SequenceError
from allo_core.interaction.pairs import PairSet
from allo_core.protein.sequence import Protein

__all__ = ["PUBLISHED_SETS", "PublishedFile", "PublishedSet", "read_published"]

_NO_SEQUENCE = "X"  # any residue: all that is known of a protein without a sequence
_SOURCE = "github.com/ywwy-qn/ESM2_AMP, history before dd82db8, its sheets as tab-separated text"


@dataclass(frozen=True)
class PublishedFile:
    """A file of a set.

    Parameters
    ----------
    name : str
    sha256 : str
        Of the file that the numbers of docs/pairs.md come from.
    columns : tuple of str
        That are read.
    """

    name: str
    sha256: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class PublishedSet:
    """A set of pairs and where it comes from.

    Parameters
    ----------
    label : str
    pairs : PublishedFile
    proteins : PublishedFile or None
        None where sequences were not published with it.
    source : str
    """

    label: str
    pairs: PublishedFile
    proteins: PublishedFile | None
    source: str = _SOURCE

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        return (self.pairs, self.proteins) if self.proteins is not None else (self.pairs,)


_PAIR_COLUMNS = ("ProteinA", "ProteinB", "Label")
PUBLISHED_SETS: dict[str, PublishedSet] = {
    "pan": PublishedSet(
        "Pan, on which the published models were trained",
        PublishedFile("pan_pairs.tsv.gz", "4b38e56e8787bc411c6a718815dc7fd2956adf9e345729efd4bb8cae8ec7d7e1", _PAIR_COLUMNS),
        PublishedFile("pan_proteins.tsv.gz", "4be01733a53748e190bae8c7d0a03f6d956d35694853407a53dd09ee194813c9", ("Entry", "Sequence")),
    ),
    "real_test": PublishedSet(
        "real_test, on which they were tested",
        PublishedFile("real_test_pairs.tsv", "6864f32cf145cadf92b2bff4a7e3303ff757bdba0ffe723cfbc07b3c18717651", _PAIR_COLUMNS),
        None,
    ),
}


def read_published(folder: Path | None, published: PublishedSet) -> tuple[PairSet, tuple[str, ...]]:
    """The pairs of a set, as they are published: pairs that are there twice, or with both labels, stay.

    Parameters
    ----------
    folder : Path or None
        Where the files of the set lie.
    published : PublishedSet
        One of `PUBLISHED_SETS`.

    Returns
    -------
    pairs : PairSet
        A protein whose sequence is not published is X, which is any residue.
    others : tuple of str
        Files that are not those of docs/pairs.md, so that numbers may differ.

    Raises
    ------
    PairError
        Without a folder, or where a file is missing: names of the files, their sha256 and their source.  A file that cannot be read.
    """
    others: list[str] = []
    tables = [_rows(_content(folder, published, file, others), file) for file in published.files]
    if published.proteins is not None:
        sequences = {row[0]: row[1] for row in tables[1]}
    else:
        sequences = dict.fromkeys((entry for row in tables[0] for entry in row[:2]), _NO_SEQUENCE)
    return _pairs(tables[0], sequences, published.pairs.name), tuple(others)


def _pairs(rows: Sequence[Sequence[str]], sequences: dict[str, str], file: str) -> PairSet:
    place = {entry: index for index, entry in enumerate(sequences)}
    try:
        first, second = (np.array([place[row[side]] for row in rows], dtype=np.int64) for side in (0, 1))
        return PairSet(tuple(map(Protein, sequences, sequences.values())), first, second, np.array([int(row[2]) for row in rows]))
    except KeyError as error:
        raise PairError(f"{file} names {str(error)[:40]}, which has no sequence; get both files from one source.") from None
    except (ValueError, SequenceError) as error:
        raise PairError(f"{file} or its sequences cannot be used ({str(error)[:100]}); get them again.") from None


def _content(folder: Path | None, published: PublishedSet, file: PublishedFile, others: list[str]) -> bytes:
    """The bytes of a file; its name is added to ``others`` where they are not those that were measured."""
    if folder is None or not (folder / file.name).is_file():
        asked = "Give --data FOLDER with" if folder is None else f"{folder} lacks {file.name}; it has to hold"
        wanted = " and ".join(f"{each.name} (sha256 {each.sha256}; columns {', '.join(each.columns)})" for each in published.files)
        raise PairError(f"{published.label}, does not ship. {asked} {wanted}, from {published.source}.")
    try:
        content = (folder / file.name).read_bytes()
    except OSError as error:
        raise PairError(f"{folder / file.name} cannot be read: {error.strerror or error}.") from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        others.append(file.name)
    return content


def _rows(content: bytes, file: PublishedFile) -> list[tuple[str, ...]]:
    """The cells of the columns that are read."""
    try:
        text = (gzip.decompress(content) if file.name.endswith(".gz") else content).decode("utf-8")
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
        missing = [column for column in file.columns if column not in (reader.fieldnames or ())]
        if missing:
            raise PairError(f"{file.name} has no column {missing[0]}; it is another file.")
        return [tuple(row[column] or "" for column in file.columns) for row in reader]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise PairError(f"{file.name} is damaged ({str(error)[:60]}); get it again.") from None
