"""What one Ray worker does: it holds the model, takes a block of records, and writes what it finds itself."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.batch.compute import compute
from allo_core.batch.journal import MOST_DEATHS, Journal
from allo_core.batch.layout import part_name, pieces
from allo_core.batch.part import Part
from allo_core.batch.settings import BatchSettings, in_words, public_versions
from allo_core.errors import AlloScopeError, BatchError
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the driver needs neither
    import pyarrow as pa

    from allo_core.models.devices import Device
    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["BLOCK", "STATUS", "Worker"]

BLOCK = ("row", "name", "sequence", "notes")  # what a worker gets of each record
STATUS = ("row", "error", "lacks", "redone", "refusal")  # what it gives back

_PART_SECONDS = 30  # what is finished waits no longer for the rest of its block
# So many in a row that fail in ways nobody foresaw are the worker's fault (a GPU after an error computes nothing any more).
_MOST_SURPRISES = 5


class Worker:
    """Computes blocks of records with one model.

    Whatever stands in the way of all records is told with each status as ``refusal``, in one line; nothing is raised.

    Parameters
    ----------
    settings : BatchSettings
    folder : str
        Of the batch; the same on every machine.
    run : int
        The how-many-eth run over this folder this is.
    device : {"cuda", "mps", "cpu"}
    threads : int
        For torch.
    """

    def __init__(self, settings: BatchSettings, folder: str, run: int, device: "Device", threads: int):
        self._settings, self._folder, self._run = settings, Path(folder), run
        self._surprises = 0
        self._model: ProteinLanguageModel | None = None
        self.refusal = ""
        try:
            self._model = _loaded(settings, device, threads)
        except AlloScopeError as error:
            self.refusal = f"A worker could not start: {error}"

    def __call__(self, block: "pa.Table") -> "pa.Table":
        """Compute a block (columns `BLOCK`); gives the columns `STATUS`, a row for each record."""
        import pyarrow as pa

        records = block.to_pylist()
        try:
            statuses = self._block(records) if self._model is not None else []
        except OSError as error:
            self.refusal = f"{self._folder} cannot be written: {error.strerror or error}; make room, then the same command goes on."
            statuses = []
        said = {status["row"]: status for status in statuses}
        empty = {"error": None, "lacks": None, "redone": False}
        rows = [{**empty, "row": record["row"], **said.get(record["row"], {}), "refusal": self.refusal} for record in records]
        kinds = (pa.int32(), pa.string(), pa.string(), pa.bool_(), pa.string())
        return pa.Table.from_pylist(rows, pa.schema(zip(STATUS, kinds, strict=True)))

    def _block(self, records: list[dict]) -> list[dict]:
        first = records[0]["row"]
        journal = Journal(self._folder, part_name(self._run, first))
        statuses = list(self._finished(first))
        done = {status["row"] for status in statuses}
        redone = bool(done or journal.deaths)
        part = self._new_part(first)
        for record in records:
            if record["row"] in done:
                continue
            # A record that has killed a worker must not take the others with it again.
            if len(part) and (journal.deaths[record["row"]] or time.monotonic() - part.opened > _PART_SECONDS):
                part.commit()
                part = self._new_part(first)
            journal.begin(record["row"])
            statuses.append({**self._record(part, record, journal.deaths[record["row"]]), "redone": redone})
            if self.refusal:
                break
        part.commit()
        journal.close()
        return statuses

    def _record(self, part: Part, record: dict, deaths: int) -> dict:
        """Compute one record into the part, or write why not; its status."""
        assert self._model is not None, "only a worker that has its model is given records"
        row, name, notes = record["row"], record["name"], record["notes"]
        protein = Protein(name, record["sequence"])
        try:
            if deaths >= MOST_DEATHS:
                raise BatchError(f"{deaths} workers ended while they computed it, probably for want of memory; use fewer workers.")
            computed = compute(self._model, protein, self._settings)
        except AlloScopeError as error:
            failure = str(error)
        except Exception as error:  # one record that fails in a way nobody foresaw must not stop the others
            self._surprises += 1
            failure = _in_one_line(error)
            if self._surprises >= _MOST_SURPRISES:
                self.refusal = f"{self._surprises} sequences in a row failed, the last with {failure}"
        else:
            self._surprises = 0
            part.add(row, name, protein, computed, notes)
            return {"row": row, "error": None, "lacks": computed.result.lacks}
        part.add_failed(row, name, failure, protein, notes)
        return {"row": row, "error": failure, "lacks": None}

    def _new_part(self, first: int) -> Part:
        return Part(self._folder, self._run, first, self._settings)

    def _finished(self, first: int) -> Iterator[dict]:
        """Statuses of what an earlier worker has finished of this block before it died."""
        import pyarrow.parquet as pq

        sequences, why = self._settings.sequences, self._settings.lacking_column
        names = ["row", "error", *([why] if why else [])]
        for path in pieces(self._folder, self._run, first):
            for row in pq.read_table(path / sequences.file, columns=names).to_pylist():
                yield {"row": row["row"], "error": row["error"], "lacks": row[why] if why else None, "redone": True}


def _loaded(settings: BatchSettings, device: "Device", threads: int) -> "ProteinLanguageModel":
    import torch

    from allo_core.models.language_model import load_model

    torch.set_num_threads(threads)
    here = socket.gethostname()
    if (versions := public_versions()) != settings.versions:
        wanted = in_words(settings.versions)
        raise BatchError(f"{here} has {in_words(versions)}, the batch was begun with {wanted}; install the same there.")
    model = load_model(settings.model_id, device, settings.dtype)
    if model.sha256 != settings.weights_sha256:
        raise BatchError(
            f"The weights of {settings.model_id} on {here} are not those of the batch "
            f"(sha256 {model.sha256[:12]}…, not {settings.weights_sha256[:12]}…); put the same file there."
        )
    settings.prepare(model)
    return model


def _in_one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
