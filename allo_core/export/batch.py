"""What a batch gave, as tables and as the record of how it was made."""

import json
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.export.heads import DEFINITIONS
from allo_core.export.record import CAUTIONS
from allo_core.export.tables import cell

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    import pandas as pd

    from allo_core.batch.dataset import BatchResults
    from allo_core.batch.folder import Metadata
    from allo_core.batch.summary import BatchSummary
    from allo_core.heads.shares import HeadShares

__all__ = ["batch_heads_csv", "batch_looked_record", "batch_record", "batch_sequences_csv"]

# Of the table of sequences; the sequences themselves stand in the FASTA file.
_OF_EACH = ["row", "name", "sha256", "length", "receptor", "identity", "sites", "error", "no_scores", "notes"]


def batch_sequences_csv(results: "BatchResults", head: tuple[int, int] | None = None) -> str:
    """CSV text of all records in the order of the file; undefined values are empty.

    Parameters
    ----------
    results : BatchResults
    head : (layer, head), optional
        Whose scores stand beside each record.

    Raises
    ------
    BatchError
        As `BatchResults.scores`.
    """
    frame = results.sequences[_OF_EACH]
    if head is not None:
        frame = frame.merge(results.scores(head).drop(columns="name"), on="row", how="left")
        frame["layer"], frame["head"] = head
        whole = ["n_arcs", "residues_hit", "n_sites"]  # empty where a record has no scores, but still whole numbers elsewhere
        frame[whole] = frame[whole].astype("Int64")
    return _written(frame, results.metadata)


def batch_heads_csv(summary: "BatchSummary", results: "BatchResults") -> str:
    """CSV text of all heads in (layer, head) order, with what they were scored for; undefined values are empty."""
    settings = results.scored
    asked = {"sequences": len(summary.rows), "threshold": settings.threshold, "null": _null(settings.null), "sites": settings.sites}
    return _written(summary.frame.assign(**asked), results.metadata)


def batch_record(results: "BatchResults", summary: "BatchSummary | None") -> str:
    """JSON text that names everything a reader needs to repeat the batch.

    Raises
    ------
    BatchError
        A damaged file.
    """
    record = {
        "alloscope": __version__,
        "cautions": [*CAUTIONS, "The sequences are not independent: homologues count as often as they occur."],
        **_made(results),
        "scored": 0 if summary is None else len(summary.rows),
        "null": _null(results.scored.null),
        "settings": results.metadata.settings.to_json(),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def batch_looked_record(results: "BatchResults", shares: "HeadShares") -> str:
    """JSON text of what heads look at over a batch: what was counted, over how many sequences, by which model and definitions."""
    record = {
        "alloscope": __version__,
        "what": "heads over a batch",
        "property": shares.what.name,
        "values": list(shares.what.values),
        "note": shares.what.note,
        "definitions": DEFINITIONS,
        **_made(results),
        "known of": len(shares.receptors),
        "groups of homologues": shares.clusters,
        "settings": results.metadata.settings.to_json(),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _made(results: "BatchResults") -> dict[str, object]:
    metadata = results.metadata
    return {
        "file": metadata.file,
        "created": metadata.created,
        "runs": metadata.runs,
        "records": metadata.records,
        "read": len(results.sequences),
        "failed": len(results.failed),
    }


def _null(null: str | None) -> str:
    return null or "matched where generic numbers are known, else uniform"


def _written(frame: "pd.DataFrame", metadata: "Metadata") -> str:
    """The table with its model and file; all of its text is from outside."""
    frame = frame.assign(model=metadata.settings.model_id, file=metadata.file)
    text = {name: frame[name].map(cell, na_action="ignore") for name in frame.columns if not _is_number(frame[name])}
    return frame.assign(**text).to_csv(index=False, lineterminator="\n")


def _is_number(column: "pd.Series") -> bool:
    from pandas.api.types import is_numeric_dtype

    return is_numeric_dtype(column)
