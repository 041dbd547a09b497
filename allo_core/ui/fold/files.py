"""What can be taken away from the page Fold."""

import streamlit as st

from allo_core.export.folds import fold_residues_csv, folds_csv
from allo_core.folding.compared import ComparedResidues
from allo_core.folding.esmfold import kept_esmfold
from allo_core.folding.fold import Fold
from allo_core.folding.trace import trace_cif, trace_pdb
from allo_core.ui.fold.results import Judged
from allo_core.ui.shared.text import file_stem

__all__ = ["draw_files"]


def draw_files(fold: Fold, folds: dict[str, Fold], judged: Judged | None, residues: ComparedResidues | None) -> None:
    """The chosen fold as PDB and mmCIF, all folds and its residues as tables."""
    stem = f"alloscope_{file_stem(fold.protein.name)}_{file_stem(fold.name)}"
    compared = None if judged is None else judged.folds
    files = {
        "Structure, PDB": (lambda: _structure(fold, "pdb"), f"{stem}.pdb", "chemical/x-pdb"),
        "Structure, mmCIF": (lambda: _structure(fold, "cif"), f"{stem}.cif", "chemical/x-cif"),
        "All folds, CSV": (lambda: folds_csv(folds, compared), f"alloscope_{file_stem(fold.protein.name)}_folds.csv", "text/csv"),
        "Residues, CSV": (lambda: fold_residues_csv(fold, residues), f"{stem}_residues.csv", "text/csv"),
    }
    with st.container(horizontal=True):
        for label, (make, name, mime) in files.items():
            st.download_button(label, make, name, mime, key=f"fold_{label}", on_click="ignore", icon=":material/download:")


def _structure(fold: Fold, kind: str) -> str:
    folded = kept_esmfold(fold.protein) if fold.origin == "esmfold" else None
    if folded is not None:
        return folded.pdb_text if kind == "pdb" else folded.cif_text
    return trace_pdb(fold) if kind == "pdb" else trace_cif(fold)
