"""A whole batch on two Ray workers: nothing is lost, whatever ends."""

import os
import signal
import time
from dataclasses import replace

import pandas as pd
import pytest

from allo_core.batch import open_batch
from allo_core.batch.folder import writing
from allo_core.batch.layout import WRITING
from allo_core.batch.run import Tally, block_size, run_batch
from allo_core.batch.workers import Workers
from allo_core.errors import AlloScopeError, BatchError
from allo_core.library.receptors import find_receptor
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from tests.batch.made import block, fasta, sequence, settings, worker, workers
from tests.terminal.commands import run

SITES = "16-20 30"


def records() -> list[tuple[str, str]]:
    """24 that can be read (one name twice, one receptor), one that is empty, one with a digit, one too long for the model."""
    readable = [(f"r{number}", sequence(300 + 5 * number, number)) for number in range(22)] + [("r3", sequence(310, 99))]
    readable.append(("AA2AR", find_receptor("AA2AR").protein.sequence))
    return [*readable[:7], ("empty", ""), *readable[7:15], ("digit", "MKT1"), *readable[15:], ("long", sequence(511, 5))]


def kill_one_at_work(folder) -> int:
    """Kill a worker once both have a block under way, so that one of the blocks is left half done."""
    deadline = time.monotonic() + 60
    while len(list((folder / WRITING).glob("*.journal"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    victim = workers()[0]
    os.kill(victim.pid, signal.SIGKILL)
    return victim.pid


def check_scores_are_those_of_analyse(results, row, target, path, tmp_path, capsys):
    """The scores of one record beside the table that `analyse` writes for it."""
    table = tmp_path / f"{row}.csv"
    code, _, _ = run(
        "analyse", path, *target, "--sites", SITES, "--model", settings().model_id, "--threshold", "0.1", "--csv", table,
        "--device", "cpu", capsys=capsys,
    )  # fmt: skip
    assert code == 0
    expected = pd.read_csv(table).drop(columns=["measure", "weighting", "model", "protein"])
    scores = results.scores()
    found = scores[scores["row"] == row].drop(columns=["row", "name"]).reset_index(drop=True)
    expected["flags"] = expected["flags"].fillna("")
    # Another number of threads adds float32 in another order: the last digit, and of p a draw of 20,000 that ties.
    pd.testing.assert_frame_equal(found, expected, rtol=2e-5, atol=1e-4, check_dtype=False)


def test_every_record_is_computed_as_analyse_does(ray, tmp_path, capsys):
    """The small version of the next test: one worker, and nobody is killed."""
    some = [("a", sequence(60, 1)), ("empty", ""), ("b", sequence(40, 2)), ("a", sequence(50, 3)), ("c", sequence(45, 4))]
    path, folder = fasta(tmp_path / "a.fasta", some), tmp_path / "out"
    tally = run_batch(path, folder, settings(sites=SITES, draws=None), workers=1, device="cpu")
    assert (tally.records, tally.done, tally.computed, tally.workers.count) == (5, 5, 4, 1)
    assert [(row, name) for row, name, _ in tally.failed] == [(2, "empty")]
    results = open_batch(folder)
    assert results.complete
    assert results.scores().groupby("row").size().tolist() == [64] * 4
    check_scores_are_those_of_analyse(results, 3, ("--record", "3"), path, tmp_path, capsys)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing_and_scores_are_those_of_analyse(ray, tmp_path, capsys):
    path, folder, killed = fasta(tmp_path / "a.fasta", records()), tmp_path / "out", []

    def kill_at_first(tally: Tally) -> None:
        if tally.computed and not killed:
            killed.append(kill_one_at_work(folder))

    chosen = settings(sites=SITES, draws=None)
    tally = run_batch(path, folder, chosen, workers=2, device="cpu", report=kill_at_first)
    assert len(killed) == 1
    assert (tally.records, tally.done, tally.computed, tally.workers.count) == (27, 27, 25, 2)
    assert tally.redone > 0
    assert sorted((row, name) for row, name, _ in tally.failed) == [(8, "empty"), (17, "digit"), (27, "long")]
    assert tally.incomplete == []
    results = open_batch(folder)
    assert results.complete
    assert results.sequences["name"].tolist() == [name for name, _ in records()]
    assert results.failed["error"].str.split().str[0].tolist() == ["The", "The", "long"]
    assert results.sequences["notes"].notna().to_numpy().nonzero()[0].tolist() == [24]  # the name r3 for the second time
    assert results.scores().groupby("row").size().tolist() == [64] * 24
    assert not (folder / WRITING).exists()
    # On the disk, too, each record is there once.
    rows = pd.concat([pd.read_parquet(file, columns=["row"]) for file in folder.glob("part=*/sequences.parquet")])["row"]
    assert sorted(rows) == list(range(1, 28))

    for row, target in ((5, ("--record", "5")), (26, ("--record", "AA2AR"))):
        check_scores_are_those_of_analyse(results, row, target, path, tmp_path, capsys)


def test_a_batch_goes_on_where_it_was_stopped(ray, tmp_path):
    """Some are finished; then the record that failed is mended, one is added, and only what is missing is computed."""
    path, folder, chosen = tmp_path / "a.fasta", tmp_path / "out", settings()
    first = [(f"r{number}", sequence(60 - number, number)) for number in range(8)]
    with writing(folder, chosen, path.name, 9) as number:
        worker(folder, chosen, number)(block([(1, *first[0]), (3, *first[2]), (4, "bad", sequence(511, 0)), (9, *first[7])]))
    before = {file: file.stat().st_mtime_ns for file in folder.glob("part=*/columns.parquet")}
    fasta(path, [*first[:3], ("bad", sequence(30, 50)), *first[3:], ("new", sequence(31, 51))])
    tally = run_batch(path, folder, chosen, workers=1, device="cpu")
    assert (tally.records, tally.finished_before, tally.done) == (10, 3, 7)
    assert {file: file.stat().st_mtime_ns for file in before} == before
    results = open_batch(folder)
    assert results.complete
    assert results.failed.empty
    assert results.sequences["sequence"].tolist()[3] == sequence(30, 50)
    assert results.scores().groupby("row").size().tolist() == [64] * 10
    again = run_batch(path, folder, chosen, workers=1, device="cpu")
    assert (again.finished_before, again.done, again.workers) == (10, 0, None)

    fasta(path, [*first[:3], ("other", sequence(30, 50)), *first[3:], ("new", sequence(31, 51))])
    with pytest.raises(BatchError, match=r"Record 4 of .*a\.fasta \(other\) is not the one that .* has results of \(bad\)"):
        run_batch(path, folder, chosen)
    fasta(path, first[:3])
    with pytest.raises(BatchError, match=r"has results of record 4, .* holds 3; name another folder"):
        run_batch(path, folder, chosen)
    assert open_batch(folder).sequences["row"].tolist() == list(range(1, 11))


def test_what_stands_in_the_way_of_all_ends_the_batch_in_one_line(ray, tmp_path):
    """The weights that the workers find are not those of the settings."""
    path = fasta(tmp_path / "a.fasta", [("a", "MKTV")])
    with pytest.raises(BatchError, match=r"^A worker could not start: The weights of antiberty on .*; put the same file there\.$"):
        run_batch(path, tmp_path / "out", replace(settings(), weights_sha256="0" * 64), workers=1, device="cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"workers": 0}, "--workers is 0"), ({"device": "tpu"}, "'tpu' is not available")],
    ids=["workers", "device"],
)
def test_workers_that_cannot_be(ray, tmp_path, options, message):
    with pytest.raises(AlloScopeError, match=message):
        run_batch(fasta(tmp_path / "a.fasta", [("a", "MKTV")]), tmp_path / "out", settings(), **options)


def test_nothing_but_unreadable_records_needs_no_worker(tmp_path, monkeypatch):
    monkeypatch.setattr("allo_core.batch.run.ray_session", None)
    tally = run_batch(fasta(tmp_path / "a.fasta", [("a", ""), ("b", "1")]), tmp_path / "out", settings())
    assert [row for row, *_ in tally.failed] == [1, 2]
    assert open_batch(tmp_path / "out").complete


def test_blocks_are_some_seconds_of_work_and_several_for_each_worker():
    small, large = get_spec(DEFAULT_MODEL), get_spec("esm2_t33_650M_UR50D")
    two, gpu = Workers(2, "cpu", 1), Workers(1, "cuda", 16, 1.0)
    assert block_size(small, 10_000, 4_000_000, two) == 32
    assert block_size(large, 10_000, 4_000_000, two) == 1
    assert block_size(large, 10_000, 4_000_000, gpu) == 32
    assert block_size(small, 24, 24 * 400, two) == 3
    assert block_size(small, 1, 400, two) == 1
