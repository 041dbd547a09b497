"""The table of heads."""

import csv
import io

import numpy as np
import pytest

from allo_core.export import printable, scores_csv
from tests.export.made_scores import answer_of, scores_of


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_says_how_it_was_made():
    scores = scores_of(threshold=0.25)
    rows = rows_of(scores_csv(answer_of(scores, measure="AB")))
    assert list(rows[0]) == [*scores.frame.columns, "measure", "weighting", "null", "threshold", "model", "protein", "n_sites"]
    assert len(rows) == 6
    assert {tuple(row.values())[-7:] for row in rows} == {("AB", "attention", "uniform", "0.25", "antiberty", "AA2AR", "3")}
    assert [float(row["snr"]) for row in rows] == pytest.approx(scores.frame["snr"].tolist())
    assert "null" not in scores.frame
    assert {row["measure"] for row in rows_of(scores_csv(answer_of(scores)))} == {"A"}


def test_undefined_values_are_empty_in_the_table():
    scores = scores_of("published")
    assert np.isnan(scores.frame["p_value"]).all()
    assert {row["p_value"] for row in rows_of(scores_csv(answer_of(scores)))} == {""}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=HYPERLINK(0)", "'=HYPERLINK(0)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("a=1", "a=1"),
        ("sp|P29274|AA2AR_HUMAN", "sp|P29274|AA2AR_HUMAN"),
        ('a,"b"', 'a,"b"'),
        ("\x1b[31m\n", "?[31m?"),
    ],
)
def test_no_protein_name_is_a_formula(name, written):
    assert {row["protein"] for row in rows_of(scores_csv(answer_of(scores_of(), name)))} == {written}


def test_unprintable_characters_are_replaced():
    assert printable("Δ9 a\tb\x9b\u202e\ud800") == "Δ9 a?b???"
