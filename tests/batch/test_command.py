"""python -m allo_core batch."""

import re
import signal
import sys

import psutil
import pytest

from allo_core.batch import open_batch
from allo_core.batch.run import Tally
from allo_core.batch.workers import Workers
from allo_core.terminal import batch as command
from tests.batch.made import MODEL, fasta, sequence, workers
from tests.terminal.commands import run

OPTIONS = ("--model", MODEL, "--sites", "5-9", "--threshold", "0.1", "--draws", "200", "--workers", "1", "--device", "cpu")


def test_from_fasta_to_results_and_a_stop_in_between(ray, tmp_path, capsys, monkeypatch):
    path, folder = tmp_path / "a.fasta", tmp_path / "results"
    fasta(path, [("a", sequence(40, 1)), ("\x1b[31mb", ""), ("c", sequence(41, 2)), ("d", sequence(8, 3)), ("e", sequence(42, 4))])
    show = command._Progress.show

    def stop(self, tally):
        show(self, tally)
        if tally.computed == 2:
            signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(command._Progress, "show", stop)
        code, out, err = run("batch", path, "--out", folder, *OPTIONS, capsys=capsys)
    assert (code, out) == (130, "")
    assert err.startswith("5 sequences; starting Ray\n1 worker on cpu, ")
    assert err.endswith("alloscope: cancelled; what is finished is kept, and the same command goes on\n")
    assert signal.getsignal(signal.SIGTERM) is before
    psutil.wait_procs(workers(), timeout=30)
    code, out, err = run("batch", path, "--out", folder, *OPTIONS, capsys=capsys)
    assert code == 0
    # How many were finished depends on when the stop came: perhaps all that can be computed, and then nothing starts.
    finished = rf"Done: 5 sequences(?: \(\d finished before\))? in {re.escape(str(folder))}, 1 failed, 1 without scores\n"
    assert re.search(f"{finished}$", out), out
    assert "record 2 ([31mb) failed: The record '[31mb' has no sequence." in err
    assert "record 4 (d) without scores: 9: residue 9 does not exist" in err
    assert "Traceback" not in err
    results = open_batch(folder)
    assert results.complete
    assert results.scores()["row"].unique().tolist() == [1, 3, 5]
    code, _, err = run("batch", path, "--out", folder, *OPTIONS[:-4], "--null", "uniform", capsys=capsys)
    assert code == 2
    assert "holds results with --null not given, not uniform; name another folder with --out." in err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--thresholds", "a,b"), "argument --thresholds: 'a,b' is no list of numbers; write 0,0.3"),
        (("--thresholds", "0.001"), "The threshold 0.001 is not possible"),
        (("--threshold", "x"), "argument --threshold"),
        (("--model", "esm9"), "'esm9'"),
        (("--sites", "calcium pocket"), "No receptor of the library has a site 'calcium pocket'"),
        (("--null", "none"), "The null 'none' is unknown"),
        (("--null", "pocket"), "A batch counts no places like a site, so the null 'pocket' is not possible"),
        (("--draws", "-1"), "-1 random draws"),
        (("--dtype", "int8"), "The precision 'int8' is unknown"),
    ],
    ids=["list", "thresholds", "threshold", "model", "sites", "null", "pocket", "draws", "dtype"],
)
def test_bad_options(tmp_path, capsys, more, message):
    code, out, err = run("batch", fasta(tmp_path / "a.fasta", [("a", "MKT")]), "--out", tmp_path / "out", *OPTIONS, *more, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_fasta(tmp_path, capsys):
    (tmp_path / "a.fasta").write_text("MKTV\n")
    code, _, err = run("batch", tmp_path / "a.fasta", "--out", tmp_path / "out", *OPTIONS, capsys=capsys)
    assert code == 2
    assert "not a FASTA file" in err
    assert not (tmp_path / "out").exists()


def test_without_ray(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = run("batch", tmp_path / "a.fasta", "--out", tmp_path / "out", capsys=capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert "batch needs Ray, which is not installed; in the folder of AlloScope: pip install '.[cluster]'" in err


def test_the_line_of_progress(monkeypatch):
    tally = Tally(records=1200, finished_before=200, done=310, computed=300, residues=400_000, residues_done=100_000)
    tally.workers = Workers(2, "cuda", 8, 1.0)
    tally.failed = [(row, "x", "bad") for row in range(10)]
    monkeypatch.setattr(Tally, "seconds", 1500.0)
    assert command._line(tally) == "510 of 1,200, 0.2 a second, 1 h 15 min left, 10 failed"
    assert command._beginning(tally) == "1,200 sequences, 200 of them finished before; starting Ray"
    assert command._workers(tally) == "2 workers on cuda, 8 threads each"
    assert [command._time(seconds) for seconds in (12, 90, 3599, 7260)] == ["12 s", "2 min", "1 h 00 min", "2 h 01 min"]


def test_of_many_failures_the_first_are_listed(capsys):
    tally = Tally(records=99, failed=[(row, f"n{row}", "bad") for row in range(40, 0, -1)])
    command._print_problems(tally, "scores")
    err = capsys.readouterr().err.splitlines()
    assert err[0] == "record 1 (n1) failed: bad"
    assert err[9:] == ["record 10 (n10) failed: bad", "... and 30 more failed; the table of sequences names all"]
