import csv
import io

import numpy as np
import pytest

from allo_core.export.folds import fold_residues_csv, folds_csv, folds_table
from allo_core.folding.compared import compare_folds, compare_residues
from allo_core.folding.offers import fold_called
from allo_core.library.receptors import find_receptor

PROTEIN = find_receptor("P2RY1").protein
FOLDS = {name: fold_called(name, PROTEIN) for name in ("fold-template-any", "fold-family-any")}


def test_what_was_not_tested_or_has_no_gain_is_empty():
    untested = {"fold-family-any": fold_called("fold-family-any", find_receptor("TA2R1").protein)}
    (row,) = csv.DictReader(io.StringIO(folds_csv(untested)))
    assert row["expected_tm_median"] == row["expected_lddt_low"] == ""
    assert "tm" not in row
    table = folds_table(FOLDS, compare_folds(FOLDS, FOLDS["fold-template-any"].xyz))
    assert np.isnan(table.loc[1, "gain_lddt"])
    assert table.loc[0, "lddt"] == pytest.approx(1)


def test_residues_have_places_confidence_and_what_judges_them():
    fold = FOLDS["fold-family-any"]
    rows = list(csv.DictReader(io.StringIO(fold_residues_csv(fold, compare_residues(fold, FOLDS["fold-template-any"].xyz)))))
    assert len(rows) == len(PROTEIN)
    assert rows[0]["x"] == rows[0]["lddt"] == ""
    index = int(np.flatnonzero(fold.drawn & FOLDS["fold-template-any"].drawn)[100])
    assert float(rows[index]["x"]) == pytest.approx(fold.xyz[index, 0], abs=1e-4)
    assert 0 < float(rows[index]["lddt"]) <= 1
    assert "lddt" not in next(iter(csv.DictReader(io.StringIO(fold_residues_csv(fold)))))
