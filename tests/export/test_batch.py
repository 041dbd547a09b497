"""What is taken away of a batch."""

import csv
import io
import json

import pytest

from allo_core.batch import open_batch
from allo_core.batch.summary import summarise
from allo_core.export import batch_heads_csv, batch_record, batch_sequences_csv
from tests.batch.planted import BEST, NAMES, plant, planted_settings


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    return open_batch(plant(tmp_path_factory.mktemp("batch") / "out", names=(*NAMES[:5], "\x1b[31msixth")))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_one_head_in_all_sequences(batch):
    rows = rows_of(batch_sequences_csv(batch, BEST))
    assert [row["row"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert [row["name"] for row in rows] == ["AA2AR", "<img src=x>*b*", "'=SUM(A1)", "fourth", "fifth", "?[31msixth"]
    assert {(row["layer"], row["head"]) for row in rows} == {("2", "6")}
    scores = batch.scores(BEST).set_index("row")
    for row in rows:
        if int(row["row"]) in scores.index:
            assert float(row["snr"]) == scores.loc[int(row["row"]), "snr"]
            assert row["n_arcs"] == "10"
        else:
            assert row["snr"] == row["n_arcs"] == ""
    assert rows[3]["error"] == "fourth is <b>too</b> long."
    assert rows[4]["no_scores"] == "no residue 2x50"
    assert {row["model"] for row in rows} == {"alloscope_gpcr_8m"}


def test_sequences_of_a_batch_without_scores(tmp_path):
    rows = rows_of(batch_sequences_csv(open_batch(plant(tmp_path / "out", planted_settings(sites=None)))))
    assert len(rows) == 6
    assert "snr" not in rows[0]
    assert rows[0]["length"] == "412"


def test_all_heads(batch):
    found = summarise(batch)
    rows = rows_of(batch_heads_csv(found, batch))
    assert len(rows) == 120
    assert {(row["sequences"], row["threshold"], row["file"]) for row in rows} == {("4", "0.1", "<i>mine</i>.fasta")}
    assert [int(row["passing"]) for row in rows] == found.frame["passing"].tolist()
    assert {row["median_snr"] for row in rows[:6]} == {""}


def test_the_record_says_how_it_was_made(batch):
    record = json.loads(batch_record(batch, summarise(batch)))
    assert (record["records"], record["read"], record["failed"], record["scored"]) == (6, 6, 1, 4)
    assert record["settings"] == batch.metadata.settings.to_json()
    assert any("homologues" in caution for caution in record["cautions"])
    assert json.loads(batch_record(batch, None))["scored"] == 0
