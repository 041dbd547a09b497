"""The command `variant`, equal to what the public functions give."""

import csv
import json

import numpy as np
import pytest

from allo_core.__main__ import main
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts import letter_preferences as preferences_module
from allo_core.readouts.known import panel
from allo_core.readouts.site_change import site_change
from allo_core.readouts.variant import compare_variant
from allo_core.readouts.variant_reference import variant_reference
from tests.terminal.commands import run

AA2AR = find_receptor("AA2AR").protein


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Letters are counted in one other receptor."""
    monkeypatch.setattr(preferences_module, "panel", lambda: panel()[:1])


def rows_of(table):
    return list(csv.DictReader(table.open(newline="")))


def test_a_substitution_with_both_references(tmp_path, capsys):
    out = tmp_path / "found"
    arguments = ["variant", "AA2AR", "W246A", "R102A", "--domain", "--sites", "D52 N280", "--reference", "2", "--out", out]
    code, said, _ = run(*arguments, capsys=capsys)
    assert code == 0
    assert "random substitutions in the same segment" in said
    assert "of 2 other letters at the same residues" in said
    (named,) = [line for line in said.splitlines() if line.startswith("Of these the swapped letter alone explains:")]
    assert "0.18" in named  # it looks at tryptophans
    model = load_model(DEFAULT_MODEL)
    rows, record = rows_of(out / "heads.csv"), json.loads((out / "variant.json").read_text())
    domain = AA2AR.crop(record["variant"]["first"], record["variant"]["first"] + len(record["run"]["sequence"]) - 1)
    assert domain.sequence == record["run"]["sequence"]
    comparison = compare_variant(model, domain, "W246A R102A")
    assert [row["explained_by_letter"] for row in rows].count("True") == pytest.approx(comparison.explained.sum(), abs=5)
    reference, site = variant_reference(model, comparison, 2), site_change(comparison, (domain.index(52), domain.index(280)))
    expected = {
        "change": comparison.change(),
        "change_rest": comparison.change("rest"),
        "percentile_random_rest": reference.percentile(comparison, "rest"),
        "percentile_same": reference.percentile(comparison, "all", "same"),
        "on_site_after": site.after,
        "enrichment_before": site.enrichment_before,
        "on_site_percentile_random": reference.site_percentile(comparison, site),
    }
    assert len(rows) == 120
    for name, grid in expected.items():
        found = np.array([float(row[name] or "nan") for row in rows])
        np.testing.assert_allclose(found, grid.ravel(), rtol=1e-4, err_msg=name)
    assert [(row["layer"], row["head"]) for row in rows[:21:20]] == [("0", "0"), ("1", "0")]
    assert {(row["model"], row["protein"], row["variant"]) for row in rows} == {(DEFAULT_MODEL, "AA2AR", "AA2AR R102A W246A")}
    assert record["substitutions"] == ["R102A", "W246A"]
    assert record["sites"] == {"residues": ["D52", "N280"], "missing": [], "null": "matched"}
    assert record["reference"]["random"] == [
        " ".join(one.label(domain) for one in substitutions) for substitutions in reference.random.substitutions
    ]
    assert len(record["reference"]["same"]) == 2
    assert record["run"]["model_id"] == DEFAULT_MODEL


def test_several_substitutions_without_a_reference(tmp_path, capsys):
    code, said, _ = run("variant", "AA2AR", "6x48A", "R102A", "--reference", "0", "--out", tmp_path, capsys=capsys)
    assert code == 0
    assert "AA2AR R102A W246A" in said
    assert "Without a reference nothing says whether that is much." in said
    assert "percentile_random" not in (tmp_path / "heads.csv").read_text()
    assert json.loads((tmp_path / "variant.json").read_text())["substitutions"] == ["R102A", "W246A"]


def test_an_ortholog_and_other_pairs(tmp_path, capsys):
    fasta, others, out = tmp_path / "mouse.fasta", tmp_path / "others.fasta", tmp_path / "out"
    sequence = AA2AR.sequence
    fasta.write_text(f">made\n{sequence[:150]}{sequence[153:300]}{sequence[300:].replace('G', 'A')}\n")
    adrb2 = find_receptor("ADRB2").protein.sequence
    others.write_text(f">=one\n{adrb2}\n>two\n{adrb2[:250]}{adrb2[253:].replace('S', 'T')}\n")
    arguments = ["variant", "AA2AR", "--ortholog", fasta, "--others", others, "--reference", "1", "--sites", "D52", "--out", out]
    code, said, _ = run(*arguments, capsys=capsys)
    assert code == 0
    assert "% of 1 other pair of " in said
    assert "residues without a counterpart" in said
    rows, record = rows_of(out / "heads.csv"), json.loads((out / "variant.json").read_text())
    assert {row["percentile_pairs"] for row in rows} <= {"0", "50", "100", ""}
    assert record["gaps"] is True
    assert {record["pairs"][0]["first"], record["pairs"][0]["second"]} == {"=one", "two"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["AA2AR", "W245A"], "W245A: residue 245 of AA2AR is C, not W; check the number, or write C245A."),
        (["AA2AR", "W246A", "W246F"], "are both at residue 246"),
        (["AA2AR"], "Give substitutions (W246A) or --ortholog FILE"),
        (["AA2AR", "W246A", "--ortholog", "x.fasta"], "one of the two"),
        (["AA2AR", "W246A", "--others", "x.fasta"], "--others belongs to --ortholog"),
        (["AA2AR", "--ortholog", "no.fasta"], "no such file"),
        (["AA2AR", "--ortholog", "AA2AR"], "has the sequence of AA2AR"),
        (["AA2AR", "--ortholog", "AA2BR", "--others", "no.fasta"], "no.fasta: cannot be read"),
        (["AA2AR", "W246A", "--sites", "no such site"], "no such site"),
        (["AA2AR", "W246A", "--reference", "-1"], "--reference -1"),
        (["AA2AR", "W246A", "--seed", "-1"], "--seed -1"),
        (["AA2AR", "W246A", "--out", "no/folder"], "the folder does not exist"),
        (["AA2AR", "W246A", "--out", "a_file"], "a file, not a folder"),
        (["NOSUCH", "W246A"], "NOSUCH"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").write_text("")
    assert main(["variant", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert output.err.splitlines()[-1].startswith("alloscope: ")
