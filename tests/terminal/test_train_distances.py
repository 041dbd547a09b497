"""python -m allo_core train-distances."""

import argparse
from dataclasses import replace

import numpy as np
import pytest

from allo_core.folding import head_data
from allo_core.folding.distance_head import Distogram
from allo_core.folding.head_settings import HeadSettings
from allo_core.folding.head_weights import load_head
from allo_core.folding.kept_heads import own_head
from allo_core.folding.kept_refinement import REFINEMENT, REFINEMENT_CARD, read_refinement_record
from allo_core.models import language_model
from allo_core.terminal.train_distances import add_train_distances, settings_of
from allo_core.trunk.trunk_settings import TrunkSettings
from tests.folding.test_distogram_fold import EDGES, distogram
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
    assert "Features of receptors: 4 of 4\n1 receptors to learn, 3 held out, 0 left out as homologues\nstep 1/2, " in err
    head, record = load_head(folder)
    assert record.learnt == ("HRH1",)
    assert record.held_out == ("AA2AR", "ADRB2", "GP173")
    assert record.settings.trunk == TrunkSettings(width=8, heads=2, layers=1)
    assert all(np.isfinite(values.numpy()).all() for values in head.state_dict().values())


def test_a_refinement_is_learnt_after_the_head_and_once(tmp_path, capsys, monkeypatch):
    places = {one.index.tobytes(): one for one in map(head_data.places_of, NAMES)}

    def predict(head, inputs, progress=None, cancel=None):
        place = places[inputs.index.tobytes()].ca.astype(float)
        off = np.random.default_rng(0).normal(0, 0.5, place.shape)
        return Distogram(inputs.index, distogram(place + off), distogram(place), EDGES)

    monkeypatch.setattr("allo_core.folding.distance_head.predict_distogram", predict)
    folder = tmp_path / "out"
    code, out, err = run("train-distances", "--out", folder, *SHORT, "--refine", 1, capsys=capsys)
    assert code == 0
    assert "Drawing folds to refine: 4 of 4\nLearning to refine, loss 0." in err
    assert "The refinement takes the lDDT of 3 held-out receptors from 0." in out
    assert own_head(folder).refinement == read_refinement_record(folder / REFINEMENT_CARD)
    before = (folder / REFINEMENT).read_bytes()
    code, again, err = run("train-distances", "--out", folder, *SHORT, "--refine", 1, capsys=capsys)
    assert (code, again) == (0, out)
    assert "Drawing" not in err
    assert (folder / REFINEMENT).read_bytes() == before
    code, _, err = run("train-distances", "--out", folder, *SHORT, "--refine", 2, capsys=capsys)
    assert code == 2
    assert "has a refinement of 1 layers, not 2; ask for that one, or move refinement.safetensors" in err


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
        (["--refine", -1], "layers of a refinement is -1; it must be at least 1"),
        (["--checkpoint-minutes", 0], "--checkpoint-minutes is 0"),
        (["--device", "abacus"], "abacus"),
    ],
)
def test_wrong_words_are_refused_in_a_sentence(tmp_path, capsys, arguments, said):
    code, _, err = run("train-distances", "--out", tmp_path, *arguments, capsys=capsys)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
