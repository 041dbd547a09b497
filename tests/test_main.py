"""The terminal: python -m allo_core."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allo_core.__main__ import main
from allo_core.attention.store import list_runs

REPOSITORY = Path(__file__).resolve().parents[1]


def run(*arguments, capsys):
    """Exit code, stdout and stderr of one command."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_analyse_writes_scores_and_record(tmp_path, capsys):
    table, record = tmp_path / "out.csv", tmp_path / "run.json"
    code, out, err = run(
        "analyse", "AA2AR", "--sites", "sodium pocket", "--model", "antiberty", "--csv", table, "--json", record,
        "--threshold", "0.1", "--null", "matched", "--device", "cpu", capsys=capsys,
    )  # fmt: skip
    assert (code, err) == (0, "Antibody model: a control on a GPCR, at most 510 residues.\n")
    assert "AA2AR, 16 residues, AntiBERTy, threshold 0.1, matched null" in out
    frame = pd.read_csv(table, keep_default_na=True)
    assert len(frame) == 64
    assert list(frame.columns[-5:]) == ["null", "threshold", "model", "protein", "n_sites"]
    assert frame.iloc[0, -5:].tolist() == ["matched", 0.1, "antiberty", "AA2AR", 16]
    assert {"layer", "head", "impact", "impact_count", "impact_arcs", "enrichment", "snr", "p_value", "q_value", "n_arcs"} <= set(
        frame.columns
    )
    assert frame["impact"].between(0, 1).sum() > 20
    data = json.loads(record.read_text())
    assert data["run"]["model_id"] == "antiberty"
    assert data["run"]["device_type"] == "cpu"
    assert len(data["run"]["weights_sha256"]) == 64
    assert (data["null"], data["threshold"], len(data["sites"])) == ("matched", 0.1, 16)
    assert (data["seed"], data["n_sites"], len(data["strata"]["of_sites"])) == (0, 16, 16)


def test_a_second_analysis_uses_the_kept_run(capsys):
    first = run("analyse", "AA2AR", "--sites", "2x50 3x39 7x45", capsys=capsys)
    (kept,) = list_runs()
    created = kept.meta.created
    second = run("analyse", "P29274", "--sites", "D52 S91 N280", capsys=capsys)
    assert first == second
    assert [entry.meta.created for entry in list_runs()] == [created]


