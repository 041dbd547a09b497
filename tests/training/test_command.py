"""python -m allo_core train."""

import json
import signal

import pytest
from safetensors import safe_open

from allo_core.models.registry import MODELS
from allo_core.training.learner import Learner
from tests.terminal.commands import run
from tests.training.tiny import TINY, write_fasta

SHORT = ("--tokens", 1024, "--batch", 256, "--context", 32, "--long-context", 64, "--device", "cpu")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The shape of the command is a small one here."""
    monkeypatch.setitem(MODELS, "esm2_t6_8M_UR50D", TINY)


def test_from_start_to_end(tmp_path, capsys):
    data, folder = write_fasta(tmp_path / "my data.fasta"), tmp_path / "out"
    code, out, err = run("train", data, "--out", folder, *SHORT, capsys=capsys)
    assert code == 0
    assert out.startswith("Done: 1,0")
    assert "validation loss" in out
    assert err.startswith("9 sequences to learn, 3 held out\nstep 1/4, ")
    with safe_open(folder / "model.safetensors", "pt") as file:
        command = file.metadata()["command"]
    assert command.startswith("python -m allo_core train 'my data.fasta' --out FOLDER --tokens 1024 --batch 256 --context 32")
    assert str(tmp_path) not in command


def test_all_and_start(tmp_path, capsys):
    data = write_fasta(tmp_path / "a.fasta")
    assert run("train", data, "--out", tmp_path / "one", *SHORT, "--all", capsys=capsys)[0] == 0
    weights = tmp_path / "one" / "model.safetensors"
    code, out, _ = run("train", data, "--out", tmp_path / "two", *SHORT, "--all", "--start", weights, capsys=capsys)
    assert code == 0
    assert "validation" not in out
    with safe_open(tmp_path / "two" / "model.safetensors", "pt") as file:
        said = file.metadata()
    assert "--start model.safetensors --all" in said["command"]
    assert len(json.loads(said["settings"])["start"]) == 64
    assert (said["sequences"], said["validation_loss"]) == ("12", "None")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_the_same_command_goes_on(tmp_path, capsys, monkeypatch, number):
    data, folder, learn, steps = write_fasta(tmp_path / "a.fasta"), tmp_path / "out", Learner.learn, []

    def learn_and_stop(self, crops, rate):
        steps.append(rate)
        if len(steps) == 2:
            signal.raise_signal(number)
        return learn(self, crops, rate)

    monkeypatch.setattr(Learner, "learn", learn_and_stop)
    before = signal.getsignal(number)
    code, out, _ = run("train", data, "--out", folder, *SHORT, capsys=capsys)
    assert (code, len(steps)) == (0, 2)
    assert out.startswith("Stopped after step 2 of 4 (training loss")
    assert f"the same command goes on from {folder}." in out
    assert signal.getsignal(number) is before
    code, out, _ = run("train", data, "--out", folder, *SHORT, capsys=capsys)
    assert (code, len(steps)) == (0, 4)
    assert out.startswith("Done: ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--lr", "0"), "--lr is 0.0"),
        (("--lr", "x"), "argument --lr"),
        (("--start", "none.safetensors"), "none.safetensors cannot be read"),
        (("--device", "tpu"), "'tpu' is not available"),
        (("--validate-every", "0"), "--validate-every is 0"),
    ],
)
def test_bad_options(tmp_path, capsys, more, message):
    code, out, err = run("train", write_fasta(tmp_path / "a.fasta"), "--out", tmp_path / "out", *SHORT, *more, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
