"""All heads over the sequences of a batch, against plain pandas."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from allo_core.batch import open_batch
from allo_core.batch.summary import FEW_SEQUENCES, summarise
from allo_core.errors import BatchError
from tests.batch.planted import BEST, plant, planted_settings

HEADS = ["layer", "head"]


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    return open_batch(plant(tmp_path_factory.mktemp("batch") / "out"))


def median(values: pd.Series) -> float:
    """As it is defined: what has no value is below all others."""
    found = values.fillna(-np.inf).median()
    return found if np.isfinite(found) else np.nan


def test_counts_and_medians_are_those_of_pandas(batch):
    found, scores = summarise(batch), batch.scores()
    assert found.rows.tolist() == [1, 2, 3, 6]
    groups = scores.groupby(HEADS)
    has_arcs = scores["n_arcs"] >= 10
    tested = scores[has_arcs].groupby(HEADS)
    frame = found.frame.set_index(HEADS)
    np.testing.assert_array_equal(frame["tested"], has_arcs.groupby([scores["layer"], scores["head"]]).sum())
    assert (frame["tested"] > groups["q_value"].count()).any()  # where nothing is on the site there is no q, and the head is tested
    np.testing.assert_array_equal(frame["passing"], groups["q_value"].agg(lambda q: (q < 0.05).sum()))
    np.testing.assert_allclose(frame["share_passing"], frame["passing"] / 4)
    expected = tested["snr"].agg(median).reindex(frame.index)
    np.testing.assert_allclose(frame["median_snr"], expected, rtol=1e-12)
    log2 = scores.assign(log2=np.log2(scores["enrichment"]))[has_arcs].groupby(HEADS)["log2"].agg(median)
    np.testing.assert_allclose(frame["median_log2_enrichment"], log2.reindex(frame.index), rtol=1e-12)
    assert expected.isna().sum() > 3  # heads that are silent in most sequences, or tested in none
    assert ((frame["flags"] == FEW_SEQUENCES) == (frame["tested"] < 2)).all()
    assert (frame["flags"] == FEW_SEQUENCES).any()
    assert found.best_head() == BEST


def test_matrices_hold_one_row_a_sequence(batch):
    found, scores = summarise(batch), batch.scores()
    for at, row in enumerate(found.rows):
        alone = scores[scores["row"] == row]
        tested = (alone["n_arcs"] >= 10).to_numpy()
        np.testing.assert_array_equal(found.q[at], alone["q_value"])
        np.testing.assert_array_equal(found.snr[at], np.where(tested, alone["snr"], np.nan))
        np.testing.assert_array_equal(found.enrichment[at], np.where(tested, alone["enrichment"], np.nan))


def test_the_published_null_tests_heads_but_none_passes(tmp_path, batch):
    found = summarise(open_batch(plant(tmp_path / "out", planted_settings(null="published"))))
    assert found.frame["passing"].sum() == 0
    pd.testing.assert_frame_equal(found.frame.drop(columns=["passing", "share_passing"]),
                                  summarise(batch).frame.drop(columns=["passing", "share_passing"]))  # fmt: skip
    assert found.best_head() == BEST


@pytest.mark.parametrize(
    "changes", [{"settings": planted_settings(sites=None)}, {"unscored": range(1, 7)}], ids=["no sites", "none scored"]
)
def test_nothing_scored(tmp_path, changes):
    assert summarise(open_batch(plant(tmp_path / "out", **changes))) is None


def test_records_without_all_heads_are_refused(tmp_path):
    folder = plant(tmp_path / "out")
    file = folder / "part=r1-1-0" / "scores.parquet"
    table = pq.read_table(file, partitioning=None)
    pq.write_table(table.slice(1), file)
    with pytest.raises(BatchError, match="has records without the scores of every head"):
        summarise(open_batch(folder))


def test_some_measures_are_those_of_all(batch):
    some = batch.scores(BEST, measures=("snr", "flags"))
    assert list(some) == ["row", "name", "layer", "head", "snr", "flags"]
    pd.testing.assert_frame_equal(some, batch.scores(BEST)[list(some)])
