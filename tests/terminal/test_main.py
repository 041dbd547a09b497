"""The terminal: python -m allo_core."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allo_core.attention.columns import DEFAULT_THRESHOLD
from allo_core.fetch.kept import keep
from allo_core.library.receptors import find_receptor
from allo_core.protein.residues import parse_residues
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.store import list_runs
from allo_core.runs.value_norms import ValueNorms
from tests.terminal.commands import run

REPOSITORY = Path(__file__).resolve().parents[2]


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


def test_two_sets_and_what_lies_between_them(tmp_path, capsys):
    """Each measure is `score_heads` with the rows of one set and the columns of the other."""
    tables = {}
    for measure in ("A", "B", "AB", "BA"):
        table, record = tmp_path / f"{measure}.csv", tmp_path / f"{measure}.json"
        code, out, _ = run(
            "analyse", "AA2AR", "--sites", "sodium pocket", "--sites-b", "100-110", "--measure", measure, "--threshold", "0.1",
            "--draws", "500", "--null", "matched", "--csv", table, "--json", record, capsys=capsys,
        )  # fmt: skip
        assert code == 0
        tables[measure] = frame = pd.read_csv(table)
        data = json.loads(record.read_text())
        assert set(frame["measure"]) == {measure}
        assert (data["measure"]["key"], data["draws"]) == (measure, 500)
        assert {name: len(labels) for name, labels in data["sets"].items()} == {"A": 16, "B": 11}
        assert (len(data["sites"]), frame["n_sites"][0]) == ((16, 16) if measure in ("A", "BA") else (11, 11))
        heading, said = out.splitlines()[:2]
        words = {"A": "on A", "B": "on B", "AB": "A -> B", "BA": "B -> A"}[measure]
        assert heading == f"AA2AR, A 16 residues, B 11 residues, {words}, AlloScope GPCR 8M, threshold 0.1, matched null"
        looked = "at the sodium pocket" if measure == "BA" else "from the sodium pocket at" if measure == "AB" else "attend"
        assert looked in said
    (entry,) = list_runs()
    maps = AttentionMaps(entry.folder)
    a, b = [52 - 1, 91 - 1], list(range(99, 110))
    for measure, rows, columns in (("B", slice(None), b), ("AB", None, b)):
        pocket = parse_residues("1x50 1x53 2x46 2x47 2x49 2x50 3x35 3x39 3x43 6x44 6x48 7x45 7x46 7x49 7x50 7x53", *numbered("AA2AR"))
        assert set(a) <= set(pocket)
        chosen = list(pocket) if rows is None else rows
        seen = [
            np.where(maps[layer, head] > 0.1, maps[layer, head], 0)[chosen][:, columns].sum() for layer in range(6) for head in range(20)
        ]
        # float16 keeps 11 bits of each entry; an entry within 2.5e-5 of the threshold may fall on its other side.
        np.testing.assert_allclose(tables[measure]["attention_on_site"], seen, atol=0.11, rtol=1e-3)
        assert max(seen) > 0.5


def numbered(entry):
    receptor = find_receptor(entry)
    return receptor.protein, receptor.numbers


def test_the_verdict_and_the_default_threshold(capsys):
    code, out, _ = run("analyse", "AA2AR", "--sites", "sodium pocket", capsys=capsys)
    assert code == 0
    heading, said = out.splitlines()[:2]
    assert heading.endswith(f"threshold {DEFAULT_THRESHOLD:g}, pocket null")
    among = (
        r"0 of \d+ heads attend to the sodium pocket more than to [\d,]+ random pockets of its size and shape in AF-P29274-F1 "
        r"\(q < 0\.05; one or more would at [\d.]+% of these, at most \d+\); "
        r"as a whole \d+ heads have p <= 0\.05, as many or more at a share of 0\.00\d+ "
        r"of these \(global p\)"
    )
    assert re.fullmatch(rf"{among}\.", said)
    _, out, _ = run("analyse", "AA2AR", "--sites", "sodium pocket", "--null", "matched", capsys=capsys)
    assert re.fullmatch(
        rf"{among}; \d+ of \d+ tested heads (\(\d+ of them flagged\) )?attends? to the sodium pocket more than to "
        r"segment- and conservation-matched residues \(q < 0\.05\); not tested: in \d random residues cannot differ from the marked ones\.",
        out.splitlines()[1],
    )
    code, _, err = run("analyse", "AA2AR", "--sites", "sodium pocket", "--draws", "59", capsys=capsys)
    assert (code, err) == (2, "alloscope: 59 pockets are too few; use 60 to 200,000.\n")
    _, out, _ = run("analyse", "AA2AR", "--sites", "D52 S91", "--null", "published", capsys=capsys)
    assert out.splitlines()[1].startswith("The published null gives no p")


def test_value_weighted_attention(tmp_path, capsys):
    """The numbers are those of the kept norms and maps; a threshold is refused before anything is computed."""
    table, record, script = tmp_path / "out.csv", tmp_path / "run.json", tmp_path / "view.pml"
    arguments = ("analyse", "AA2AR", "--sites", "sodium pocket", "--value-weighted")
    code, _, err = run(*arguments, "--threshold", "0.3", capsys=capsys)
    assert (code, err) == (2, "alloscope: Value-weighted attention has no threshold, so 0.3 is not possible; choose 0.\n")
    assert list_runs() == []
    code, out, _ = run(
        *arguments, "--csv", table, "--json", record, "--structure", "8FYN", "--pymol", script, "--pairs", "5", capsys=capsys
    )  # fmt: skip
    assert code == 0
    heading, said = out.splitlines()[:2]
    assert heading == "AA2AR, 16 residues, AlloScope GPCR 8M, value-weighted attention, pocket null"
    assert said.startswith("By value-weighted attention: 0 of 120 heads attend to the sodium pocket more than to ")
    assert "value-weighted attention received from layer" in out.splitlines()[-1]
    assert "value-weighted attention" in script.read_text().splitlines()[0]
    kept = {entry.meta.kind: entry for entry in list_runs()}
    assert set(kept) == {"attention", "value_norms"}
    maps, norms = AttentionMaps(kept["attention"].folder), ValueNorms(kept["value_norms"].folder).norms().astype(float)
    pocket = list(parse_residues("1x50 1x53 2x46 2x47 2x49 2x50 3x35 3x39 3x43 6x44 6x48 7x45 7x46 7x49 7x50 7x53", *numbered("AA2AR")))
    frame, data = pd.read_csv(table), json.loads(record.read_text())
    for layer, head in ((0, 0), (3, 8), (5, 3)):
        given = maps.received(layer, head) * norms[layer, head]
        row = frame[(frame["layer"] == layer) & (frame["head"] == head)].iloc[0]
        assert row["impact"] == pytest.approx(given[pocket].sum() / given.sum(), rel=1e-6)
        assert row["attention_on_site"] == pytest.approx(412 * given[pocket].sum() / given.sum(), rel=1e-6)
    assert (set(frame["weighting"]), set(frame["threshold"])) == ({"value"}, {0})
    assert (data["run"]["key"], data["threshold"]) == (kept["value_norms"].key, 0)
    created = [entry.meta.created for entry in list_runs()]
    assert run(*arguments, capsys=capsys)[1].splitlines()[:2] == [heading, said]
    assert [entry.meta.created for entry in list_runs()] == created


def test_an_accession_that_is_not_in_the_library(capsys, monkeypatch):
    for name in ("ALLOSCOPE_UNIPROT", "ALLOSCOPE_PDB", "ALLOSCOPE_ALPHAFOLD"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # what was fetched before needs no network, nor does the library
    keep("P21917-2.fasta", b">sp|P21917-2|DRD4_HUMAN Isoform 2 OS=Homo sapiens\nMGNRSTADADGLLAGRGPAAGASAGASAGLAGQGAAALVGGVLLIG\n")
    code, out, _ = run("analyse", " p21917-2", "--sites", "M1 5-9", "--threshold", "0", capsys=capsys)
    assert code == 0
    assert out.startswith("DRD4-2, 6 residues, AlloScope GPCR 8M, threshold 0, uniform null")
    code, _, err = run("analyse", "P21917-2", "--sites", "M1", "--record", "1", capsys=capsys)
    assert (code, err) == (2, "alloscope: --record is for FASTA files; DRD4-2 is a UniProt entry.\n")
    assert run("analyse", "P29274", "--sites", "D52", capsys=capsys)[0] == 0


def test_a_second_analysis_uses_the_kept_run(capsys):
    first = run("analyse", "AA2AR", "--sites", "2x50 3x39 7x45", capsys=capsys)
    (kept,) = list_runs()
    created = kept.meta.created
    second = run("analyse", "P29274", "--sites", "D52 S91 N280", capsys=capsys)
    assert first == second
    assert [entry.meta.created for entry in list_runs()] == [created]


def test_a_kept_run_is_scored_without_torch(own_home):
    code = """
