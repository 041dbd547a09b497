"""A whole batch: read the records, leave out what is finished, send the rest to the workers, and count what comes back."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.batch.cluster import ray_session
from allo_core.batch.folder import Finished, finished_records, writing
from allo_core.batch.part import Part, sequence_sha256
from allo_core.batch.pipeline import results
from allo_core.batch.records import Record, read_records
from allo_core.batch.settings import BatchSettings
from allo_core.batch.workers import Workers, choose_workers
from allo_core.errors import BatchError
from allo_core.models.devices import DeviceChoice
from allo_core.models.registry import ModelSpec, get_spec
from allo_core.storage.amounts import amount

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Tally", "block_size", "run_batch"]

# A block is what a worker computes between two statuses: about so many parameters times residues, some ten seconds of a processor core ...
_WORK = {"cpu": 2e11, "mps": 2e12, "cuda": 2e13}
_LARGEST_BLOCK = 32  # ... and no more records than this
_BLOCKS_EACH = 4  # at least so many for each worker, so that none is idle while another has a whole block left


@dataclass
class Tally:
    """How far a batch is.

    Attributes
    ----------
    records : int
        In the file.
    finished_before : int
        Of them in the folder already.
    done : int
        Finished now, failed ones included; with those from before it is `records` in the end.
    failed, incomplete : list of (row, name, reason)
        Records of which nothing was computed, and those that lack a part of what was asked for (`BatchSettings.lacking`).
    redone : int
        Records of blocks that were given to another worker because the first one died.
    workers : Workers or None
        Once they are chosen.
    computed : int
        Records that came back from the workers.
    residues_done, residues : int
        Residues that the model has read in all passes over them, and those of all that were sent.
    array_bytes : int
        What the arrays of all that were sent take on the disk.
    """

    records: int = 0
    finished_before: int = 0
    done: int = 0
    failed: list[tuple[int, str, str]] = field(default_factory=list)
    incomplete: list[tuple[int, str, str]] = field(default_factory=list)
    redone: int = 0
    workers: Workers | None = None
    computed: int = 0
    residues: int = 0
    residues_done: int = 0
    array_bytes: int = 0
    _started: float | None = None

    @property
    def seconds(self) -> float:
        """Since the workers were sent the first record."""
        return 0.0 if self._started is None else time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """Records a second, without those that could not be read."""
        return self.computed / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until all are done, by residues; None before anything is known."""
        if not self.residues_done:
            return None
        return self.seconds * (self.residues - self.residues_done) / self.residues_done

    def start(self) -> None:
        self._started = time.monotonic()

    def add(self, record: Record, error: str | None, lacks: str | None = None) -> None:
        """Count one record that is finished."""
        self.done += 1
        if error is not None:
            self.failed.append((record.row, record.name, error))
        elif lacks is not None:
            self.incomplete.append((record.row, record.name, lacks))


def run_batch(
    path: Path,
    folder: Path,
    settings: BatchSettings,
    workers: int | None = None,
    device: DeviceChoice = "auto",
    address: str | None = None,
    report: Callable[[Tally], None] | None = None,
) -> Tally:
    """Compute every record of a FASTA file that is not finished in the folder.

    Parameters
    ----------
    path : Path
        FASTA, plain or gzip.
    folder : Path
        Gets the results; what it holds of the same settings and records is left alone.
    settings : BatchSettings
        As `choose` of its task makes them.
    workers : int, optional
    device : {"auto", "cuda", "mps", "cpu"}
    address : str, optional
        Of a Ray cluster, each machine of which sees the folder under the same path; by default this machine alone.
    report : callable(Tally), optional
        Called before Ray starts, once the workers are chosen, and after each block.

    Raises
    ------
    SequenceError, BatchError, DeviceError
        What stands in the way of all records, in one line.  What is finished stays in the folder.
    """
    records = list(read_records(path))
    tally = Tally(records=len(records))
    with writing(folder, settings, path.name, len(records)) as run:
        finished = finished_records(folder, settings)
        _check_same(records, finished, path, folder)
        tally.finished_before = len(finished)
        tally.incomplete += [(row, before.name, before.lacks) for row, before in finished.items() if before.lacks is not None]
        missing = [record for record in records if record.row not in finished]
        _write_unreadable(missing, folder, run, settings, tally)
        # The longest first: a lack of memory shows at once, and what is left for the end is short.
        readable = sorted((record for record in missing if record.protein is not None), key=lambda r: len(r.sequence), reverse=True)
        if readable:
            _compute(readable, folder, run, settings, workers, device, address, tally, report)
    return tally


