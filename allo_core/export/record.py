"""The record of how a table of heads was made."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.residues import residue_label
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.attention.scores import HeadScores
    from allo_core.runs.meta import RunMeta

__all__ = ["CAUTIONS", "run_record"]

CAUTIONS = ("The model read the sequence alone; it never saw a structure.", "Attention is not evidence of mechanism.")

# key -> what is measured, the set whose residues ask (None: all residues), the set that is looked at
_MEASURES = {
    "A": ("attention on set A", None, "A"),
    "B": ("attention on set B", None, "B"),
    "AB": ("coupling A -> B: how much of what set A looks at lies in set B", "A", "B"),
    "BA": ("coupling B -> A: how much of what set B looks at lies in set A", "B", "A"),
}


def run_record(
    meta: "RunMeta",
    protein: Protein,
    sets: Mapping[str, tuple[int, ...]],
    numbers: ResidueNumbers | None,
    measure: str,
    threshold: float,
    scores: "HeadScores",
    structure: dict | None = None,
) -> str:
    """JSON text that names everything a reader needs to repeat the scores.

    Parameters
    ----------
    meta : RunMeta
        That of the run (model, weights' sha256, source and licence, versions, device, dtype).
    protein : Protein
    sets : mapping of str to tuple of int
        The named residue sets, 0-based; a set may be empty.
    numbers : ResidueNumbers or None
    measure : {"A", "B", "AB", "BA"}
        What the scores are of: attention on set A or B, or coupling A -> B or B -> A.
    threshold : float
    scores : HeadScores
    structure : dict, optional
        Facts about the structure shown beside the scores, plain JSON values.

    Raises
    ------
    KeyError
        For another measure.
    """
    meaning, queries, sites = _MEASURES[measure]
    labels = {name: [residue_label(protein, index, numbers) for index in indices] for name, indices in sets.items()}
    run = asdict(meta)
    del run["protein_name"]  # what the first person who ran this sequence called it
    record = {
        "alloscope": __version__,
        "cautions": list(CAUTIONS),
        "run": run | {"key": meta.key},
        "protein": {"name": protein.name, "sequence": protein.sequence, "first": protein.first},
        "sets": labels,
        "measure": {"key": measure, "meaning": meaning, "queries": queries, "sites": sites},
        "sites": [residue_label(protein, index, numbers) for index in scores.sites],
        "n_sites": scores.n_sites,
        "numbers_from": None if numbers is None else {"receptor": numbers.receptor, "identity": round(numbers.identity, 4)},
        "threshold": threshold,
        "null": scores.null,
        "strata": _strata(scores.sites, numbers) if scores.null == "matched" and numbers is not None else None,
        "draws": scores.draws,
        "seed": scores.seed,
        "smallest_q": None if math.isnan(scores.smallest_q) else scores.smallest_q,
        "structure": structure,
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _strata(sites: tuple[int, ...], numbers: ResidueNumbers) -> dict:
    """How many strata the residues were drawn within, and that of each scored residue."""
    strata = numbers.strata()
    return {"count": len(set(strata)), "of_sites": [strata[index] for index in sites]}
