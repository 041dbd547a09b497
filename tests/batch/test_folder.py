"""The folder of a batch: whose it is, and what in it need not be computed again."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from allo_core.batch import open_batch
from allo_core.batch.folder import finished_records, read_metadata, writing
from allo_core.batch.layout import WRITING
from allo_core.errors import BatchError
from tests.batch.made import block, sequence, settings, worker

RECORDS = [(row, f"r{row}", sequence(12 + row, row)) for row in (1, 2, 3)]


def run(folder, chosen, records, records_in_all=3):
    """One run over a folder, as `run_batch` makes it, without Ray."""
    with writing(folder, chosen, "a.fasta", records_in_all) as number:
        finished = finished_records(folder, chosen)
        if records:
            worker(folder, chosen, number)(block(records))
    return finished


def test_what_is_finished_is_known_the_next_time(tmp_path):
    folder, chosen = tmp_path / "new" / "out", settings()
    assert run(folder, chosen, RECORDS[:2]) == {}
    found = run(folder, chosen, RECORDS[2:])
    assert {row: one.name for row, one in found.items()} == {1: "r1", 2: "r2"}
    assert sorted(run(folder, chosen, [])) == [1, 2, 3]
    metadata = read_metadata(folder)
    assert (metadata.runs, metadata.records, metadata.file, metadata.settings) == (3, 3, "a.fasta", chosen)
    assert str(tmp_path) not in (folder / "metadata.json").read_text()


def test_what_failed_is_tried_again(tmp_path):
    folder, chosen = tmp_path / "out", settings()
    run(folder, chosen, [*RECORDS[:1], (2, "long", sequence(511, 0))])
    assert open_batch(folder).sequences["error"].notna().tolist() == [False, True]
    assert sorted(run(folder, chosen, [])) == [1]
    assert open_batch(folder).sequences["row"].tolist() == [1]
    assert set(pd.read_parquet(folder / "part=r1-1-0" / "columns.parquet")["row"]) == {1}


def test_a_second_copy_and_a_damaged_part_are_removed(tmp_path):
    folder, chosen = tmp_path / "out", settings()
    run(folder, chosen, RECORDS[:2])
    run(folder, chosen, RECORDS[2:])
    shutil.copytree(folder / "part=r1-1-0", folder / "part=r9-1-0")
    scores = folder / "part=r2-3-0" / "scores.parquet"
    scores.write_bytes(scores.read_bytes()[:-10])
    assert sorted(run(folder, chosen, [])) == [1, 2]
    assert [path.name for path in folder.glob("part=*")] == ["part=r1-1-0"]


@pytest.mark.parametrize("lost", ["columns", "scores", "sequences"])
def test_a_part_that_lacks_a_table_is_computed_again(tmp_path, lost):
    folder, chosen = tmp_path / "out", settings()
    run(folder, chosen, RECORDS)
    (folder / "part=r1-1-0" / f"{lost}.parquet").unlink()
    assert run(folder, chosen, []) == {}
    assert not list(folder.glob("part=*"))


def test_what_an_interrupted_batch_had_begun_is_cleared_away(tmp_path):
    folder, chosen = tmp_path / "out", settings()
    run(folder, chosen, RECORDS[:1])
    left = folder / WRITING / "r1-2-0-abc"
    left.mkdir(parents=True)
    (left / "columns.parquet").write_bytes(b"half")
    run(folder, chosen, [])
    assert not (folder / WRITING).exists()


def test_other_settings_are_refused_and_nothing_is_touched(tmp_path):
    folder, chosen = tmp_path / "out", settings()
    run(folder, chosen, RECORDS)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(BatchError, match=r"holds results with --sites 5-9, not 5-8; name another folder"):
        run(folder, replace(chosen, sites="5-8"), [])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_is_written_by_one_batch_at_a_time(tmp_path):
    folder, chosen = tmp_path / "out", settings()
    with writing(folder, chosen, "a.fasta", 3), pytest.raises(BatchError, match="Another batch writes to"):
        run(folder, chosen, [])
    assert run(folder, chosen, []) == {}


def test_a_batch_killed_at_its_first_file_begins_again(tmp_path):
    (tmp_path / "metadata.json.0123abcd.part").write_text('{"allo')
    assert run(tmp_path, settings(), []) == {}
    assert read_metadata(tmp_path).runs == 1


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BatchError, match="is not empty and holds no batch"):
        run(tmp_path, settings(), [])
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(BatchError, match="cannot be written"):
        run(tmp_path / "out", settings(), [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: "{", "is damaged"),
        (lambda said: "[]", "is not that of a batch"),
        (lambda said: json.dumps(said | {"runs": None}), "is not that of a batch"),
        (lambda said: json.dumps(said | {"settings": {"format": 1}}), "is not that of a batch"),
        (lambda said: json.dumps(said | {"settings": said["settings"] | {"format": 99}}), "in format 99, this version reads 1"),
        (
            lambda said: json.dumps(said | {"settings": {"format": 2, "more": 1}}),
            r"is not that of a batch of this version: it was written in format 2.* go on with the version of AlloScope that wrote it",
        ),
        (lambda said: json.dumps(said | {"settings": said["settings"] | {"more": 1}}), "'more' is unknown; go on with the version"),
        (
            lambda said: json.dumps(said | {"settings": said["settings"] | {"draws": "many"}}),
            "of a batch of this version; name the folder",
        ),
        (lambda said: json.dumps(said | {"settings": said["settings"] | {"format": "1"}}), "of a batch of this version; name the folder"),
        (lambda said: "[" * 200_000, "is damaged"),
    ],
    ids=["half", "list", "no number", "no settings", "format", "newer", "a field more", "type", "no format", "brackets"],
)
def test_metadata_that_cannot_be_read(tmp_path, change, message):
    folder = tmp_path / "out"
    run(folder, settings(), [])
    file = folder / "metadata.json"
    file.write_text(change(json.loads(file.read_text())))
    for read in (open_batch, lambda folder: run(folder, settings(), [])):
        with pytest.raises(BatchError, match=message):
            read(folder)


def test_a_folder_that_is_no_batch(tmp_path):
    with pytest.raises(BatchError, match=r"is not a batch: it has no metadata\.json"):
        open_batch(tmp_path)
