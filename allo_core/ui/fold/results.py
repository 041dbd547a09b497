"""The folds of a protein, and what they are beside a structure of it.  Kept for the next rerun."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from allo_core.folding.compared import ComparedFold, ComparedResidues, average_beside, compare_folds, compare_residues
from allo_core.folding.esmfold import kept_esmfold
from allo_core.folding.fold import Fold
from allo_core.folding.offers import ESMFOLD_FOLD, fold_called, offered_folds
from allo_core.protein.sequence import Protein
from allo_core.structure.geometry import ca_positions
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["Judged", "beside_structure", "folds_here", "judging", "residues_of"]


class Judged(NamedTuple):
    """A structure by which folds are judged: its name, CA [L, 3] in the coordinates of its scene, and every fold beside it."""

    name: str
    ca: np.ndarray
    folds: dict[str, ComparedFold]


def folds_here(protein: Protein) -> dict[str, Fold]:
    """Name -> fold, the most trusted first: ESMFold's where it is kept, then those that are drawn by generic number."""
    found: dict[str, Fold] = {}
    folded = kept_esmfold(protein)
    if folded is not None:
        found[ESMFOLD_FOLD] = folded.as_fold()
    return found | {name: fold_called(name, protein) for name in offered_folds(protein)}


def judging(loaded: LoadedStructure | None) -> LoadedStructure | None:
    """The structure of a view as what judges; None where none is shown, or a fold, which judges nothing."""
    return None if loaded is None or loaded.fold is not None else loaded


def beside_structure(loaded: LoadedStructure, protein: Protein, folds: dict[str, Fold]) -> Judged:
    """Every fold beside a structure.

    Raises
    ------
    FoldError
        The structure shows too few residues to judge by.
    """
    return _judged((loaded.key, loaded.mapping.chain, protein, tuple(folds)), loaded, folds)


@st.cache_resource(max_entries=8, show_spinner="Judging the folds")
def _judged(key: tuple, _loaded: LoadedStructure, _folds: dict[str, Fold]) -> Judged:
    protein = key[2]
    ca = _loaded.scene.placement.apply(ca_positions(_loaded.structure, _loaded.mapping, len(protein)))
    entry = _loaded.name if _loaded.ref.kind == "entry" else ""
    return Judged(_loaded.name, ca, compare_folds(_folds, ca, entry))


def residues_of(judged: Judged, name: str) -> tuple[ComparedResidues, ComparedResidues | None]:
    """Each residue of a fold beside the structure, and of the average that it has to beat."""
    fold = judged.folds[name].fold
    average = average_beside(fold)
    return compare_residues(fold, judged.ca), None if average is None else compare_residues(average, judged.ca)
