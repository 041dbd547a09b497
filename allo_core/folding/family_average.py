"""The average fold of a GPCR class, laid on the numbered residues of one protein.

It knows nothing of the protein but its generic numbers, so it is what every other fold of a receptor has to beat.
"""

from __future__ import annotations

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.averaging import PairDistances
from allo_core.folding.fold import Fold, confidence_at, fold_numbers, require_drawn
from allo_core.folding.shipped import ANY, FoldState, class_average
from allo_core.library.predicted import ATTRIBUTION
from allo_core.protein.sequence import Protein

__all__ = ["family_average", "fold_of_average"]

_SOURCE = {ANY: "AlphaFold models", "active": "active experimental structures", "inactive": "inactive experimental structures"}


def family_average(protein: Protein, state: FoldState | None = None) -> Fold:
    """The average fold of the class of a protein, at its residues with generic numbers.

    Mean distances of each pair of generic numbers, weighted by 1/(1 + sd)², are drawn by multidimensional scaling.

    Parameters
    ----------
    protein : Protein
    state : {"active", "inactive"}, optional
        By default the average of the AlphaFold models of the class, whose state is not labelled.

    Raises
    ------
    FoldError
        A sequence without generic numbers, a class and state with structures of fewer than five receptors, or too few residues.
    """
    numbers = fold_numbers(protein)
    return fold_of_average(protein, class_average(numbers.receptor_class, state or ANY), state)


def fold_of_average(protein: Protein, average: PairDistances, state: FoldState | None) -> Fold:
    """Lay averaged distances of the class of a protein on its residues.

    Parameters
    ----------
    protein : Protein
    average : PairDistances
    state : {"active", "inactive"} or None
        Of the structures that were averaged.

    Raises
    ------
    FoldError
        A sequence without generic numbers, too few residues, or an average whose hand cannot be told.
    """
    numbers = fold_numbers(protein)
    drawing = average.coordinates
    if drawing.hand != "right":
        raise FoldError(f"The average fold of class {numbers.receptor_class} may be a mirror image: {drawing.handedness.sentence}.")
    xyz = np.full((len(protein), 3), np.nan)
    for index, number in enumerate(numbers.gpcrdb):
        if number in average.place:
            xyz[index] = drawing.xyz[average.place[number]]
    name = f"family average of class {numbers.receptor_class} ({state or 'any state'})"
    require_drawn(xyz, f"The {name}", protein)
    method = (
        f"The average fold of class {numbers.receptor_class}: CA distances at each pair of generic numbers, averaged over "
        f"{_SOURCE[state or ANY]} of {len(average.receptors)} receptors and drawn by multidimensional scaling; it knows nothing of "
        f"{protein.name} but its generic numbers, and has no side chains and no residues without a number."
    )
    confidence = confidence_at(average, numbers, np.isfinite(xyz[:, 0]))
    attribution = "" if state else f"{ATTRIBUTION} (changed: averaged)"
    return Fold(
        protein, "family", numbers.receptor_class, state, name, method, xyz, confidence, attribution, numbers.receptor, average.receptors
    )  # fmt: skip
