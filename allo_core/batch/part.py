"""Writing a few records as one part: all tables of it appear in one step."""

import hashlib
import itertools
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.batch.compute import Computed
from allo_core.batch.layout import COLUMNS, SCORES, SEQUENCES, WRITING, part_folder, part_name, pieces, schema
from allo_core.batch.settings import BatchSettings
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for it
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["Part", "sequence_sha256"]

# Column weights differ in nearly every digit, so a dictionary of them is only in the way.
_OPTIONS = {"compression": "zstd", "use_dictionary": ["arcs", "flags", "null", "error", "no_scores", "notes", "receptor"]}


class Part:
    """One part while it is written.  Nothing of it counts before `commit`; OSError where the disk refuses.

    Parameters
    ----------
    folder : Path
        Of the batch.
    run : int
    first : int or str
        Names the block that it is a piece of, as in `part_name`.
    settings : BatchSettings
    """

    def __init__(self, folder: Path, run: int, first: int | str, settings: BatchSettings):
        self.opened = time.monotonic()
        self._folder, self._run, self._first, self._settings = folder, run, first, settings
        self._temporary = folder / WRITING / f"{part_name(run, first)}-{uuid.uuid4().hex}"
        self._sequences: list[dict] = []
        self._scores: list[pa.Table] = []
        self._columns: pq.ParquetWriter | None = None

    def __len__(self) -> int:
        return len(self._sequences)

    def add_failed(self, row: int, name: str, error: str, protein: Protein | None = None, notes: str = "") -> None:
        """A record of which nothing was computed, and why."""
        self._sequences.append({"row": row, "name": name, **_described(protein), "error": error, "notes": notes or None})

    def add(self, row: int, name: str, protein: Protein, computed: Computed, notes: str = "") -> None:
        """A record that was computed; its columns go to the disk at once, so that memory does not grow with the part."""
        import pyarrow as pa

        said = " ".join(note for note in (notes, *computed.notes) if note)
        described = {name: getattr(computed, name) for name in ("device", "seconds", "receptor", "identity", "sites", "no_scores")}
        self._sequences.append({"row": row, "name": name, **_described(protein), **described, "notes": said or None})
        if computed.scores is not None:
            frame = computed.scores.assign(row=row)
            self._scores.append(pa.Table.from_pandas(frame, schema(SCORES), preserve_index=False))
        self._write_columns(row, computed)

    def commit(self) -> None:
        """Move the part into place, as the next piece of its block; an empty part leaves nothing."""
        import pyarrow as pa

        if not self._sequences:
            return
        self._open_columns()  # every part has every table, if only an empty one
        self._write(SEQUENCES, pa.Table.from_pylist(self._sequences, schema(SEQUENCES)))
        if self._settings.sites is not None:
            self._write(SCORES, pa.concat_tables([schema(SCORES).empty_table(), *self._scores]))
        self._open_columns().close()
        for piece in itertools.count(len(list(pieces(self._folder, self._run, self._first)))):
            place = part_folder(self._folder, part_name(self._run, self._first, piece))
            try:
                self._temporary.rename(place)
            except OSError:
                # A worker that was given up and lives on may have been faster.  A record that is there twice is shown once.
                if not place.is_dir():
                    raise
            else:
                return

    def _write(self, table: str, content: "pa.Table") -> None:
        import pyarrow.parquet as pq

        pq.write_table(content, self._temporary / f"{table}.parquet", **_OPTIONS)

    def _open_columns(self) -> "pq.ParquetWriter":
        import pyarrow.parquet as pq

        if self._columns is None:
            self._temporary.mkdir(parents=True, exist_ok=True)
            self._columns = pq.ParquetWriter(self._temporary / f"{COLUMNS}.parquet", schema(COLUMNS), **_OPTIONS)
        return self._columns

    def _write_columns(self, row: int, computed: Computed) -> None:
        for at, threshold in enumerate(self._settings.thresholds):
            # One row group a record and threshold: a reader finds them by their statistics.
            self._open_columns().write_table(_columns_table(row, threshold, computed.weights[at], computed.arcs[at]))


def sequence_sha256(protein: Protein) -> str:
    """Fingerprint of a sequence, whatever it is called."""
    return hashlib.sha256(protein.sequence.encode("ascii")).hexdigest()


def _described(protein: Protein | None) -> dict:
    if protein is None:
        return {}
    return {"sequence": protein.sequence, "sha256": sequence_sha256(protein), "length": len(protein)}


def _columns_table(row: int, threshold: float, weights: "np.ndarray", arcs: "np.ndarray") -> "pa.Table":
    """One row for each layer and head of arrays [layers, heads, L]."""
    import numpy as np
    import pyarrow as pa

    layers, heads, length = weights.shape
    count = layers * heads
    starts = pa.array(np.arange(0, (count + 1) * length, length, dtype=np.int32))

    def lists(values: np.ndarray, kind: pa.DataType) -> pa.ListArray:
        return pa.ListArray.from_arrays(starts, pa.array(np.ascontiguousarray(values).ravel(), kind))

    content = {
        "row": np.full(count, row, dtype=np.int32),
        "layer": np.repeat(np.arange(layers, dtype=np.int16), heads),
        "head": np.tile(np.arange(heads, dtype=np.int16), layers),
        "threshold": np.full(count, threshold),
        "weights": lists(weights, pa.float32()),
        "arcs": lists(arcs, pa.uint16()),
    }
    return pa.table(content, schema(COLUMNS))
