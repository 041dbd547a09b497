"""`pairs baselines` from a terminal: the numbers of the public functions, and one line for what cannot be done."""

import csv

import numpy as np
import pytest

from allo_core.__main__ import main
from allo_core.interaction import baselines, coupling_baselines
from allo_core.interaction.coupling_table import coupling_pairs
from allo_core.terminal import pairs_baselines


def tables(folder, labels: str = ",label"):
    """Twenty proteins; pairs that interact are of the first ten."""
    letters = np.random.default_rng(0).choice(list("ACDEFGHIKL"), (20, 30))
    sequences, pairs = folder / "sequences.csv", folder / "pairs.csv"
    sequences.write_text("name,sequence\n" + "".join(f"p{number},{''.join(row)}\n" for number, row in enumerate(letters)))
    rows = [f"p{a},p{b}{',1' if labels else ''}\n" for a in range(10) for b in range(a)]
    rows += [f"p{a},p{b}{',0' if labels else ''}\n" for a in range(10, 20) for b in range(10, a)]
    pairs.write_text(f"A,B{labels}\n" + "".join(rows) + f"p1,nobody{',1' if labels else ''}\n")
    return ["pairs", "baselines", "--sequences", str(sequences), "--pairs", str(pairs)]


def test_own_pairs(tmp_path, capsys):
    out = tmp_path / "b.csv"
    assert main([*tables(tmp_path), "--csv", str(out)]) == 0
    said = capsys.readouterr()
    assert "own pairs: 90 pairs (45 interact) of 20 proteins" in said.out
    assert "Lengths were not tested" in said.out
    assert said.out.rstrip().splitlines()[-1].startswith("Names alone, without any sequence, reach accuracy 1.000")
    assert "pairs, row 92: 'nobody' has no sequence" in said.err
    rows = list(csv.DictReader(out.open()))
    assert [(row["baseline"], row["split"]) for row in rows] == [("names", "by pair"), ("names", "by protein")]
    assert float(rows[0]["accuracy"]) == 1
    assert float(rows[0]["accuracy_chance"]) == 0.5
    assert rows[1]["mcc"] == ""  # not defined


def test_many_complaints_are_counted(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(pairs_baselines, "_MOST_COMPLAINTS", 0)
    assert main(tables(tmp_path)) == 0
    assert "... and 1 more rows that are not used" in capsys.readouterr().err


def test_coupling(tmp_path, capsys, monkeypatch):
    """With made-up vectors and clusters, as a pass for each receptor takes minutes."""
    from allo_core.interaction.features import cut_tokens
    from allo_core.interaction.pairs import TokenVectors

    tokens = cut_tokens("published")
    values = np.random.default_rng(0).normal(size=(255, len(tokens), 4)).astype(np.float32)
    values[:251, 3:, 0] += 3 * coupling_pairs().labels[::4, None]
    monkeypatch.setattr("allo_core.interaction.features.token_vectors", lambda *given, **named: TokenVectors(tokens, values))
    monkeypatch.setattr(coupling_baselines, "coupling_identities", lambda: np.kron(np.eye(84), np.ones((3, 3)))[:251, :251])
    monkeypatch.setattr(baselines, "_TREES", 10)
    out = tmp_path / "c.csv"
    assert main(["pairs", "baselines", "--csv", str(out)]) == 0
    said = capsys.readouterr().out
    assert "251 receptors in 84 clusters of homologues" in said
    assert "GtoPdb through GPCRdb (ODbL, contents CC BY-SA 4.0)" in said
    assert said.rstrip().splitlines()[-1].startswith("Not above chance in mean AUC within families: family prior")
    rows = list(csv.DictReader(out.open()))
    assert [row["family"] for row in rows[:5]] == ["Gs", "Gi/o", "Gq/11", "G12/13", "mean"]
    assert {row["method"] for row in rows} == set(coupling_baselines.BASELINES)
    told = next(row for row in rows if row["method"] == "logistic regression, 10 segments" and row["family"] == "Gs")
    assert float(told["auc"]) > 0.9
    assert float(told["auc_low"]) <= float(told["auc"]) <= float(told["auc_high"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "pan"], "does not ship. Give --data FOLDER with pan_pairs.tsv.gz (sha256 4b38"),
        (["--set", "bernett"], "There is no set 'bernett'; choose one of coupling, pan, real_test."),
        (["--split", "pair"], "Receptors cannot be divided by 'pair'; choose cluster or protein."),
        (["--model", "nothing"], "nothing"),
        (["--dtype", "int4"], "int4"),
        (["--sequences", "a.csv"], "give --sequences FILE and --pairs FILE"),
        (["--sequences", "/no/such.csv", "--pairs", "/no/such.csv"], "/no/such.csv cannot be read"),
        (["--csv", "/no/such/folder/x.csv"], "the folder does not exist"),
    ],
)
def test_bad_input_is_one_line(arguments, words, capsys):
    assert main(["pairs", "baselines", *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1


def test_pairs_without_labels_cannot_be_tested(tmp_path, capsys):
    assert main(tables(tmp_path, labels="")) == 2
    assert "has no column of labels" in capsys.readouterr().err
