"""What users take away."""

import csv
import io
import json

import numpy as np
import pytest

from allo_core.attention.columns import Columns
from allo_core.attention.run_meta import RunMeta
from allo_core.attention.scores import score_heads
from allo_core.export import printable, run_record, scores_csv
from allo_core.library import find_receptor

A2A = find_receptor("AA2AR")
SITES = (51, 90, 279)


def scores_of(null="uniform", threshold=0.3, arcs_each=2, seed=3):
    """Scores of 2 x 3 heads over A2A with random columns."""
    weights = np.random.default_rng(0).random((2, 3, len(A2A.protein)))
    strata = A2A.numbers.strata() if null == "matched" else None
    return score_heads(Columns(weights, np.full(weights.shape, arcs_each), threshold), SITES, null, strata, draws=50, seed=seed)


def record_of(scores, numbers=A2A.numbers):
    """The record as read by a strict JSON parser."""

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    meta = RunMeta(
        model_id="antiberty", weights_sha256="0" * 64, weights_source="bundled", licence="MIT", protein_name="AA2AR",
        sequence=A2A.protein.sequence, dtype="float32", device_type="cpu", versions={}, layers=2, heads=3, created="", seconds=0.1,
    )  # fmt: skip
    return json.loads(run_record(meta, A2A.protein, SITES, numbers, scores.threshold, scores), parse_constant=refuse)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_table_says_how_it_was_made():
    scores = scores_of(threshold=0.25)
    rows = rows_of(scores_csv(scores, "antiberty", "AA2AR"))
    assert list(rows[0]) == [*scores.frame.columns, "null", "threshold", "model", "protein", "n_sites"]
    assert len(rows) == 6
    assert {tuple(row.values())[-5:] for row in rows} == {("uniform", "0.25", "antiberty", "AA2AR", "3")}
    assert [float(row["snr"]) for row in rows] == pytest.approx(scores.frame["snr"].tolist())
    assert "null" not in scores.frame


def test_undefined_values_are_empty_in_the_table():
    assert {row["p_value"] for row in rows_of(scores_csv(scores_of("published"), "antiberty", "AA2AR"))} == {""}


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
    assert {row["protein"] for row in rows_of(scores_csv(scores_of(), "antiberty", name))} == {written}


def test_the_record_of_the_matched_null_names_the_strata():
    record = record_of(scores_of("matched"))
    strata = A2A.numbers.strata()
    assert record["strata"] == {"count": len(set(strata)), "of_sites": [strata[index] for index in SITES]}
    assert record["strata"]["of_sites"][0].startswith("TM2, ")
    assert (record["null"], record["seed"], record["draws"], record["n_sites"]) == ("matched", 3, 50, 3)


def test_the_record_of_the_uniform_null_has_no_strata():
    record = record_of(scores_of())
    assert (record["null"], record["strata"], record["threshold"]) == ("uniform", None, 0.3)
    assert record["sites"][0] == "D52 2.50 2x50"


@pytest.mark.parametrize(("null", "arcs_each"), [("published", 2), ("uniform", 0)])
def test_an_undefined_smallest_q_is_null(null, arcs_each):
    scores = scores_of(null, arcs_each=arcs_each)
    assert np.isnan(scores.smallest_q)
    assert record_of(scores)["smallest_q"] is None


def test_unprintable_characters_are_replaced():
    assert printable("Δ9 a\tb\x9b\u202e\ud800") == "Δ9 a?b???"
