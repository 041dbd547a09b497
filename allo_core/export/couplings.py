"""Which G protein families a receptor couples to and which stretches say so, as a table and as a record."""

import json
from typing import TYPE_CHECKING

from allo_core import __version__
from allo_core.export.tables import cell
from allo_core.interaction.coupling_models import shipped_models
from allo_core.interaction.coupling_sentences import shown_probabilities
from allo_core.interaction.coupling_table import COUPLING_SOURCE, families, reported
from allo_core.library.sites import receptor_of

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    from allo_core.interaction.coupling_answer import CouplingAnswer

__all__ = ["coupling_record", "stretches_csv"]


def stretches_csv(answer: "CouplingAnswer") -> str:
    """CSV text with a row for each family, way of weighing and stretch of the receptor; empty where the receptor lacks the stretch."""
    import pandas as pd

    rows = [
        {
            "receptor": cell(answer.protein.name), "family": family.name, "weighed_by": by, "stretch": name,
            "first": int(residues[0]) + answer.protein.first if len(residues) else None,
            "last": int(residues[-1]) + answer.protein.first if len(residues) else None,
            "residues": len(residues), "value": value, "chance": stretches.chance, "unit": stretches.unit,
        }
        for by, stretches in answer.stretches.items()
        for family, values in zip(families(), stretches.values, strict=True)
        for name, residues, value in zip(stretches.names, stretches.residues, values, strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(rows).astype({"first": "Int64", "last": "Int64"})
    return table.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def coupling_record(answer: "CouplingAnswer") -> str:
    """JSON: the receptor, what is reported, what each model says and how it does beside chance, and under which terms."""
    receptor = receptor_of(answer.protein)
    told = None if receptor is None else reported(receptor.entry)
    cards = {one.key: one.card for one in shipped_models()}
    models = [
        {
            "name": one.name, "rank": one.rank, "of": one.methods, "left_out": one.known == answer.protein.name,
            "probabilities": dict(zip((family.name for family in families()), shown_probabilities(one, answer.protein.name), strict=True)),
            "nearest_learnt_from": one.known or None, "identity": one.identity or None,
            "mean_auc": cards[one.key].comparison[0].measures.get("mean AUC"), "split": cards[one.key].split,
            "parameters_sha256": cards[one.key].parameters_sha256, "licence": cards[one.key].licence,
        }
        for one in answer.predictions
    ]  # fmt: skip
    facts = {
        "alloscope": __version__, "protein": answer.protein.name, "sequence": answer.protein.sequence, "first": answer.protein.first,
        "reported": None if told is None else list(told), "reported_by": COUPLING_SOURCE, "language_model": cards["linear"].model_id,
        "weights_sha256": cards["linear"].weights_sha256, "models": models,
        "gradients_miss": dict(zip((family.name for family in families()), answer.gaps.tolist(), strict=True)),
    }  # fmt: skip
    return json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
