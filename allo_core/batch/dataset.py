"""Reading the results of a batch; needs pyarrow and pandas, not Ray."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.attention.columns import Columns
from allo_core.batch.folder import Metadata, read_metadata
from allo_core.batch.layout import Table, array_file, part_files, part_folder
from allo_core.batch.score_tables import COLUMNS, SCORES
from allo_core.batch.task_scores import ScoreSettings
from allo_core.errors import BatchError

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pandas as pd
    import pyarrow.compute as pc

__all__ = ["BatchResults", "open_batch"]


@dataclass(frozen=True)
class BatchResults:
    """The results of a batch, finished or not.

    Parameters
    ----------
    folder : Path
    metadata : Metadata
    """

    folder: Path
    metadata: Metadata

    @property
    def complete(self) -> bool:
        """Whether every record of the file is there, computed or with its error."""
        return len(self.sequences) == self.metadata.records

    @cached_property
    def sequences(self) -> "pd.DataFrame":
        """One row a record, in the order of the file.

        Columns: row, name, sha256, sequence, length, device, seconds, those of the task (of scores: receptor, identity, sites), error,
        why the task lacks something where it can (of scores: no_scores), notes, part.  A second copy of a record, which two workers of an
        interrupted batch may have left, is not shown.
        """
        frame = self._table(self.metadata.settings.sequences)
        # Whole numbers, although a record that could not be read has no length.
        frame = frame.assign(failed=frame["error"].notna(), length=frame["length"].astype("Int64")).sort_values(["row", "failed", "part"])
        return frame.drop_duplicates("row").drop(columns="failed").reset_index(drop=True)

    @property
    def failed(self) -> "pd.DataFrame":
        """The rows of `sequences` of which nothing was computed, with the reason in ``error``."""
        return self.sequences[self.sequences["error"].notna()]

    @property
    def scored(self) -> ScoreSettings:
        """The settings of a batch that scores heads; BatchError where its task is another."""
        settings = self.metadata.settings
        if not isinstance(settings, ScoreSettings):
            tables = ", ".join(table.name for table in (settings.sequences, *settings.tables))
            raise BatchError(
                f"{self.folder} holds {settings.task} (--task {settings.task}) and no scores of heads; pandas and DuckDB read its tables "
                f"({tables})."
            )
        return settings

    @property
    def summary(self) -> str:
        """What came out, in a sentence; empty where that is not for one sentence."""
        return self.metadata.settings.summary(self.sequences[self.sequences["error"].isna()])

    def table(self, name: str) -> "pd.DataFrame":
        """A table of the task, with the row and name of each record, in the order of the file.

        Raises
        ------
        BatchError
            A table that the batch does not have, or a damaged file.
        """
        tables = {table.name: table for table in self.metadata.settings.tables}
        if name not in tables:
            raise BatchError(f"{self.folder} has no table {name!r}; beside sequences it has {', '.join(tables)}.")
        names = tables[name].schema.names
        return self._of_shown_records(self._table(tables[name]), names)

    def by_part(self, name: str, chosen: "pc.Expression | None" = None) -> "Iterator[pd.DataFrame]":
        """A table of the task part by part, so that memory does not grow with the batch; only rows of records as `sequences` shows them.

        Parameters
        ----------
        name : str
        chosen : pyarrow.compute.Expression, optional
            Which rows.

        Raises
        ------
        BatchError
            A damaged file.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        (table,) = (one for one in self.metadata.settings.tables if one.name == name)
        shown = self.sequences[self.sequences["error"].isna()].groupby("part")["row"]
        for part, rows in shown:
            file = part_folder(self.folder, str(part)) / table.file
            try:
                frame = pq.read_table(file, schema=table.schema, filters=chosen, partitioning=None).to_pandas()
            except (pa.ArrowException, OSError) as error:
                raise _damaged(file) from error
            yield frame[frame["row"].isin(rows)]

    def array(self, row: int) -> "np.ndarray":
        """The array that was kept of one record, read from the disk where it is looked at: of embeddings [states, L, width], float32.

        Raises
        ------
        BatchError
            No such record, one that failed, a batch that keeps no arrays, or a damaged file.
        """
        import numpy as np

        record = self._record(row)
        if not self.metadata.settings.array_bytes(int(record["length"])):
            raise BatchError(f"{self.folder} has no arrays; they are kept with --task embeddings --per-residue.")
        file = part_folder(self.folder, record["part"]) / array_file(row)
        try:
            return np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise _damaged(file) from error

    def scores(self, head: tuple[int, int] | None = None, measures: Sequence[str] | None = None) -> "pd.DataFrame":
        """Scores of all heads, or of one, of every record that has some.

        Parameters
        ----------
        head : (int, int), optional
            Layer and head, 0-based.
        measures : sequence of str, optional
            Those of the columns behind ``head`` that are wanted; a few of them are read in a tenth of the time of all.

        Returns
        -------
        DataFrame
            Columns: row, name, those of `HeadScores.frame`, null, threshold, n_sites; in the order of the file, layer by layer.

        Raises
        ------
        BatchError
            Nothing was scored, a head that the model lacks, or a damaged file.
        """
        import pyarrow.compute as pc

        settings = self.scored
        if settings.sites is None:
            raise BatchError(f"{self.folder} has no scores: the batch was run without --sites.")
        chosen = None
        if head is not None:
            layer, number = head
            if not (0 <= layer < settings.layers and 0 <= number < settings.heads):
                raise BatchError(f"Head {layer}.{number} does not exist; there are {settings.layers} layers of {settings.heads} heads.")
            chosen = (pc.field("layer") == layer) & (pc.field("head") == number)
        names = [name for name in SCORES.schema.names if name in ("row", "layer", "head") or measures is None or name in measures]
        return self._of_shown_records(self._table(SCORES, chosen, names), names)

    def columns(self, row: int, threshold: float | None = None) -> Columns:
        """Column weights of all heads of one record, shape (layers, heads, L).

        Parameters
        ----------
        row : int
            Number of the record in the file, from 1.
        threshold : float, optional
            One of those that were kept; by default that of the scores, or the only one.

        Raises
        ------
        BatchError
            No such record, one that failed, a threshold that was not kept, or a damaged file.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        settings = self.scored
        threshold = self._kept(threshold)
        record = self._record(row)
        file = part_folder(self.folder, record["part"]) / COLUMNS.file
        try:
            table = pq.read_table(
                file, schema=COLUMNS.schema, filters=[("row", "=", row), ("threshold", "=", threshold)], partitioning=None
            )
        except (pa.ArrowException, OSError) as error:
            raise _damaged(file) from error
        shape = (settings.layers, settings.heads, int(record["length"]))
        if len(table) != shape[0] * shape[1]:
            raise _damaged(file)
        table = table.sort_by([("layer", "ascending"), ("head", "ascending")])
        weights, arcs = (table[name].combine_chunks().flatten().to_numpy() for name in ("weights", "arcs"))
        return Columns(weights.reshape(shape).astype(np.float64), arcs.reshape(shape).astype(np.int64), threshold)

    def _kept(self, threshold: float | None) -> float:
        settings = self.scored
        if threshold is None:
            threshold = settings.threshold if settings.threshold in settings.thresholds else settings.thresholds[0]
        if threshold not in settings.thresholds:
            kept = ", ".join(f"{value:g}" for value in settings.thresholds)
            raise BatchError(f"Column weights above {threshold:g} were not kept; there are those above {kept}.")
        return threshold

    def _record(self, row: int) -> dict:
        found = self.sequences[self.sequences["row"] == row]
        if found.empty:
            raise BatchError(f"{self.folder} has no record {row}; it has {len(self.sequences)} of {self.metadata.records}.")
        record = found.iloc[0].to_dict()
        if isinstance(record["error"], str):
            raise BatchError(f"Record {row} ({record['name']}) was not computed: {record['error']}")
        return record

    def _of_shown_records(self, frame: "pd.DataFrame", names: Sequence[str]) -> "pd.DataFrame":
        """Rows that belong to the records as `sequences` shows them, with their names."""
        shown = self.sequences.loc[self.sequences["error"].isna(), ["row", "part", "name"]]
        # Behind the number of the record a table is sorted by its key, where it has one; the order within a record is that of its part.
        order = [name for name in ("row", "layer", "head") if name in frame]
        joined = frame.merge(shown, on=["row", "part"]).sort_values(order, kind="stable").reset_index(drop=True)
        return joined[["row", "name", *(name for name in names if name != "row")]]

    def _table(self, table: Table, chosen: "pc.Expression | None" = None, names: Sequence[str] | None = None) -> "pd.DataFrame":
        """Rows of a table of all parts, with the name of the part; of all columns, or of those that are named."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        files = part_files(self.folder, table.file)
        part = pa.schema([("part", pa.string())])
        try:
            dataset = ds.dataset(
                [str(file) for file in files],
                schema=pa.unify_schemas([table.schema, part]),
                format="parquet",
                partitioning=ds.partitioning(part, flavor="hive"),
                partition_base_dir=str(self.folder),
            )
            return dataset.to_table(columns=None if names is None else [*names, "part"], filter=chosen).to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(_first_damaged(files)) from error


def open_batch(folder: str | Path) -> BatchResults:
    """The results in a folder that was given to ``batch --out``; it may still be written.

    Raises
    ------
    BatchError
        It is no such folder, or of another format.

    Examples
    --------
    >>> results = open_batch("results")  # doctest: +SKIP
    >>> results.scores(head=(3, 6)).nsmallest(10, "q_value")  # doctest: +SKIP
    """
    return BatchResults(Path(folder), read_metadata(Path(folder)))


def _first_damaged(files: list[Path]) -> Path | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for file in files:
        try:
            pq.read_table(file, partitioning=None)
        except (pa.ArrowException, OSError):
            return file
    return None


def _damaged(file: Path | None) -> BatchError:
    if file is None:
        return BatchError("The batch changed while it was read; read it again.")
    return BatchError(f"{file} is damaged; delete its folder and run the same batch again, which computes its records anew.")
