"""What users take away: the table of heads and the record of how it was made."""

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.residues import ResidueNumbers, residue_label
from allo_core.sequence import Protein

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    import pandas as pd

    from allo_core.attention.run_meta import RunMeta
    from allo_core.attention.scores import HeadScores

__all__ = ["printable", "run_record", "scores_csv", "table_of_heads"]

_FORMULA = ("=", "+", "-", "@")  # a spreadsheet computes a cell that starts with one of these


def printable(text: str) -> str:
    """The text with each character that a terminal would act on, a line break among them, replaced by a question mark."""
    return "".join(character if character.isprintable() else "?" for character in text)


def table_of_heads(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The heads by descending enrichment, those without a score and flagged ones last."""
    order = frame.assign(flagged=frame["flags"] != "")
    return order.sort_values(["flagged", "enrichment"], ascending=[True, False], na_position="last").drop(columns="flagged")


def scores_csv(scores: "HeadScores", model_id: str, protein_name: str) -> str:
    """CSV text of all heads in (layer, head) order; undefined values are empty.

    The last columns are the same in every row, so that tables of several runs can be put together: null, threshold, model, protein,
    n_sites.

    Parameters
    ----------
    scores : HeadScores
    model_id : str
    protein_name : str
        Text from outside: unprintable characters become question marks, and a name that a spreadsheet would take for a formula is
        preceded by an apostrophe.
    """
    name = printable(protein_name)
    settings = {
        "null": scores.null,
        "threshold": scores.threshold,
        "model": model_id,
        "protein": f"'{name}" if name.lstrip().startswith(_FORMULA) else name,
        "n_sites": scores.n_sites,
    }
    return scores.frame.assign(**settings).to_csv(index=False, lineterminator="\n")


def run_record(
    meta: "RunMeta", protein: Protein, sites: tuple[int, ...], numbers: ResidueNumbers | None, threshold: float, scores: "HeadScores"
) -> str:
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
        "n_sites": scores.n_sites,
        "numbers_from": None if numbers is None else {"receptor": numbers.receptor, "identity": round(numbers.identity, 4)},
        "threshold": threshold,
        "null": scores.null,
        "strata": _strata(sites, numbers) if scores.null == "matched" and numbers is not None else None,
        "draws": scores.draws,
        "seed": scores.seed,
        "smallest_q": None if math.isnan(scores.smallest_q) else scores.smallest_q,
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _strata(sites: tuple[int, ...], numbers: ResidueNumbers) -> dict:
    """How many strata the residues were drawn within, and that of each marked residue."""
    strata = numbers.strata()
    return {"count": len(set(strata)), "of_sites": [strata[index] for index in sites]}
