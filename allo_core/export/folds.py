"""Folds of a protein as tables."""

from collections.abc import Mapping

import pandas as pd

from allo_core.export.tables import cell, residue_columns
from allo_core.folding.calibration import Range, expected
from allo_core.folding.compared import ComparedFold, ComparedResidues
from allo_core.folding.fold import Fold
from allo_core.library.nearest import numbers_for

__all__ = ["fold_residues_csv", "folds_csv", "folds_table"]

_QUANTILES = ("low", "median", "high")


def folds_table(folds: Mapping[str, Fold], compared: Mapping[str, ComparedFold] | None = None) -> pd.DataFrame:
    """One row a fold: what it is, what to expect of it, and how good it is beside a structure.

    Expected numbers are the 10 % quantile, the median and the 90 % quantile; what was not tested is empty, never 0.

    Parameters
    ----------
    folds : mapping of str to Fold
    compared : mapping of str to ComparedFold, optional
        The same folds beside a structure.
    """
    rows = []
    for name, fold in folds.items():
        quality = expected(fold)
        row: dict[str, object] = {"method": cell(fold.name), "state": fold.state or "any", "placed": int(fold.drawn.sum())}
        row |= _range("expected_tm", quality.tm) | _range("expected_lddt", quality.lddt)
        if compared is not None:
            one = compared[name]
            row |= {"lddt": one.judged.lddt, "gain_lddt": one.gain_lddt, "tm": one.judged.tm, "gain_tm": one.gain_tm}
            row |= {"gdt_ts": one.judged.gdt_ts, "gdt_ha": one.judged.gdt_ha, "rmsd": one.judged.rmsd, "note": one.itself}
        rows.append(row)
    return pd.DataFrame(rows)


def folds_csv(folds: Mapping[str, Fold], compared: Mapping[str, ComparedFold] | None = None) -> str:
    """`folds_table` as CSV; parameters as there."""
    return folds_table(folds, compared).to_csv(index=False, lineterminator="\n")


def fold_residues_csv(fold: Fold, residues: ComparedResidues | None = None) -> str:
    """One row a residue: numbers, CA in Å, confidence, and beside a structure lDDT and the distance in Å after superposition.

    Parameters
    ----------
    fold : Fold
    residues : ComparedResidues, optional
    """
    table = pd.DataFrame(residue_columns(fold.protein, numbers_for(fold.protein)))
    table[["x", "y", "z"]] = fold.xyz
    table["confidence"] = fold.confidence
    if residues is not None:
        table["lddt"], table["distance"] = residues.lddt, residues.distance
    return table.to_csv(index=False, lineterminator="\n", float_format="%.4f")


def _range(name: str, quality: Range | None) -> dict[str, object]:
    return {f"{name}_{part}": None if quality is None else getattr(quality, part) for part in _QUANTILES}
