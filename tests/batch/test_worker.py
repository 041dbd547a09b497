"""What a worker does with a block, without Ray."""

from dataclasses import replace

import pandas as pd
import pytest

from allo_core.batch import worker as worker_module
from allo_core.batch.folder import writing
from allo_core.batch.journal import Journal
from allo_core.batch.layout import WRITING, part_name
from tests.batch.made import MODEL, block, sequence, settings, worker

RECORDS = [(1, "a", sequence(20, 1)), (2, "b", sequence(25, 2)), (3, "c", sequence(6, 3)), (4, "long", sequence(511, 4))]


def table(folder, name) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in sorted(folder.glob(f"part=*/{name}.parquet"))])


def test_a_block_is_computed_and_what_fails_is_written_with_its_reason(tmp_path):
    statuses = worker(tmp_path, settings())(block(RECORDS)).to_pylist()
    assert [status["row"] for status in statuses] == [1, 2, 3, 4]
    assert [status["error"] for status in statuses[:3]] == [None] * 3
    assert statuses[3]["error"].startswith("long has 511 residues, AntiBERTy reads at most 510")
    assert statuses[2]["lacks"] == "9: residue 9 does not exist; c has residues 1 to 6."
    assert {status["refusal"] for status in statuses} == {""}
    sequences = table(tmp_path, "sequences").set_index("row")
    assert sequences["error"].isna().tolist() == [True, True, True, False]
    assert sequences["no_scores"].isna().tolist() == [True, True, False, True]
    assert sequences.loc[[1, 2, 3, 4], "sequence"].tolist() == [letters for *_, letters in RECORDS]
    assert sequences.loc[1, "sites"] == " ".join(f"{letter}{number}" for number, letter in enumerate(RECORDS[0][2], 1) if 5 <= number <= 9)
    assert set(table(tmp_path, "scores")["row"]) == {1, 2}
    assert table(tmp_path, "columns").groupby("row").size().to_dict() == {1: 128, 2: 128, 3: 128}
    assert not list((tmp_path / WRITING).iterdir())


def test_a_worker_takes_over_from_one_that_died(tmp_path, monkeypatch):
    """The first dies at the third record; what it finished and committed is kept, and only the rest is computed."""
    chosen, first = settings(), part_name(1, 1)
    monkeypatch.setattr(worker_module, "_PART_SECONDS", -1)  # each record becomes a part at once
    dying = worker(tmp_path, chosen)
    computed = []

    def dies_at_the_third(model, protein, given):
        computed.append(protein.name)
        if protein.name == "c":
            raise KeyboardInterrupt  # ends the worker wherever it is, as a kill does
        return compute(model, protein, given)

    compute = worker_module.compute
    monkeypatch.setattr(worker_module, "compute", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        dying(block(RECORDS[:3]))
    assert Journal(tmp_path, first).deaths == {3: 1}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("part=*/*")}
    assert len(list(tmp_path.glob("part=*"))) == 2
    computed.clear()
    with pytest.raises(KeyboardInterrupt):
        worker(tmp_path, chosen)(block(RECORDS[:3]))
    statuses = worker(tmp_path, chosen)(block(RECORDS[:3])).to_pylist()
    assert computed == ["c"]
    assert [status["redone"] for status in statuses] == [True] * 3
    assert [status["error"] is None for status in statuses] == [True, True, False]
    assert "2 workers ended while they computed it" in statuses[2]["error"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert sorted(table(tmp_path, "sequences")["row"]) == [1, 2, 3]
    assert not Journal(tmp_path, first).deaths


def test_failures_that_nobody_foresaw_are_written_and_end_a_worker_that_only_fails(tmp_path, monkeypatch):
    def fails(model, protein, given):
        raise RuntimeError("device-side assert\nmore lines")

    monkeypatch.setattr(worker_module, "compute", fails)
    many = [(row, f"r{row}", "MKTV") for row in range(1, 9)]
    statuses = worker(tmp_path, settings())(block(many)).to_pylist()
    assert table(tmp_path, "sequences")["error"].tolist() == ["RuntimeError: device-side assert"] * 5
    assert {status["refusal"] for status in statuses} == {"5 sequences in a row failed, the last with RuntimeError: device-side assert"}


def test_one_such_failure_among_others_stops_nothing(tmp_path, monkeypatch):
    compute = worker_module.compute

    def fails_for_some(model, protein, given):
        if protein.name != "r4":
            raise ValueError
        return compute(model, protein, given)

    monkeypatch.setattr(worker_module, "compute", fails_for_some)
    many = [(row, f"r{row}", sequence(12, row)) for row in range(1, 9)]
    statuses = worker(tmp_path, settings())(block(many)).to_pylist()
    assert {status["refusal"] for status in statuses} == {""}
    assert [status["error"] for status in statuses].count("ValueError: no message") == 7


def test_other_weights_than_those_of_the_batch_are_refused(tmp_path):
    refusing = worker(tmp_path, replace(settings(), weights_sha256="0" * 64))
    (status,) = refusing(block(RECORDS[:1])).to_pylist()
    assert f"A worker could not start: The weights of {MODEL} on " in status["refusal"]
    assert not list(tmp_path.glob("part=*"))


def test_other_libraries_than_those_of_the_batch_are_refused(tmp_path):
    chosen = settings()
    assert "+" not in chosen.versions["torch"]
    refusing = worker(tmp_path, replace(chosen, versions={"torch": "1.0", "transformers": "2.0"}))
    (status,) = refusing(block(RECORDS[:1])).to_pylist()
    assert f" has torch {chosen.versions['torch']} transformers " in status["refusal"]
    assert "the batch was begun with torch 1.0 transformers 2.0; install the same there." in status["refusal"]


def test_a_disk_that_refuses_is_told_and_nothing_half_counts(tmp_path, monkeypatch):
    full = OSError(28, "No space left on device")

    def refuses(*_):
        raise full

    chosen = settings()
    with writing(tmp_path / "out", chosen, "a.fasta", 4):
        working = worker(tmp_path / "out", chosen)
        monkeypatch.setattr("allo_core.batch.part.Part._write", refuses)
        statuses = working(block(RECORDS)).to_pylist()
    assert "No space left on device; make room, then the same command goes on." in statuses[0]["refusal"]
    assert not list((tmp_path / "out").glob("part=*"))
