"""`pairs train` and `pairs predict` from a terminal, on small tables with made-up vectors."""

import csv
import json

import numpy as np
import pytest
import torch

from allo_core.__main__ import main
from allo_core.interaction import inputs
from allo_core.interaction.features import cut_tokens
from allo_core.interaction.kept_model import load_pair_model
from allo_core.interaction.pairs import TokenVectors
from allo_core.terminal import pairs_train
from tests.interaction.test_published_weights import WIDTH, Encoder
from tests.terminal.test_pairs import tables


class Made:
    """A language model of which nothing but its name is used."""

    def __init__(self, model_id: str):
        from allo_core.models.registry import get_spec

        self.spec, self.sha256 = get_spec(model_id), "a" * 64


@pytest.fixture(autouse=True)
def _made_up(monkeypatch):
    """Vectors whose first number tells the first ten proteins from the others."""

    def vectors(model, proteins, cut="published", progress=None, cancel=None):
        names = cut_tokens(cut)
        found = np.random.default_rng(1).normal(size=(len(proteins), len(names), model.spec.width)).astype(np.float32)
        found[:, :, :40] += [[[4.0 if protein.name in {f"p{n}" for n in range(10)} else -4.0]] for protein in proteins]
        return TokenVectors(names, found)

    monkeypatch.setattr(inputs, "token_vectors", vectors)
    monkeypatch.setattr("allo_core.runs.extract.ready_model", lambda model_id, *more: Made(model_id))


def own(folder) -> list[str]:
    return tables(folder)[2:]


def trained(folder, *more: str) -> int:
    options = ["--split", "protein", "--layers", "1", "--epochs", "2", "--out", str(folder / "model")]
    return main(["pairs", "train", *own(folder), *options, *more])


def test_own_pairs_are_learnt_and_asked(tmp_path, capsys):
    assert trained(tmp_path) == 0
    said = capsys.readouterr().out
    assert said.startswith("ESM2_AMPS is ")
    assert "90 pairs, 45 of them positive" in said
    assert "names alone" in said
    assert "chance" in said
    card = load_pair_model(tmp_path / "model").card
    assert card.model_id == "alloscope_gpcr_8m"
    assert (card.data, card.cuts, card.architecture.marks) == ("own pairs", ("published", "published"), True)
    out = tmp_path / "p.csv"
    assert main(["pairs", "predict", "--with", str(tmp_path / "model"), *own(tmp_path), "--csv", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ESM2_AMPS is ")
    assert len(said.splitlines()) == 1 + 1 + 30 + 1
    assert "... and 60 more" in said
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == 90
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)
    left_out = [float(row["when left out"]) for row in rows if row["when left out"]]
    assert len(left_out) == sum(map(len, card.out_of_fold.values())) > 0


def test_as_published(tmp_path, capsys):
    options = ["--as-published", "--kind", "dpm", "--epochs", "1", "--out", str(tmp_path / "model")]
    assert main(["pairs", "train", *own(tmp_path), *options]) == 0
    assert "as published" in capsys.readouterr().out
    card = load_pair_model(tmp_path / "model").card
    assert card.settings is not None
    assert card.settings.as_published
    assert card.architecture is not None
    assert card.architecture.hidden == (320, 120, 25)
    assert sum(map(len, card.out_of_fold.values())) == 90


def test_trials(tmp_path, capsys):
    pytest.importorskip("optuna", reason="the extra pairs is not installed")
    assert trained(tmp_path, "--kind", "mean", "--trials", "1") == 0
    assert "Best of 1 trials" in capsys.readouterr().err
    assert (tmp_path / "model" / "trials.sqlite").exists()


def test_published_parameters_are_asked(tmp_path, capsys, monkeypatch):
    torch.save(Encoder().state_dict(), tmp_path / "amps.pth")
    asked = ["pairs", "predict", "--weights", str(tmp_path / "amps.pth"), *own(tmp_path)]
    assert main(asked) == 2
    assert f"reads vectors of {WIDTH} numbers" in capsys.readouterr().err


def test_one_pair_of_a_receptor_and_a_family(tmp_path, capsys):
    assert trained(tmp_path) == 0
    capsys.readouterr()
    assert main(["pairs", "predict", "AA2AR", "gs", "--with", str(tmp_path / "model")]) == 0
    assert "AA2AR" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["train", "--out", "x", "--kind", "cnn"], "--kind 'cnn' is unknown; choose one of amps"),
        (["train", "--out", "x", "--cut", "halves"], "--cut 'halves' is unknown"),
        (["train", "--out", "x", "--split", "luck"], "--split 'luck' is unknown"),
        (["train", "--out", "x", "--layers", "0"], "--layers is 0"),
        (["train", "--out", "x", "--epochs", "0"], "epochs is 0"),
        (["train", "--out", "x", "--trials", "-1"], "--trials is -1"),
        (["train", "--out", "x", "--seed", "-1"], "seed is -1"),
        (["train", "--out", "x", "--as-published", "--split", "cluster"], "--as-published takes folds of pairs"),
        (["train", "--out", "x", "--kind", "dpm", "--cut", "regions"], "which no cut changes"),
        (["train", "--out", "x", "--pairs", "y"], "Own pairs need two tables"),
        (["train", "--out", "x", "--model", "nothing"], "nothing"),
        (["predict"], "Give a receptor, or tables"),
        (["predict", "AA2AR", "--with", "x", "--weights", "y"], "not both"),
        (["predict", "AA2AR", "--with", "x"], "There is no model x"),
        (["predict", "AA2AR", "--weights", "x"], "There is no file x"),
        (["predict", "--pairs", "x", "--sequences", "y"], "know four partners alone"),
        (["predict", "AA2AR", "Gz"], "know the families Gs, Gi/o, Gq/11, G12/13, not 'Gz'"),
    ],
)
def test_what_cannot_be_done_is_one_line(options, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["pairs", *options]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.strip().splitlines()) == 1


def test_a_model_of_other_weights_is_refused(tmp_path, capsys, monkeypatch):
    assert trained(tmp_path) == 0
    card = tmp_path / "model" / "model.json"
    values = json.loads(card.read_text())
    card.write_text(json.dumps(values | {"weights_sha256": "b" * 64}))
    assert main(["pairs", "predict", "--with", str(tmp_path / "model"), *own(tmp_path)]) == 2
    assert "other weights of alloscope_gpcr_8m" in capsys.readouterr().err


def test_receptors_and_families_are_learnt_by_default(tmp_path, capsys, monkeypatch):
    """The path of couplings, with the baselines replaced: they have tests of their own."""
    from allo_core.interaction import coupling_baselines
    from allo_core.interaction.coupling_scores import compare_couplings

    clusters = np.arange(251) // 3
    monkeypatch.setattr(coupling_baselines, "coupling_clusters", lambda: clusters)
    monkeypatch.setattr("allo_core.interaction.features.token_vectors", lambda *given: None)
    monkeypatch.setattr(coupling_baselines, "coupling_baselines", lambda features, split, more: compare_couplings(more, split, clusters))
    options = ["--kind", "mean", "--epochs", "1", "--cut", "regions", "--out", str(tmp_path / "model")]
    assert main(["pairs", "train", *options]) == 0
    said = capsys.readouterr().out
    assert said.startswith("mean of the segments is ")
    assert "AUC G12/13" in said
    card = load_pair_model(tmp_path / "model").card
    assert card.measure == "mean AUC"
    assert len(card.out_of_fold) == 251
    assert card.tokens[0][0] == "N-term"
    assert pairs_train._NAMES["mean"] == card.comparison[0].name