import sys
from allo_core.__main__ import main
loaded = "torch" in sys.modules
code = main(["analyse", "AA2AR", "--sites", "D52 S91"])
print("torch", loaded or "torch" in sys.modules, code)
"""
    said = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        said.append(done.stdout.splitlines())
    assert [lines.pop() for lines in said] == ["torch True 0", "torch False 0"]
    assert said[0] == said[1]


def test_a_record_of_a_fasta_file(tmp_path, capsys):
    fasta = tmp_path / "two.fasta"
    fasta.write_text(">one\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\n>two\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
    code, out, _ = run("analyse", fasta, "--record", "two", "--sites", "5-9", "--threshold", "0", capsys=capsys)
    assert code == 0
    assert "two, 5 residues, AlloScope GPCR 8M, threshold 0, uniform null" in out


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
        (["GRM5", "--sites", "L744", "--model", "antiberty"], "510"),
        (["AA2AR", "--sites", "D52", "--csv", "/no/such/folder/x.csv"], "/no/such/folder/x.csv: the folder does not exist"),
        (["AA2AR", "--sites", "D52", "--csv", "/tmp"], "/tmp: a folder, not a file"),
        (["AA2AR", "--sites", "D52", "--json", "/tmp"], "/tmp: a folder, not a file"),
        (["AA2AR", "--sites", "D52", "--csv", "x" * 300 + "/x.csv"], "the folder does not exist"),
        (["AA2AR"], "--sites"),
        (["P21917-2", "--sites", "D115"], "P21917-2 could not be fetched from UniProt"),
        (["Q9Y5N1-3", "--sites", "5-9", "--record", "1"], "Q9Y5N1-3 could not be fetched from UniProt"),
        (["8FYN", "--sites", "D52"], "'8FYN' is not among the 402 receptors"),
        (["AF-P29274-F1", "--sites", "D52"], "'AF-P29274-F1' is not among the 402 receptors"),
        (["AA2AR", "--sites", "D52", "--measure", "C"], "The measure 'C' is unknown; choose one of A, B, AB, BA."),
        (["AA2AR", "--sites", "D52", "--measure", "AB"], "Set B is empty"),
        (["AA2AR", "--sites", "D52", "--measure", "B"], "Set B is empty"),
        (["AA2AR", "--sites", "D52", "--sites-b", "D53"], "D53: residue 53 is I"),
        (["AA2AR", "--sites", "D52", "--sites-b", "no such pocket"], "no site 'no such pocket' in the library"),
        (["AA2AR", "--sites", "D52", "--draws", "0"], "0 pockets give no p value; use 60 to 200,000."),
        (["AA2AR", "--sites", "D52", "--null", "matched", "--draws", "0"], "0 random draws give no p value; use 1 to 1,000,000."),
        (["AA2AR", "--sites", "D52", "--null", "uniform", "--draws", "2000000"], "2000000 random draws are too many"),
        (["AA2AR", "--sites", "D52", "--draws", "many"], "invalid int value: 'many'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, capsys, monkeypatch):
    def too_late(*_):
        raise AssertionError("the model was asked for before the input was refused")

    monkeypatch.chdir(REPOSITORY)
    for name in ("ALLOSCOPE_UNIPROT", "ALLOSCOPE_PDB", "ALLOSCOPE_ALPHAFOLD"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr("allo_core.runs.extract.run_model", too_late)
    code, out, err = run("analyse", *arguments, capsys=capsys)
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--threshold", "0.96"], ["--null", "bogus"], ["--device", "tpu"], ["--dtype", "int4"]])
def test_bad_settings_are_refused_before_weights_are_downloaded(wrong, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr("allo_core.runs.extract.run_model", lambda *arguments: asked.append(arguments))
    code, out, err = run("analyse", "AA2AR", "--sites", "D52", "--model", "esm2_t48_15B_UR50D", *wrong, capsys=capsys)
    assert (code, out, err.count("\n"), asked) == (2, "", 1, [])


def refuse(self, *_, **__):
    """What the system says to someone without permission; the tests may run as root, to whom everything is permitted."""
    raise PermissionError(13, "Permission denied", str(self))


def test_a_file_that_may_not_be_read(tmp_path, capsys, monkeypatch):
    fasta = tmp_path / "closed.fasta"
    fasta.write_text(">x\nMPIMGSS\n")
    monkeypatch.setattr(Path, "open", refuse)
    code, out, err = run("analyse", fasta, "--sites", "5", capsys=capsys)
    assert (code, out, err) == (2, "", f"alloscope: {fasta}: cannot be read (Permission denied).\n")


@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_a_file_that_may_not_be_written(option, tmp_path, capsys, monkeypatch):
    fasta, target = tmp_path / "short.fasta", tmp_path / "closed"
    fasta.write_text(">x\nMPIMGSSVYITVELAIAVLAILGNVLVCWAVWLN\n")
    run("analyse", fasta, "--sites", "5-9", capsys=capsys)
    monkeypatch.setattr(Path, "write_bytes", refuse)
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
    monkeypatch.setattr("allo_core.runs.extract.run_notes", lambda *_: (note, "The input is long."))
    for _ in range(2):
        code, _, err = run("analyse", fasta, "--sites", "5-9", capsys=capsys)
        assert (code, err) == (0, f"{note}\nThe input is long.\n")


def test_models_lists_where_the_weights_are(capsys):
    code, out, _ = run("models", capsys=capsys)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "33 x 20" in lines["esm2_t33_650M_UR50D"]
    assert "bundled (AlloScope package)" in lines["alloscope_gpcr_8m"]
    assert "6 x 20" in lines["alloscope_gpcr_8m"]
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
