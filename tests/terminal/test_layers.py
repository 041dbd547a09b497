"""`layers` from a terminal: the numbers of the public function, a sentence, and files."""

import csv
import json
import re

import pytest

from allo_core.__main__ import main
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.readouts.layers import kept_layers
from allo_core.readouts.value_table import property_of_table

FEW = ("AA2AR", "ADRB2", "CCR5", "OPSD")


def test_a_property_with_files(tmp_path, capsys):
    table, record = tmp_path / "l.csv", tmp_path / "l.json"
    arguments = ["layers", "--property", "segment", "--csv", str(table), "--json", str(record), "--receptors", *FEW]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    found = kept_layers(DEFAULT_MODEL, "segment", FEW)
    assert found is not None
    assert said.rstrip().endswith(found.sentence)
    assert "The states of the library's receptors are kept: 2.3 MB" in said
    rows = list(csv.DictReader(table.open()))
    assert [row["what"] for row in rows[:8]] == [*(f"state {k}" for k in range(7)), "all states together"]
    for row, score in zip(rows, found.states, strict=False):
        assert float(row["score"]) == pytest.approx(score.value)
        assert row["above_baselines"] == str(int(row["state"]) not in found.not_above)
    assert {row["what"] for row in rows[8:]} == {one.name for one in found.baselines}
    facts = json.loads(record.read_text())
    assert facts["sentence"] == found.sentence
    assert facts["receptors"] == list(FEW)
    assert facts["states"][3]["value"] == found.states[3].value
    assert main(arguments) == 0
    assert "are kept" not in capsys.readouterr().out  # nothing was computed


def test_attention_beside_the_states(capsys):
    assert main(["layers", "--property", "segment", "--from", "attention", "--receptors", *FEW]) == 0
    said, found = capsys.readouterr().out, kept_layers(DEFAULT_MODEL, "segment", FEW, attention=True)
    assert found is not None
    assert said.rstrip().endswith(found.sentence)
    assert re.search(rf"attention of layer 5 +{re.escape(str(found.attention[5]))}", said)
    assert len(found.attention) == 6


def test_own_values(tmp_path, capsys):
    table = tmp_path / "own.csv"
    table.write_text("receptor,residue,=depth\n" + "".join(f"{entry},{k},{k % 7}\n" for entry in FEW for k in range(30, 130)))
    out = tmp_path / "l.csv"
    assert main(["layers", "--table", str(table), "--csv", str(out)]) == 0
    assert "R²" in capsys.readouterr().out
    assert next(csv.DictReader(out.open()))["property"] == "'=depth"
    assert kept_layers(DEFAULT_MODEL, property_of_table(table.read_text())).rows == 400


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--property", "colour"], "no property 'colour'"),
        (["esm9"], "Unknown model 'esm9'"),
        (["--receptors", "AA2AR", "NOSUCH"], "NOSUCH"),
        (["--receptors", "AA2AR"], "too few clusters of homologues (1)"),
        (["--table", "none.csv"], "none.csv: cannot be read"),
        (["--property", "class", "--from", "attention"], "Attention is read of residues, and 'class' is a property of receptors"),
        (["--csv", "no/folder/l.csv"], "the folder does not exist"),
        (["--dtype", "float8"], "float8"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["layers", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert output.err.count("\n") == 1
