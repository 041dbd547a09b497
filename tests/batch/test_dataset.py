"""Reading what a batch wrote: here, with DuckDB and with pandas."""

import shutil
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import pytest

from allo_core.batch import open_batch
from allo_core.batch.compute import compute
from allo_core.batch.folder import writing
from allo_core.errors import BatchError
from allo_core.models.language_model import load_model
from allo_core.protein.sequence import Protein
from tests.batch.made import MODEL, block, sequence, settings, worker

RECORDS = [(1, "<b>a</b>", sequence(20, 1)), (2, "b", sequence(25, 2)), (3, "c", sequence(6, 3)), (4, "long", sequence(511, 4))]


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Two parts, the later records first."""
    folder, chosen = tmp_path_factory.mktemp("batch"), settings()
    with writing(folder, chosen, "a.fasta", 5) as run:
        working = worker(folder, chosen, run)
        working(block(RECORDS[2:]))
        working(block(RECORDS[:2]))
    return folder


@pytest.fixture(scope="module")
def expected():
    model = load_model(MODEL, device="cpu")
    return {row: compute(model, Protein(name, letters), settings()).result for row, name, letters in RECORDS[:3]}


def test_sequences_in_the_order_of_the_file(batch):
    results = open_batch(str(batch))
    frame = results.sequences
    assert frame["row"].tolist() == [1, 2, 3, 4]
    assert frame["name"].tolist() == ["<b>a</b>", "b", "c", "long"]
    assert frame["length"].tolist() == [20, 25, 6, 511]
    assert results.failed["row"].tolist() == [4]
    assert not results.complete  # the file has five
    assert frame["sha256"].str.fullmatch("[0-9a-f]{64}").all()


def test_scores_are_those_that_were_computed(batch, expected):
    frame = open_batch(batch).scores()
    assert frame["row"].drop_duplicates().tolist() == [1, 2]
    for row in (1, 2):
        found = frame[frame["row"] == row].drop(columns=["row", "name"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected[row].scores, check_exact=True, check_dtype=False)


def test_one_head(batch):
    results = open_batch(batch)
    all_heads, one = results.scores(), results.scores((3, 5))
    chosen = all_heads[(all_heads["layer"] == 3) & (all_heads["head"] == 5)].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, chosen)
    assert len(one) == 2
    with pytest.raises(BatchError, match=r"Head 8\.0 does not exist; there are 8 layers of 8 heads"):
        results.scores((8, 0))


def test_columns_of_one_record(batch, expected):
    results = open_batch(batch)
    for row in (1, 2, 3):
        for at, threshold in enumerate((0.0, 0.1)):
            found = results.columns(row, threshold)
            np.testing.assert_array_equal(found.weights, expected[row].weights[at])
            np.testing.assert_array_equal(found.arcs, expected[row].arcs[at])
            assert found.threshold == threshold
    assert results.columns(1).threshold == 0.1  # that of the scores


@pytest.mark.parametrize(
    ("row", "threshold", "message"),
    [
        (9, 0.1, "has no record 9; it has 4 of 5"),
        (4, 0.1, r"Record 4 \(long\) was not computed: long has 511 residues"),
        (1, 0.3, "above 0.3 were not kept; there are those above 0, 0.1"),
    ],
    ids=["row", "failed", "threshold"],
)
def test_columns_that_are_not_there(batch, row, threshold, message):
    with pytest.raises(BatchError, match=message):
        open_batch(batch).columns(row, threshold)


def test_a_second_copy_of_a_record_is_not_shown(batch, tmp_path):
    """What workers of a driver that was killed may leave behind when the batch goes on at once."""
    folder = tmp_path / "out"
    shutil.copytree(batch, folder)
    before = open_batch(folder)
    shutil.copytree(folder / "part=r1-1-0", folder / "part=r0-1-0")
    results = open_batch(folder)
    assert results.sequences["row"].tolist() == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(results.scores(), before.scores())
    assert results.columns(1, 0.1).weights.shape == (8, 8, 20)


def test_no_scores_and_no_parts(tmp_path):
    with writing(tmp_path / "out", settings(sites=None), "a.fasta", 5):
        results = open_batch(tmp_path / "out")
    assert results.sequences.empty
    with pytest.raises(BatchError, match="was run without --sites"):
        results.scores()


def test_a_damaged_file_is_named(batch, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(batch, folder)
    for name in ("columns", "scores", "sequences"):
        file = folder / "part=r1-1-0" / f"{name}.parquet"
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(BatchError, match=rf"part=r1-1-0.{name}\.parquet is damaged; delete its folder and run the same"):
            _read(folder, name)
        file.write_bytes(whole)
    assert len(open_batch(folder).scores()) == 128


def _read(folder, name):
    results = open_batch(folder)
    return {"sequences": lambda: results.sequences, "scores": results.scores, "columns": lambda: results.columns(1, 0.1)}[name]()


def test_duckdb_reads_it(batch):
    tables = {name: f"read_parquet('{batch}/part=*/{name}.parquet') as {name}" for name in ("sequences", "scores", "columns")}
    ours = open_batch(batch)
    found = duckdb.sql(
        f"select name, layer, head, enrichment from {tables['scores']} join {tables['sequences']} using (row, part) "
        "order by row, layer, head"
    ).df()
    pd.testing.assert_frame_equal(found, ours.scores()[["name", "layer", "head", "enrichment"]], check_dtype=False)
    # What is not defined is null: in SQL a NaN would be larger than every number.
    undefined = ours.scores()["enrichment"].isna().sum()
    assert undefined > 0
    assert duckdb.sql(f"select count(*) from {tables['scores']} where enrichment is null").fetchall() == [(undefined,)]
    ((weights, arcs),) = duckdb.sql(
        f"select weights, arcs from {tables['columns']} where row = 2 and threshold = 0.1 and layer = 1 and head = 2"
    ).fetchall()
    np.testing.assert_array_equal(np.array(weights), ours.columns(2, 0.1).weights[1, 2])
    np.testing.assert_array_equal(np.array(arcs), ours.columns(2, 0.1).arcs[1, 2])


def test_pandas_reads_it(batch):
    frame = pd.concat([pd.read_parquet(file) for file in batch.glob("part=*/scores.parquet")])
    assert sorted(frame["row"].unique()) == [1, 2]


def test_reading_needs_neither_ray_nor_torch(batch):
    script = (
        "import sys; sys.modules['ray'] = None; sys.modules['torch'] = None\n"
        "from allo_core.batch import open_batch\n"
        "results = open_batch(sys.argv[1]); print(len(results.scores()), results.columns(2).weights.shape)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(batch)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "128 (8, 8, 25)\n"), done.stderr
