"""A fold: a place for the CA of residues of one protein, with what it was made from and how sure it is of each residue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.averaging import PairDistances
from allo_core.folding.shipped import FoldState
from allo_core.library.nearest import NEAREST_IDENTITY, numbers_for
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float64

    from allo_core.folding.head_worth import ModelExpectation

__all__ = ["FEWEST_DRAWN", "OVER_RECEPTORS", "Fold", "confidence_at", "fold_numbers", "numbers_if_any", "require_drawn"]

FEWEST_DRAWN = 50  # residues: so many a structure must show to be laid on a sequence (`allo_core.structure.mapping`)
OVER_RECEPTORS = "over the receptors of the class"


@dataclass(frozen=True, eq=False)
class Fold:
    """CA positions of the residues of a protein that a method draws; it invents no others.

    Parameters
    ----------
    protein : Protein
        Of L residues.
    origin : str
        Which method: "family", "template", "model" or "esmfold".
    receptor_class : str
        "" where the protein has none, which only a fold of a model may have.
    state : {"active", "inactive"} or None
        That was asked for; None where any would do.
    name : str
        For people, short: ``"family average of class A (active)"``, ``"threaded on OPRX 8F7X (active)"``.
    method : str
        One sentence: what it was made from and what it cannot show.
    xyz : ndarray, dtype=float64, shape=(L, 3)
        CA, Å; NaN where a residue is not drawn.
    confidence : ndarray, dtype=float64, shape=(L,)
        1/(1 + sd), from 0 to 1; NaN where a residue is not drawn.  sd, in Å: of the distances of the residue to those within 15 Å, over
        what `sd_of` says.  It is no probability.
    attribution : str
        Whom the licence of its sources asks to name; "" where nobody.
    receptor : str
        Whose generic numbers were used; "" where there are none.
    sources : tuple of str
        Receptors whose structures are in it, and the PDB entry of a template.
    identity : float
        Of the protein with the template at generic numbers; NaN where there is no template.
    sd_of : str
        Over what the sd of the confidence is taken.
    expectation : ModelExpectation or None
        What folds of the same head reached; None for other methods, whose table ships (`allo_core.folding.calibration`).
    """

    protein: Protein
    origin: str
    receptor_class: str
    state: FoldState | None
    name: str
    method: str
    xyz: Float64[np.ndarray, "L 3"] = field(repr=False)
    confidence: Float64[np.ndarray, " L"] = field(repr=False)
    attribution: str
    receptor: str
    sources: tuple[str, ...] = field(repr=False)
    identity: float = float("nan")
    sd_of: str = OVER_RECEPTORS
    expectation: ModelExpectation | None = None

    @property
    def drawn(self) -> Bool[np.ndarray, " L"]:
        """Mask [L] of the residues that have a place."""
        return np.isfinite(self.xyz[:, 0])


def numbers_if_any(protein: Protein) -> ResidueNumbers | None:
    """The generic numbers of a protein; None where no receptor of the library is near enough, or the sources give that one none."""
    numbers = numbers_for(protein)
    return numbers if numbers is not None and any(numbers.gpcrdb) else None


def fold_numbers(protein: Protein) -> ResidueNumbers:
    """The generic numbers by which a protein is laid on others.

    Raises
    ------
    FoldError
        It has none: no receptor of the library is near enough, or the sources give that receptor none.
    """
    numbers = numbers_if_any(protein)
    if numbers is None:
        raise FoldError(
            f"{protein.name} has no generic numbers, by which residues are laid on other receptors: none of the numbered receptors has "
            f"{NEAREST_IDENTITY:.0%} of its residues; use an AlphaFold model or a structure of it."
        )
    return numbers


def confidence_at(average: PairDistances, numbers: ResidueNumbers, drawn: np.ndarray) -> Float64[np.ndarray, " L"]:
    """1/(1 + sd) of each residue by the spread of its class; ndarray, dtype=float64, shape=(L,).

    Parameters
    ----------
    average : PairDistances
    numbers : ResidueNumbers
        Of the L residues.
    drawn : ndarray, dtype=bool, shape=(L,)
        The others get NaN.
    """
    spread = np.array([average.spread[average.place[number]] if number in average.place else np.nan for number in numbers.gpcrdb])
    return np.where(drawn, 1 / (1 + spread), np.nan)


def require_drawn(xyz: np.ndarray, name: str, protein: Protein) -> None:
    """FoldError where a fold has places for fewer than 50 residues of a protein; `name` says which fold."""
    drawn = int(np.isfinite(xyz[:, 0]).sum())
    if drawn < FEWEST_DRAWN:
        raise FoldError(
            f"{name} places {drawn} residues of {protein.name}, and {FEWEST_DRAWN} are needed to tell where a residue lies; give the whole "
            "seven-helix domain."
        )
