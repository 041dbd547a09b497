"""`heads` from a terminal."""

import csv
import json

import pytest

from allo_core.__main__ import main
from allo_core.batch.heads_summary import shares_over, special_share_over
from allo_core.heads import sample
from allo_core.heads.arcs import family_arcs
from allo_core.heads.properties import head_property
from allo_core.heads.shares import shares_of
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts import own_share as own_share_module
from allo_core.readouts.own_share import kept_own_share
from tests.batch.made import heads_batch, receptor_records

NAMES = ("AA2AR", "ADRB2", "CCR5", "OPSD", "MTR1A", "P2Y12")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Six receptors, so that a pass over all takes a second."""
    monkeypatch.setattr(sample, "panel_receptors", lambda: NAMES)
    sample.sample_of.cache_clear()
    yield
    sample.sample_of.cache_clear()


def test_files_hold_what_the_functions_give(tmp_path, capsys):
    table, record = tmp_path / "heads.csv", tmp_path / "heads.json"
    assert main(["heads", "--property", "offset", "--similarity", "--csv", str(table), "--json", str(record)]) == 0
    said = capsys.readouterr().out
    found = family_arcs(load_model(DEFAULT_MODEL), NAMES)
    shares = shares_of(found, head_property("offset"))
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 120 * 9
    row = next(row for row in rows if (row["layer"], row["head"], row["value"].lstrip("'")) == ("2", "10", "+1"))
    at, value = 2 * 20 + 10, shares.what.values.index("+1")
    assert float(row["share"]) == pytest.approx(shares.share[at, value], rel=1e-5)
    assert float(row["expected"]) == pytest.approx(shares.background[at, value], rel=1e-5)
    assert any(row["share"] == "" for row in rows) == (~shares.tested).any()
    assert json.loads(record.read_text())["receptors"] == list(NAMES)
    assert "r" in json.loads(record.read_text())["blosum62"]
    assert "2.10" in said
    assert "This says nothing about receptors" in said


def test_over_a_batch(tmp_path, capsys):
    """The same numbers as over the receptors, in the table too; contacts were not counted."""
    results = heads_batch(tmp_path / "out", receptor_records())
    table, record = tmp_path / "heads.csv", tmp_path / "heads.json"
    batch = ["heads", "--batch", str(tmp_path / "out"), "--property"]
    assert main([*batch, "conserved third", "--csv", str(table), "--json", str(record)]) == 0
    said = capsys.readouterr().out
    assert "conserved third: 7 of 8 sequences in 6 groups of homologues, arcs of at least 0.3" in said
    assert "heads look at conserved third" in said
    rows, shares = list(csv.DictReader(table.open())), shares_over(results, "conserved third")
    assert [row["share"] != "" for row in rows] == shares.tested[:, 0].tolist()
    assert sum(float(row["special_share"]) for row in rows) == pytest.approx(special_share_over(results).sum(), rel=1e-4)
    assert json.loads(record.read_text())["settings"]["task"] == "heads"
    assert main([*batch, "contact"]) != 0
    assert "'contact' was not counted in this batch" in capsys.readouterr().err


def test_own_share(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(own_share_module, "panel_receptors", lambda: NAMES[:2])
    monkeypatch.setattr(own_share_module, "_RESIDUES", 1)
    monkeypatch.setattr(own_share_module, "_PROBES", 1)
    table, record = tmp_path / "own.csv", tmp_path / "own.json"
    assert main(["heads", "--own-share", "--csv", str(table), "--json", str(record)]) == 0
    said, found = capsys.readouterr().out, kept_own_share(DEFAULT_MODEL)
    assert found.sentence in said
    rows = list(csv.DictReader(table.open()))
    assert [int(row["state"]) for row in rows] == list(range(7))
    assert [float(row["own_share"]) for row in rows] == pytest.approx(found.shares.mean(axis=0), rel=1e-5)
    assert [float(row["untrained"]) for row in rows] == pytest.approx(found.untrained.mean(axis=0), rel=1e-5)
    assert json.loads(record.read_text())["receptors"] == list(found.receptors)


def test_own_positions_and_tables(tmp_path, capsys):
    assert main(["heads", "--positions", "2x50 3x39", "--csv", str(tmp_path / "x.csv")]) == 0
    assert "marked positions" in capsys.readouterr().out
    labels = tmp_path / "labels.csv"
    labels.write_text("receptor,residue,mark\n" + "\n".join(f"{name},{number},in" for name in NAMES for number in range(50, 90)))
    assert main(["heads", "--table", str(labels)]) == 0
    assert "mark" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--property", "charm"], "There is no property 'charm'"),
        (["--receptors", "2"], "2 receptors cannot be drawn"),
        (["--positions", "2x50", "--table", "x.csv"], "Give --positions or --table, not both"),
        (["--table", "nowhere.csv"], "cannot be read"),
        (["--own-share", "--similarity"], "--own-share has its own receptors and no property"),
        (["--own-share", "esm2"], "esm2"),
        (["--batch", "nowhere"], "nowhere is not a batch"),
        (["antiberty", "--batch", "out"], "The batch in out has its model and sequences; leave a model out, or --batch."),
        (["--batch", "out", "--receptors", "30"], "leave --receptors out, or --batch."),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(words, said, capsys):
    assert main(["heads", *words]) != 0
    assert said in capsys.readouterr().err
