"""What users take away: the table of heads and the record of how it was made."""

import json
from dataclasses import asdict

import pandas as pd

from allo_core import __version__
from allo_core.residues import ResidueNumbers, residue_label
from allo_core.sequence import Protein

__all__ = ["run_record", "scores_csv", "table_of_heads"]


def table_of_heads(frame: pd.DataFrame) -> pd.DataFrame:
    """The heads by descending enrichment, those without a score and flagged ones last."""
    order = frame.assign(flagged=frame["flags"] != "")
    return order.sort_values(["flagged", "enrichment"], ascending=[True, False], na_position="last").drop(columns="flagged")


def scores_csv(frame: pd.DataFrame) -> str:
    """CSV text of all heads in (layer, head) order; undefined values are empty."""
    return frame.to_csv(index=False, lineterminator="\n")


def run_record(meta, protein: Protein, sites: tuple[int, ...], numbers: ResidueNumbers | None, threshold: float, scores) -> str:
    """JSON text that names everything a reader needs to repeat the scores.

    Parameters
    ----------
    meta : RunMeta
        That of the run (model, weights' sha256, source and licence, versions, device, dtype).
    protein, sites, numbers, threshold
        What was scored.
    scores : HeadScores
    """
    record = {
        "alloscope": __version__,
        "run": asdict(meta) | {"key": meta.key},
        "protein": {"name": protein.name, "sequence": protein.sequence, "first": protein.first},
        "sites": [residue_label(protein, index, numbers) for index in sites],
        "numbers_from": None if numbers is None else {"receptor": numbers.receptor, "identity": round(numbers.identity, 4)},
        "threshold": threshold,
        "null": scores.null,
        "draws": scores.draws,
        "smallest_q": scores.smallest_q,
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