def _compute(
    records: list[Record],
    folder: Path,
    run: int,
    settings: BatchSettings,
    count: int | None,
    device: DeviceChoice,
    address: str | None,
    tally: Tally,
    report: Callable[[Tally], None] | None,
) -> None:
    spec = get_spec(settings.model_id)
    by_row = {record.row: record for record in records}
    read = {record.row: len(record.sequence) * settings.passes(len(record.sequence)) for record in records}
    tally.residues = sum(read.values())
    tally.array_bytes = sum(settings.array_bytes(len(record.sequence)) for record in records)
    if report is not None:
        report(tally)
    _check_room(folder, tally.array_bytes)
    with ray_session(address, count, sum(len(record.sequence) for record in records)) as resources:
        tally.workers = workers = choose_workers(spec, settings.dtype, resources, count, device, address)
        size = block_size(spec, len(records), tally.residues, workers)
        tally.start()
        if report is not None:
            report(tally)
        # Closed at once where the caller stops it, so that the workers end, too.
        with closing(results(list(_blocks(records, size)), size, workers, settings, folder, run, address)) as blocks:
            for statuses in blocks:
                for status in statuses:
                    record = by_row[status["row"]]
                    tally.add(record, status["error"], status["lacks"])
                    tally.computed += 1
                    tally.residues_done += read[record.row]
                    tally.redone += status["redone"]
                if report is not None:
                    report(tally)


def block_size(spec: ModelSpec, records: int, residues: int, workers: Workers) -> int:
    """Records in a block: some seconds of work, and several blocks for each worker; ``residues`` are read by all passes together."""
    work = spec.parameters * residues / records
    affordable = int(_WORK[workers.device] / work)
    fair = -(-records // (_BLOCKS_EACH * workers.count))
    return max(1, min(_LARGEST_BLOCK, affordable, fair))


def _check_room(folder: Path, needed: int) -> None:
    """BatchError where the arrays of all sequences do not fit on the disk; what tables take is little and not known before."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BatchError(
            f"The arrays need {amount(needed)} in {folder}, {amount(free)} are free; make room, or name another folder with --out."
        )


def _blocks(records: list[Record], size: int) -> "Iterator[pa.Table]":
    import pyarrow as pa

    kinds = pa.schema([("row", pa.int32()), ("name", pa.string()), ("sequence", pa.string()), ("notes", pa.string())])
    for start in range(0, len(records), size):
        rows = [{"row": r.row, "name": r.name, "sequence": r.sequence, "notes": r.notes} for r in records[start : start + size]]
        yield pa.Table.from_pylist(rows, kinds)


def _check_same(records: list[Record], finished: dict[int, Finished], path: Path, folder: Path) -> None:
    """BatchError unless each finished record is still the one of its number: failed ones may be mended, and new ones stand at the end."""
    by_row = {record.row: record for record in records}
    for row, before in sorted(finished.items()):
        record = by_row.get(row)
        if record is None:
            raise BatchError(f"{folder} has results of record {row}, {path} holds {len(records)}; name another folder with --out.")
        if record.protein is None or (record.name, sequence_sha256(record.protein)) != (before.name, before.sha256):
            raise BatchError(
                f"Record {row} of {path} ({record.name}) is not the one that {folder} has results of ({before.name}); put new records "
                "at the end, or name another folder with --out."
            )


def _write_unreadable(records: list[Record], folder: Path, run: int, settings: BatchSettings, tally: Tally) -> None:
    part = Part(folder, run, "input", settings)
    for record in records:
        if record.protein is None:
            part.add_failed(record.row, record.name, record.error, notes=record.notes)
            tally.add(record, record.error)
    try:
        part.commit()
    except OSError as error:
        raise BatchError(f"{folder} cannot be written: {error.strerror or error}; make room, or name another folder with --out.") from error
