"""The table of predicted sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allo_core.export.tables import cell, residue_columns
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's errors need not wait for numpy
    import numpy as np
    from jaxtyping import Float64

    from allo_core.prediction.predictor import SitePredictor

__all__ = ["predicted_csv"]


def predicted_csv(
    protein: Protein, numbers: ResidueNumbers | None, probabilities: Float64[np.ndarray, " L"], predictor: SitePredictor
) -> str:
    """CSV text of all residues in the order of the sequence; what is not known is empty.

    The last columns are the same in every row: protein, model, weights_sha256, training_receptors.

    Parameters
    ----------
    protein : Protein
        Its name is text from outside and is made harmless for a spreadsheet.
    numbers : ResidueNumbers or None
    probabilities : ndarray, dtype=float64, shape=(L,)
    predictor : SitePredictor
        That gave them.
    """
    import pandas as pd

    rank = pd.Series(probabilities).rank(ascending=False, method="first").astype(int)
    return pd.DataFrame(
        {
            **residue_columns(protein, numbers),
            "probability": probabilities,
            "rank": rank,
            "protein": cell(protein.name),
            "model": predictor.model_id,
            "weights_sha256": predictor.weights_sha256,
            "training_receptors": " ".join(one.receptor for one in predictor.training),
        }
    ).to_csv(index=False, lineterminator="\n")