def test_a_record_of_a_fasta_file(tmp_path, capsys):
    fasta = tmp_path / "two.fasta"
    fasta.write_text(">one\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>two\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
    code, out, _ = run("analyse", fasta, "--record", "two", "--sites", "5-9", "--threshold", "0", capsys=capsys)
    assert code == 0
    assert "two, 5 residues, AntiBERTy, threshold 0, uniform null" in out


def test_the_domain_of_a_long_receptor(capsys):
    code, out, _ = run("analyse", "GRM5", "--domain", "--sites", "7TM pocket", capsys=capsys)
    assert code == 0
    assert "GRM5, 20 residues" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["AA2AR", "--sites", "D53"], "D53: residue 53 is I"),
        (["AA2AR", "--sites", "413"], "residue 413 does not exist"),
        (["AA2AR", "--sites", "9x99"], "9x99"),
        (["AA2AR", "--sites", ""], "ark at least one residue"),
        (["AA2AR", "--sites", "no such pocket"], "no site 'no such pocket' in the library; its sites: sodium pocket,"),
        (["AA2AR", "--sites", "orthosteric"], "its sites: sodium pocket, Na+ contacts (4EIY), orthosteric site (adenosine)"),
        (["AA2AR", "--sites", "D52 pocket"], "its sites: sodium pocket"),
        (["AA2AR", "--sites", "Asp 52"], "'Asp' is not a residue"),
        (["DRD3", "--sites", "orthosteric"], "'orthosteric' is not a residue"),
        (["AA2AR", "--sites", "9" * 5000], "is not a residue"),
        (["AA2AR", "--sites", "D52", "--record", "foo"], "--record is for FASTA files; AA2AR is a library receptor."),
        (["p29274", "--sites", "D52", "--record", "1"], "--record is for FASTA files; AA2AR is a library receptor."),
        (["MPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN", "--sites", "D52"], "put it into a FASTA file"),
        (["MPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN" * 20, "--sites", "D52"], "put it into a FASTA file"),
        ([">x\nMPIMGSS", "--sites", "D52"], "put it into a FASTA file"),
        (["?" * 3000, "--sites", "D52"], "cannot be read (File name too long)"),
        (["/tmp", "--sites", "D52"], "/tmp: a folder, not a FASTA file"),
        (["tests", "--sites", "D52"], "tests: a folder, not a FASTA file"),
        (["NOPE", "--sites", "D52"], "'NOPE' is not among the 402 receptors"),
        (["missing.fasta", "--sites", "D52"], "missing.fasta: no such file"),
        (["AA2AR", "--sites", "D52", "--model", "gpt"], "gpt"),
        (["AA2AR", "--sites", "D52", "--device", "tpu"], "tpu"),
        (["AA2AR", "--sites", "D52", "--dtype", "int4"], "int4"),
        (["AA2AR", "--sites", "D52", "--null", "bogus"], "bogus"),
        (["AA2AR", "--sites", "D52", "--threshold", "0.96"], "0.96"),
        (["AA2AR", "--sites", "D52", "--threshold", "-0.1"], "-0.1"),
        (["AA2AR", "--sites", "D52", "--threshold", "nan"], "nan"),
        (["AA2AR", "--sites", "D52", "--threshold", "0.005"], "0.005"),
        (["AA2AR", "--sites", "D52", "--threshold", "many\nlines"], "many"),
        (["DRD3", "--sites", "C114", "--null", "matched"], "The matched null needs generic numbers, which DRD3 lacks; choose uniform."),
        (["DRD3", "--sites", "2x50"], "no generic numbers"),
        (["GRM5", "--sites", "L744"], "510"),
        (["AA2AR", "--sites", "D52", "--csv", "/no/such/folder/x.csv"], "/no/such/folder/x.csv: the folder does not exist"),
        (["AA2AR", "--sites", "D52", "--csv", "/tmp"], "/tmp: a folder, not a file"),
        (["AA2AR", "--sites", "D52", "--json", "/tmp"], "/tmp: a folder, not a file"),
        (["AA2AR", "--sites", "D52", "--csv", "x" * 300 + "/x.csv"], "the folder does not exist"),
        (["AA2AR"], "--sites"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, capsys, monkeypatch):
    def too_late(*_):
        raise AssertionError("the model was asked for before the input was refused")

    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr("allo_core.models.download.download", too_late)
    monkeypatch.setattr("allo_core.models.language_model.load_model", too_late)
    code, out, err = run("analyse", *arguments, capsys=capsys)
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--threshold", "0.96"], ["--null", "bogus"], ["--device", "tpu"], ["--dtype", "int4"]])
def test_bad_settings_are_refused_before_weights_are_downloaded(wrong, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr("allo_core.models.download.download", lambda *arguments: asked.append(arguments))
    code, out, err = run("analyse", "AA2AR", "--sites", "D52", "--model", "esm2_t48_15B_UR50D", *wrong, capsys=capsys)
    assert (code, out, err.count("\n"), asked) == (2, "", 1, [])


def refuse(self, *_, **__):
    """What the system says to someone without permission; the tests may run as root, to whom everything is permitted."""
    raise PermissionError(13, "Permission denied", str(self))


def test_a_file_that_may_not_be_read(tmp_path, capsys, monkeypatch):
    fasta = tmp_path / "closed.fasta"
    fasta.write_text(">x\nMPIMGSS\n")
    monkeypatch.setattr(Path, "read_text", refuse)
    code, out, err = run("analyse", fasta, "--sites", "5", capsys=capsys)
    assert (code, out, err) == (2, "", f"alloscope: {fasta}: cannot be read (Permission denied).\n")


@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_a_file_that_may_not_be_written(option, tmp_path, capsys, monkeypatch):
    fasta, target = tmp_path / "short.fasta", tmp_path / "closed"
    fasta.write_text(">x\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
    run("analyse", fasta, "--sites", "5-9", capsys=capsys)
    monkeypatch.setattr(Path, "write_text", refuse)
    code, out, err = run("analyse", fasta, "--sites", "5-9", option, target, capsys=capsys)
    assert (code, out, err) == (2, "", f"alloscope: {target}: cannot be written (Permission denied).\n")


def test_a_name_cannot_control_the_terminal(tmp_path, capsys):
    fasta = tmp_path / "evil.fasta"
    fasta.write_text(">a\x1b[31mred\x07\u202e\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n>b\x1b[2J\nMPIMGSS\n")
    code, out, _ = run("analyse", fasta, "--record", "1", "--sites", "5-9", capsys=capsys)
    assert code == 0
    assert out.startswith("a[31mred, 5 residues")
    assert "\x1b" not in out
    code, _, err = run("analyse", fasta, "--sites", "5-9", capsys=capsys)
    assert (code, err.count("\n")) == (2, 1)
    assert "(a[31mred, b[2J)" in err


def test_every_note_is_printed_once(tmp_path, capsys, monkeypatch):
    fasta = tmp_path / "short.fasta"
    fasta.write_text(">x\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
    note = "Antibody model: a control on a GPCR, at most 510 residues."
    monkeypatch.setattr("allo_core.extract.run_notes", lambda *_: (note, "The input is long."))
    for _ in range(2):
        code, _, err = run("analyse", fasta, "--sites", "5-9", capsys=capsys)
        assert (code, err) == (0, f"{note}\nThe input is long.\n")


def test_models_lists_where_the_weights_are(capsys):
    code, out, _ = run("models", capsys=capsys)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "33 x 20" in lines["esm2_t33_650M_UR50D"]
    assert "bundled (antiberty package)" in lines["antiberty"]
    assert "8 x 8" in lines["antiberty"]
    assert "Antibody model" in out


def test_the_module_runs_as_a_program(tmp_path):
    environment = {**os.environ, "ALLOSCOPE_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "allo_core", "analyse", "AA2AR", "--sites", "E52"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr == "alloscope: E52: residue 52 is D.\n"


def test_everything_marked_has_no_score_and_no_crash(tmp_path, capsys):
    table = tmp_path / "all.csv"
    code, _, _ = run("analyse", "AA2AR", "--sites", "1-412", "--csv", table, capsys=capsys)
    assert code == 0
    frame = pd.read_csv(table)
    assert frame[["enrichment", "snr", "p_value", "q_value"]].isna().all(axis=None)
    assert np.allclose(frame["impact"].dropna(), 1)
