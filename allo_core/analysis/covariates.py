"""What of a residue may explain the attention that it receives: conservation, residue type, segment, burial, membrane depth."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.places import places_of
from allo_core.analysis.subject import Subject
from allo_core.errors import ScoreError
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:
    from jaxtyping import Float64  # the app need not wait for it

    from allo_core.attention.explained import Design

__all__ = ["BURIED_WITHIN", "covariates_of", "design_for"]

# Å between CB atoms.  Their number within 10 Å tells buried residues from exposed ones nearly as well as half-sphere exposure, which needs
# the direction of the side chain (Hamelryck, Proteins 59, 38 (2005), compares both with radii of 8 to 14 Å).
BURIED_WITHIN = 10.0
_FEWEST_HELICES = 3  # that tell where the membrane lies


def covariates_of(subject: Subject) -> dict[str, Float64[np.ndarray, "L k"]] | str:
    """Each covariate, ndarray, dtype=float64, shape=(L, k), NaN where it is not known; in words why there are none.

    - conservation: over the human receptors of the class, and over the receptor's orthologs;
    - residue type: one column each;
    - segment: helix or loop, one column each;
    - burial: other CB atoms (CA of glycine) within 10 Å;
    - membrane depth: distance in Å from the middle of the helices along the membrane normal, outwards, and its square.

    Positions are those of `places_of`, whatever structure is shown.  Residues without a generic number have no conservation.
    """
    numbers, places = subject.numbers, places_of(subject)
    if numbers is None:
        return "without generic numbers neither conservation nor segments are known"
    if places is None:
        return "no structure tells where the residues lie"
    from allo_core.attention.explained import levels
    from allo_core.structure.geometry import neighbour_counts
    from allo_core.structure.orient import helix_ends, upright

    if len(helix_ends(places.positions, numbers.segment)) < _FEWEST_HELICES:
        return f"fewer than {_FEWEST_HELICES} helices have positions, too few to tell where the membrane lies"
    depth = upright(places.positions, numbers.segment).apply(places.positions)[:, 1]
    numbered = np.where(np.isfinite(numbers.family_conservation), np.array(numbers.segment), "")
    return {
        "conservation": np.column_stack([numbers.family_conservation, numbers.ortholog_conservation]),
        "residue type": levels(np.array(list(subject.protein.sequence))),
        "segment": levels(numbered),
        "burial": neighbour_counts(places.positions, BURIED_WITHIN)[:, None],
        "membrane depth": np.column_stack([depth, depth**2]),
    }


def design_for(subject: Subject) -> Design | str:
    """The covariates made ready for `explain`; in words why they are not.  Asking again costs nothing."""
    return _design(subject.protein)


@lru_cache(maxsize=32)
def _design(protein: Protein) -> Design | str:
    from allo_core.attention.explained import design_of

    covariates = covariates_of(Subject.of(protein))
    if isinstance(covariates, str):
        return covariates
    try:
        return design_of(covariates)
    except ScoreError as error:
        return str(error).rstrip(".")
