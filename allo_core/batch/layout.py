"""How the results of a batch lie on disk.

    metadata.json                       settings, number of records, runs so far
    part=r1-17-0/sequences.parquet      one row a record: what it was, what became of it
    part=r1-17-0/columns.parquet        one row a record, threshold, layer and head: column weights and arcs
    part=r1-17-0/scores.parquet         one row a record, layer and head; only where sites were asked for
    writing/                            what is not finished

A part holds a few records.  Its folder is moved into place in one step, so it is there with all its tables or not at all.  ``row`` (the
number of the record in the FASTA file) and ``part`` join the tables.
"""

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the terminal's options need not wait for it
    import pyarrow as pa

__all__ = [
    "COLUMNS",
    "LOCK",
    "METADATA",
    "SCORES",
    "SEQUENCES",
    "WRITING",
    "part_files",
    "part_folder",
    "part_name",
    "parts",
    "pieces",
    "schema",
]

METADATA, WRITING, LOCK = "metadata.json", "writing", ".lock"
SEQUENCES, COLUMNS, SCORES = "sequences", "columns", "scores"
_PART = "part="


def part_name(run: int, first: int | str, piece: int = 0) -> str:
    """Name of the part that a piece of a block becomes: the how-many-eth run, the first record of the block, and 0, 1, ..."""
    return f"r{run}-{first}-{piece}"


def parts(folder: Path) -> dict[str, Path]:
    """Finished parts by name, in the order of their names."""
    return {path.name.removeprefix(_PART): path for path in sorted(folder.glob(f"{_PART}*")) if path.is_dir()}


def part_files(folder: Path, table: str) -> list[Path]:
    """The files of one table."""
    return [file for path in parts(folder).values() if (file := path / f"{table}.parquet").is_file()]


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


@cache
def schema(table: str) -> "pa.Schema":
    """Names and types of a table's columns; every value that is not defined is null."""
    import pyarrow as pa

    head = [("row", pa.int32()), ("layer", pa.int16()), ("head", pa.int16())]
    fields = {
        SEQUENCES: [
            ("row", pa.int32()),  # number of the record in the file, from 1
            ("name", pa.string()),
            ("sha256", pa.string()),  # of the sequence
            ("sequence", pa.string()),
            ("length", pa.int32()),
            ("device", pa.string()),
            ("seconds", pa.float64()),
            ("receptor", pa.string()),  # of the library, that generic numbers come from
            ("identity", pa.float64()),  # to that receptor, 0 to 1
            ("sites", pa.string()),  # the residues that were scored, "D52 S91"
            ("error", pa.string()),  # why nothing was computed
            ("no_scores", pa.string()),  # why there are columns but no scores
            ("notes", pa.string()),
        ],
        COLUMNS: [*head, ("threshold", pa.float64()), ("weights", pa.list_(pa.float32())), ("arcs", pa.list_(pa.uint16()))],
        SCORES: [
            *head,
            ("impact", pa.float64()),
            ("impact_count", pa.float64()),
            ("impact_arcs", pa.float64()),
            ("enrichment", pa.float64()),
            ("snr", pa.float64()),
            ("p_value", pa.float64()),
            ("q_value", pa.float64()),
            ("n_arcs", pa.int64()),
            ("residues_hit", pa.int64()),
            ("flags", pa.string()),
            ("attention_on_site", pa.float64()),
            ("expected", pa.float64()),
            ("null", pa.string()),
            ("threshold", pa.float64()),
            ("n_sites", pa.int32()),
        ],
    }
    return pa.schema(fields[table])
