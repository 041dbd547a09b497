"""All folds of a protein beside one structure of it, each with what it gains over the average of its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.family_average import family_average
from allo_core.folding.fold import Fold
from allo_core.folding.judged import Judgement, judge
from allo_core.structure.compare import lddt_per_residue
from allo_core.structure.superpose import superpose

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["ComparedFold", "ComparedResidues", "average_beside", "compare_folds", "compare_residues", "flattered"]


@dataclass(frozen=True, eq=False)
class ComparedFold:
    """A fold beside a structure.

    Parameters
    ----------
    fold : Fold
    judged : Judgement
    average : Judgement or None
        Of the average of the class in the same state, or in any where there is none; None of an average itself.
    itself : str
        Why the numbers flatter the fold, in one sentence; "" where they do not.
    """

    fold: Fold
    judged: Judgement
    average: Judgement | None
    itself: str

    @property
    def gain_tm(self) -> float:
        """TM-score beyond that of the average; NaN of an average itself, and where there is none."""
        return float("nan") if self.average is None else self.judged.tm - self.average.tm

    @property
    def gain_lddt(self) -> float:
        """The same of lDDT."""
        return float("nan") if self.average is None else self.judged.lddt - self.average.lddt

    @property
    def sentence(self) -> str:
        """What it gains over the average or loses to it; that it loses stands first."""
        if self.average is None:
            return "It is the baseline." if self.fold.origin == "family" else "There is no family average to compare it with."
        gains = {"lDDT": self.gain_lddt, "TM-score": self.gain_tm}
        lost = [f"{name} ({gain:+.3f})" for name, gain in gains.items() if gain < 0]
        won = [f"{name} ({gain:+.3f})" for name, gain in gains.items() if gain >= 0]
        told = [f"It is worse than the family average by {' and '.join(lost)}."] if lost else []
        return " ".join([*told, *([f"It gains over the family average by {' and '.join(won)}."] if won else [])])


@dataclass(frozen=True, eq=False)
class ComparedResidues:
    """Each residue of a fold beside a structure; L residues, NaN where either has no place.

    Parameters
    ----------
    lddt : ndarray, dtype=float64, shape=(L,)
    distance : ndarray, dtype=float64, shape=(L,)
        Å between both CA, after the fold was laid on the structure.
    placed : ndarray, dtype=float64, shape=(L, 3)
        CA of the fold, Å, in the coordinates of the structure.
    """

    lddt: Float64[np.ndarray, " L"]
    distance: Float64[np.ndarray, " L"]
    placed: Float64[np.ndarray, "L 3"]


def compare_folds(folds: Mapping[str, Fold], reference_xyz: Float[np.ndarray, "L 3"], entry: str = "") -> dict[str, ComparedFold]:
    """Judge folds of one protein by one structure of it.

    Parameters
    ----------
    folds : mapping of str to Fold
    reference_xyz : ndarray, dtype=float, shape=(L, 3)
        CA in Å; NaN where the structure shows no residue.
    entry : str
        PDB entry of the structure; "" where it has none.

    Raises
    ------
    FoldError
        The structure shows fewer than 50 residues that can be judged.
    """
    averages: dict[str, Judgement] = {}  # each is beside several folds, and one of them itself

    def judged(fold: Fold) -> Judgement:
        if fold.origin != "family":
            return judge(fold, reference_xyz)
        if fold.name not in averages:
            averages[fold.name] = judge(fold, reference_xyz)
        return averages[fold.name]

    found = {}
    for name, fold in folds.items():
        average = average_beside(fold)
        found[name] = ComparedFold(fold, judged(fold), None if average is None else judged(average), flattered(fold, entry))
    return found


def average_beside(fold: Fold) -> Fold | None:
    """The average that a fold has to beat: of the same state, or of any; None of an average, and where the class has none."""
    if fold.origin == "family":
        return None
    for state in dict.fromkeys((fold.state, None)):
        try:
            return family_average(fold.protein, state)
        except FoldError:
            continue
    return None


def compare_residues(fold: Fold, reference_xyz: Float[np.ndarray, "L 3"]) -> ComparedResidues:
    """Each residue of a fold beside a structure of the same protein.

    Parameters
    ----------
    fold : Fold
    reference_xyz : ndarray, dtype=float, shape=(L, 3)
        CA in Å; NaN where the structure shows no residue.

    Raises
    ------
    StructureError
        Fewer than 30 residues have a place in both.
    """
    names = [str(index) for index in range(len(fold.protein))]
    placed = superpose(fold.xyz, names, reference_xyz, names).placement.apply(fold.xyz)
    return ComparedResidues(lddt_per_residue(fold.xyz, reference_xyz), np.linalg.norm(placed - reference_xyz, axis=1), placed)


def flattered(fold: Fold, entry: str, advice: str = "choose another structure") -> str:
    """Why the numbers of a fold beside an entry flatter it, in one sentence; "" where they do not.

    Parameters
    ----------
    fold : Fold
    entry : str
        PDB entry of the structure; "" where it has none.
    advice : str
        What to do where the structure is the template of the fold.
    """
    if entry and entry in fold.sources:
        return f"{entry} is the template itself, so this judges nothing; {advice}."
    if fold.receptor and fold.receptor in fold.sources:
        return f"Structures of {fold.receptor} itself are in this fold, so the numbers flatter it; the expected ones were held out."
    return ""
