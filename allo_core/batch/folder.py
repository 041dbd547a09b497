"""The folder that a batch writes to: whose it is, what is finished there, and who may write."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from allo_core import __version__
from allo_core.batch.layout import LOCK, METADATA, WRITING, array_file, parts
from allo_core.batch.settings import BatchSettings
from allo_core.batch.tasks import read_settings
from allo_core.errors import BatchError
from allo_core.storage.plain_json import OtherVersion
from allo_core.storage.whole_file import write_whole

__all__ = ["Finished", "Metadata", "finished_records", "read_metadata", "writing"]


@dataclass(frozen=True)
class Metadata:
    """What metadata.json says.

    Parameters
    ----------
    settings : BatchSettings
    file : str
        Name of the FASTA file, without its place on the machine.
    records : int
        How many it holds; that many rows the table of sequences has in the end.
    runs : int
        How often a batch was begun or gone on with here.
    created : str
        ISO 8601 time in UTC of the first run.
    """

    settings: BatchSettings
    file: str
    records: int
    runs: int
    created: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A record that is finished: its name, the sha256 of its sequence, and why it lacks a part of what was asked for."""

    name: str
    sha256: str
    lacks: str | None


@contextmanager
def writing(folder: Path, settings: BatchSettings, file: str, records: int) -> Iterator[int]:
    """Hold the folder alone while a batch writes to it; gives the number of this run, from 1.

    Raises
    ------
    BatchError
        Another batch writes there now; what is there was made with other settings, or is no batch; the disk refuses.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        raise BatchError(f"Another batch writes to {folder} now; wait for it, or name another folder with --out.") from None
    except OSError as error:
        raise BatchError(f"{folder} cannot be written: {error.strerror or error}; name another folder with --out.") from error
    try:
        run = _begin(folder, settings, file, records)
        # Whatever lies there is of a batch that has ended: nobody else writes.
        shutil.rmtree(folder / WRITING, ignore_errors=True)
        yield run
        shutil.rmtree(folder / WRITING, ignore_errors=True)
    finally:
        lock.release()


def read_metadata(folder: Path) -> Metadata:
    """Metadata of a batch; BatchError where there is none, or one that this version cannot read."""
    try:
        stored = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    except OSError:
        raise BatchError(f"{folder} is not a batch: it has no {METADATA}; name the folder that was given to --out.") from None
    except (ValueError, RecursionError):
        raise BatchError(f"{folder / METADATA} is damaged; take it from another copy of the folder, or run the batch again.") from None
    try:
        return Metadata(
            read_settings(stored["settings"]),
            str(stored["file"]),
            int(stored["records"]),
            int(stored["runs"]),
            str(stored["created"]),
        )
    except OtherVersion as error:
        raise BatchError(
            f"{folder / METADATA} is not that of a batch of this version: it was written {error}; "
            f"go on with the version of AlloScope that wrote it, or name another folder."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise BatchError(f"{folder / METADATA} is not that of a batch of this version; name the folder that was given to --out.") from None


def finished_records(folder: Path, settings: BatchSettings) -> dict[int, Finished]:
    """Records that need not be computed again, by row; only for who holds the folder.

    What is damaged is removed, and so are records that failed (they are tried again) and a second copy of one, which two workers of an
    interrupted batch may have left.
    """
    found: dict[int, Finished] = {}
    why = settings.lacking_column
    for path in parts(folder).values():
        rows = _readable_rows(path, settings)
        kept = [row for row in rows if row["error"] is None and row["row"] not in found and _has_array(path, row, settings)]
        if not kept:
            shutil.rmtree(path)
        elif len(kept) < len(rows):
            _rewrite(path, kept, settings)
        found |= {row["row"]: Finished(row["name"], row["sha256"], row[why] if why else None) for row in kept}
    return found


def _begin(folder: Path, settings: BatchSettings, file: str, records: int) -> int:
    """Compare with what is there, and write down that a run begins; its number."""
    if (folder / METADATA).exists():
        before = read_metadata(folder)
        if difference := before.settings.difference(settings):
            raise BatchError(f"{folder} holds results with {difference}; name another folder with --out.")
        runs, created = before.runs + 1, before.created
    else:
        # A batch that was killed while it wrote its first file leaves a piece of that.
        if any(item.name != LOCK and not item.name.startswith(f"{METADATA}.") for item in folder.iterdir()):
            raise BatchError(f"{folder} is not empty and holds no batch; name a new folder with --out.")
        runs, created = 1, datetime.now(UTC).isoformat(timespec="seconds")
    said = {"alloscope": __version__, "created": created, "file": file, "records": records, "runs": runs, "settings": settings.to_json()}
    try:
        write_whole(folder / METADATA, (json.dumps(said, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
    except OSError as error:
        raise BatchError(f"{folder} cannot be written: {error.strerror or error}; make room, or name another folder with --out.") from error
    return runs


def _readable_rows(path: Path, settings: BatchSettings) -> list[dict]:
    """Rows of a part's table of sequences; none if that or one of its other tables is damaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for table in settings.tables:
            pq.read_metadata(path / table.file)
        sequences = settings.sequences
        return pq.read_table(path / sequences.file, schema=sequences.schema, partitioning=None).to_pylist()
    except (pa.ArrowException, OSError):
        return []


def _has_array(path: Path, row: dict, settings: BatchSettings) -> bool:
    """Whether the array of a record is there and whole, where it has one; its numbers are not read."""
    import numpy as np

    if not settings.array_bytes(row["length"]):
        return True
    try:
        np.load(path / array_file(row["row"]), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return True


def _rewrite(path: Path, rows: list[dict], settings: BatchSettings) -> None:
    """Put a table of sequences in the place of the old one; rows of other tables, and arrays, that are not in it do not count."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    sequences = settings.sequences
    pq.write_table(pa.Table.from_pylist(rows, sequences.schema), buffer, compression="zstd")
    write_whole(path / sequences.file, buffer.getvalue())
