"""Writing a few records as one part: all tables of it appear in one step."""

import hashlib
import itertools
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.batch.compute import Computed
from allo_core.batch.layout import WRITING, Table, array_file, part_folder, part_name, pieces
from allo_core.batch.settings import BatchSettings
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["Part", "sequence_sha256"]


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
        self._held: dict[Table, list[pa.Table]] = {table: [] for table in settings.tables if not table.streamed}
        self._writers: dict[Table, pq.ParquetWriter] = {}

    def __len__(self) -> int:
        return len(self._sequences)

    def add_failed(self, row: int, name: str, error: str, protein: Protein | None = None, notes: str = "") -> None:
        """A record of which nothing was computed, and why."""
        self._sequences.append({"row": row, "name": name, **_described(protein), "error": error, "notes": notes or None})

    def add(self, row: int, name: str, protein: Protein, computed: Computed, notes: str = "") -> None:
        """A record that was computed; what is large goes to the disk at once, so that memory does not grow with the part."""
        said = " ".join(note for note in (notes, *computed.notes) if note)
        result, lacking = computed.result, self._settings.lacking_column
        described = {"device": computed.device, "seconds": computed.seconds, **result.described(), "notes": said or None}
        if lacking is not None:
            described[lacking] = result.lacks
        self._sequences.append({"row": row, "name": name, **_described(protein), **described})
        for table, rows in result.tables(row):
            if table.streamed:
                self._writer(table).write_table(rows)
            else:
                self._held[table].append(rows)
        if (array := result.array()) is not None:
            self._write_array(row, array)

    def commit(self) -> None:
        """Move the part into place, as the next piece of its block; an empty part leaves nothing."""
        import pyarrow as pa

        if not self._sequences:
            return
        # Every part has every table, if only an empty one.
        for table in self._settings.tables:
            if table.streamed:
                self._writer(table).close()
            else:
                self._write(table, pa.concat_tables([table.schema.empty_table(), *self._held[table]]))
        sequences = self._settings.sequences
        self._write(sequences, pa.Table.from_pylist(self._sequences, sequences.schema))
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

    def _write(self, table: Table, content: "pa.Table") -> None:
        import pyarrow.parquet as pq

        pq.write_table(content, self._place() / table.file, **_options(table))

    def _writer(self, table: Table) -> "pq.ParquetWriter":
        import pyarrow.parquet as pq

        if table not in self._writers:
            self._writers[table] = pq.ParquetWriter(self._place() / table.file, table.schema, **_options(table))
        return self._writers[table]

    def _write_array(self, row: int, array: "np.ndarray") -> None:
        import numpy as np

        np.save(self._place() / array_file(row), array, allow_pickle=False)

    def _place(self) -> Path:
        self._temporary.mkdir(parents=True, exist_ok=True)
        return self._temporary


def _options(table: Table) -> dict:
    """How a table is written: measured numbers differ in nearly every digit, so a dictionary of them is only in the way."""
    import pyarrow.types as types

    def measured(kind: "pa.DataType") -> bool:
        return types.is_floating(kind.value_type if types.is_list(kind) else kind)

    return {"compression": "zstd", "use_dictionary": [field.name for field in table.schema if not measured(field.type)]}


def sequence_sha256(protein: Protein) -> str:
    """Fingerprint of a sequence, whatever it is called."""
    return hashlib.sha256(protein.sequence.encode("ascii")).hexdigest()


def _described(protein: Protein | None) -> dict:
    if protein is None:
        return {}
    return {"sequence": protein.sequence, "sha256": sequence_sha256(protein), "length": len(protein)}
