import io

import numpy as np
import pandas as pd

from allo_core.export import predicted_csv
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein
from tests.ui.predictors import small_predictor

A2A = find_receptor("AA2AR")


def test_the_table_is_in_the_order_of_the_sequence():
    values = np.random.default_rng(0).uniform(size=412)
    table = pd.read_csv(io.StringIO(predicted_csv(A2A.protein, A2A.numbers, values, small_predictor())))
    assert table["number"].tolist() == list(range(1, 413))
    assert "".join(table["residue"]) == A2A.protein.sequence
    np.testing.assert_allclose(table["probability"], values, rtol=1e-12)
    assert table["rank"].iloc[values.argmax()] == 1
    assert table.loc[51, "ballesteros_weinstein"] == 2.50
    assert table["training_receptors"].unique().tolist() == ["CCR9 GRM1"]


def test_a_name_is_no_formula_and_unknown_numbers_are_empty():
    text = predicted_csv(Protein("=1+1", "ACDEF", 7), None, np.linspace(0, 1, 5), small_predictor())
    table = pd.read_csv(io.StringIO(text))
    assert table["protein"].unique().tolist() == ["'=1+1"]
    assert table["number"].tolist() == [7, 8, 9, 10, 11]
    assert table[["gpcrdb", "segment"]].isna().all(axis=None)
