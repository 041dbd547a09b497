"""The table of importance: a row for each method and token, ranks by size, and nothing that a spreadsheet computes."""

import csv
import io

import numpy as np

from allo_core.export.pairs import importance_csv

NAMES = ("A segment0", "A =1+1", "B TM1")


def test_rows_ranks_and_settings():
    methods = {"attention": np.array([0.2, 0.5, 0.3]), "gradients": np.array([-2.0, np.nan, 1.0])}
    text = importance_csv(NAMES, methods, {"attention": 1 / 3}, {"model": "=cmd", "seed": 3})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["method"], row["side"], row["token"], row["rank"]) for row in rows] == [
        ("attention", "A", "segment0", "3"),
        ("attention", "A", "'=1+1", "1"),
        ("attention", "B", "TM1", "2"),
        ("gradients", "A", "segment0", "1"),
        ("gradients", "A", "'=1+1", ""),
        ("gradients", "B", "TM1", "2"),
    ]
    assert rows[0]["chance"] == "0.333333"
    assert rows[3]["chance"] == ""
    assert rows[4]["importance"] == ""
    assert {(row["model"], row["seed"]) for row in rows} == {("'=cmd", "3")}
