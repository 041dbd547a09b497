"""How the results of a batch lie on disk.

    metadata.json                       settings, number of records, runs so far
    part=r1-17-0/sequences.parquet      one row a record: what it was, what became of it
    part=r1-17-0/....parquet            the other tables of the task (`BatchSettings.tables`)
    part=r1-17-0/residues-17.npy        an array of one record, where the task keeps some
    writing/                            what is not finished

A part holds a few records.  Its folder is moved into place in one step, so it is there with all its tables or not at all.  ``row`` (the
number of the record in the FASTA file) and ``part`` join the tables.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's options need not wait for it
    import pyarrow as pa

__all__ = [
    "LOCK",
    "METADATA",
    "SEQUENCES",
    "WRITING",
    "Table",
    "array_file",
    "part_files",
    "part_folder",
    "part_name",
    "parts",
    "pieces",
    "sequences_table",
]

METADATA, WRITING, LOCK = "metadata.json", "writing", ".lock"
SEQUENCES = "sequences"
_PART = "part="


def part_name(run: int, first: int | str, piece: int = 0) -> str:
    """Name of the part that a piece of a block becomes: the how-many-eth run, the first record of the block, and 0, 1, ..."""
    return f"r{run}-{first}-{piece}"


def parts(folder: Path) -> dict[str, Path]:
    """Finished parts by name, in the order of their names."""
    return {path.name.removeprefix(_PART): path for path in sorted(folder.glob(f"{_PART}*")) if path.is_dir()}


def part_files(folder: Path, name: str) -> list[Path]:
    """The files of this name in all parts."""
    return [file for path in parts(folder).values() if (file := path / name).is_file()]


def part_folder(folder: Path, name: str) -> Path:
    """Where a part of this name lies once it is finished."""
    return folder / f"{_PART}{name}"


def pieces(folder: Path, run: int, first: int | str) -> Iterator[Path]:
    """The finished parts of one block, in order."""
    for piece in itertools.count():
        path = part_folder(folder, part_name(run, first, piece))
        if not path.is_dir():
            return
        yield path


@dataclass(frozen=True)
class Table:
    """One table that a batch writes.

    Parameters
    ----------
    name : str
        That of its files.
    fields : callable()
        Names and types of the columns; every value that is not defined is null.
    streamed : bool
        Whether each record goes to the disk at once, as a row group of its own: for large ones.
    """

    name: str
    fields: "Callable[[], Sequence[tuple[str, pa.DataType]]]"
    streamed: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"

    @property
    def schema(self) -> "pa.Schema":
        return _schema(self)


@cache
def _schema(table: Table) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(table.fields())


def sequences_table(lacking: str, own: "Callable[[], Sequence[tuple[str, pa.DataType]]]" = tuple) -> Table:
    """The table of sequences of a task: what every batch says of a record, the columns of the task, and what became of it.

    Parameters
    ----------
    lacking : str
        What a record may lack that was computed otherwise, as "scores"; its column says why.  Empty if nothing.
    own : callable()
    """

    def fields() -> "list[tuple[str, pa.DataType]]":
        import pyarrow as pa

        return [
            ("row", pa.int32()),  # number of the record in the file, from 1
            ("name", pa.string()),
            ("sha256", pa.string()),  # of the sequence
            ("sequence", pa.string()),
            ("length", pa.int32()),
            ("device", pa.string()),
            ("seconds", pa.float64()),
            *own(),
            ("error", pa.string()),  # why nothing was computed
            *([(f"no_{lacking}", pa.string())] if lacking else []),
            ("notes", pa.string()),
        ]

    return Table(SEQUENCES, fields)


def array_file(row: int) -> str:
    """Name of the array of one record within its part."""
    return f"residues-{row}.npy"
