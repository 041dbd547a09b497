"""python -m allo_core train-distances."""

import argparse
from dataclasses import replace

import numpy as np
import pytest

from allo_core.folding import head_data
from allo_core.folding.head_settings import HeadSettings
from allo_core.folding.head_weights import load_head
from allo_core.folding.trunk_settings import TrunkSettings
from allo_core.models import language_model
from allo_core.terminal.train_distances import add_train_distances, settings_of
from tests.models.tiny import FAMILIES, random_model
from tests.terminal.commands import run

SHORT = ("--steps", 2, "--width", 8, "--heads", 2, "--layers", 1, "--device", "cpu", "--validate-every", 2)
NAMES = ("AA2AR", "ADRB2", "GP173", "HRH1")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Four receptors and a model with random weights."""
    monkeypatch.setattr(head_data, "learnable", lambda: NAMES)
    monkeypatch.setattr(language_model, "load_model", lambda *_: random_model(FAMILIES[0]))


def test_from_start_to_end(tmp_path, capsys):
    folder = tmp_path / "out"
    code, out, err = run("train-distances", "--out", folder, *SHORT, capsys=capsys)
    assert code == 0
    assert out.startswith("Done: training loss ")
    assert "validation loss" in out
    assert "features of 4 of 4 receptors\n1 receptors to learn, 3 held out, 0 left out as homologues\nstep 1/2, " in err
    assert "(separation alone " in err
    head, record = load_head(folder)
    assert record.learnt == ("HRH1",)
    assert record.held_out == ("AA2AR", "ADRB2", "GP173")
    assert record.settings.trunk == TrunkSettings(width=8, heads=2, layers=1)
    assert all(np.isfinite(values.numpy()).all() for values in head.state_dict().values())


def parsed(*arguments) -> HeadSettings:
    parser = argparse.ArgumentParser()
    add_train_distances(parser.add_subparsers())
    return settings_of(parser.parse_args(["train-distances", "--out", "x", *map(str, arguments)]))


def test_every_option_reaches_the_settings():
    assert parsed() == HeadSettings()
    trunk = TrunkSettings(48, 6, 3, 4, True, True, 4, (True, False, True), 8, True, 0.1)
    wanted = HeadSettings("esm2_t6_8M_UR50D", "attention", True, "family", trunk=trunk, msa_rows=8, seed=3, steps=10, batch=2, lr=0.001)
    head = "--model esm2_t6_8M_UR50D --features attention --shuffled --split family --seed 3 --steps 10 --batch 2 --lr 0.001 --msa-rows 8"
    of_trunk = "--width 48 --heads 6 --layers 3 --expansion 4 --inter-msa --compression 4 --sparse 0,2 --block 8 --reversible --dropout 0.1"
    assert parsed(*head.split(), *of_trunk.split()) == wanted
    assert parsed("--sparse", "all").trunk == replace(TrunkSettings(), sparse=(True, True))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--features", "magic"], "features is magic; it must be one of"),
        (["--sparse", "2"], "--sparse '2' is no layer of the trunk; write all, or numbers from 0 to 1"),
        (["--width", 30], "width is 30"),
        (["--inter-msa"], "inter_msa is True"),
        (["--lr", 2], "lr is 2.0"),
        (["--model", "esm9"], "esm9"),
        (["--checkpoint-minutes", 0], "--checkpoint-minutes is 0"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_wrong_words_are_refused_in_a_sentence(tmp_path, capsys, arguments, said):
    code, _, err = run("train-distances", "--out", tmp_path, *arguments, capsys=capsys)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
