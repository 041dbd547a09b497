"""The tables of the task scores: columns and scores of all heads, and what the table of sequences says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allo_core.batch.layout import Table

if TYPE_CHECKING:  # the terminal's options need not wait for them
    import numpy as np
    import pandas as pd
    import pyarrow as pa

__all__ = ["COLUMNS", "SCORES", "ScoreResult", "sequence_fields"]


def sequence_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("receptor", pa.string()),  # of the library, that generic numbers come from
        ("identity", pa.float64()),  # to that receptor, 0 to 1
        ("sites", pa.string()),  # the residues that were scored, "D52 S91"
    ]


def _head_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [("row", pa.int32()), ("layer", pa.int16()), ("head", pa.int16())]


def _column_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [*_head_fields(), ("threshold", pa.float64()), ("weights", pa.list_(pa.float32())), ("arcs", pa.list_(pa.uint16()))]


def _score_fields() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    measures = ("impact", "impact_count", "impact_arcs", "enrichment", "snr", "p_value", "q_value")
    return [
        *_head_fields(),
        *((name, pa.float64()) for name in measures),
        ("n_arcs", pa.int64()),
        ("residues_hit", pa.int64()),
        ("flags", pa.string()),
        ("attention_on_site", pa.float64()),
        ("expected", pa.float64()),
        ("null", pa.string()),
        ("threshold", pa.float64()),
        ("n_sites", pa.int32()),
    ]


# One row a record, threshold, layer and head; one a record, layer and head, only where sites were asked for.
COLUMNS, SCORES = Table("columns", _column_fields, streamed=True), Table("scores", _score_fields)


@dataclass(frozen=True, eq=False)
class ScoreResult:
    """Columns and scores of one sequence.

    Parameters
    ----------
    thresholds : tuple of float
    weights : ndarray, dtype=float32, shape=(thresholds, layers, heads, L)
    arcs : ndarray, dtype=uint16, shape=(thresholds, layers, heads, L)
    scores : DataFrame or None
        `HeadScores.frame` with the columns null, threshold and n_sites; None where no sites were asked for, or ``lacks`` says why not.
    receptor, identity : str or None, float or None
        Where generic numbers come from; None without sites, and where no receptor is near enough.
    sites : str or None
        The residues that were scored, with their letters.
    lacks : str or None
        Why there are no scores.
    """

    thresholds: tuple[float, ...]
    weights: "np.ndarray"
    arcs: "np.ndarray"
    scores: "pd.DataFrame | None" = None
    receptor: str | None = None
    identity: float | None = None
    sites: str | None = None
    lacks: str | None = None

    def described(self) -> dict[str, object]:
        return {"receptor": self.receptor, "identity": self.identity, "sites": self.sites}

    def tables(self, row: int) -> "Iterator[tuple[Table, pa.Table]]":
        import pyarrow as pa

        # One row group a record and threshold: a reader finds them by their statistics.
        for at, threshold in enumerate(self.thresholds):
            yield COLUMNS, _columns_table(row, threshold, self.weights[at], self.arcs[at])
        if self.scores is not None:
            yield SCORES, pa.Table.from_pandas(self.scores.assign(row=row), SCORES.schema, preserve_index=False)

    def array(self) -> None:
        return None


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
    return pa.table(content, COLUMNS.schema)
