"""Whole trainings of a small model."""

import json
import random
from dataclasses import replace
from io import StringIO

import pytest
import torch
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import load_file

from allo_core.errors import TrainingError, WeightsError
from allo_core.models.checkpoint import fill_module, read_checkpoint
from allo_core.models.convert import from_transformers
from allo_core.models.language_model import build_module
from allo_core.models.tokens import encode
from allo_core.training.files import CHECKPOINT, LOG, WEIGHTS, read_checkpoint_file
from allo_core.training.run import Habits, read_corpus, train
from allo_core.training.sequences import data_sha256
from allo_core.training.settings import Settings
from tests.training.tiny import SETTINGS, TINY, StopAfter, train_tiny, write_fasta


@pytest.fixture
def data(tmp_path):
    return write_fasta(tmp_path / "a.fasta")


def _log(folder) -> list[dict]:
    """The log without what the clock decides."""
    lines = [json.loads(line) for line in (folder / LOG).read_text().splitlines()]
    for line in lines:
        assert line.pop("tokens_per_second") > 0
    return lines


def test_going_on_gives_the_same_bits(tmp_path, data):
    straight = train_tiny(data, tmp_path / "straight")
    half = train_tiny(data, tmp_path / "halves", stop=StopAfter(3))
    assert (half.step, straight.step) == (3, 6)
    # Steps that were logged and then lost with a crash are learnt and logged again.
    with (tmp_path / "halves" / LOG).open("a") as log:
        log.write('{"step": 4, "tok')
    whole = train_tiny(data, tmp_path / "halves")
    # The log holds tokens a second, which differ in length.
    assert replace(whole, log_bytes=0) == replace(straight, log_bytes=0)
    assert _log(tmp_path / "halves") == _log(tmp_path / "straight")
    one, other = (read_checkpoint_file(tmp_path / name / CHECKPOINT) for name in ("straight", "halves"))
    assert all(torch.equal(one["parameters"][name], other["parameters"][name]) for name in one["parameters"])
    for key, state in one["optimiser"]["state"].items():
        assert all(torch.equal(state[name], other["optimiser"]["state"][key][name]) for name in state)
    one, other = (load_file(tmp_path / name / WEIGHTS) for name in ("straight", "halves"))
    assert all(torch.equal(one[name], other[name]) for name in one | other)


def test_log(tmp_path, data):
    progress = train_tiny(data, tmp_path / "run")
    lines = _log(tmp_path / "run")
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert [line["validation_loss"] is not None for line in lines] == [False, True] * 3
    assert lines[-1]["tokens"] == progress.tokens
    assert progress.losses == tuple(line["loss"] for line in lines)
    assert progress.validation_loss == lines[-1]["validation_loss"]
    assert lines[0]["lr"] == pytest.approx(1e-3)
    assert all(line["gradient_norm"] > 0 for line in lines)


def test_a_finished_training_is_left_as_it_is(tmp_path, data):
    done = train_tiny(data, tmp_path / "run")
    files = [tmp_path / "run" / name for name in (CHECKPOINT, WEIGHTS, LOG)]
    before = [file.stat().st_mtime_ns for file in files]
    assert train_tiny(data, tmp_path / "run") == done
    assert [file.stat().st_mtime_ns for file in files] == before


def test_lost_weights_of_a_finished_training_are_written_again(tmp_path, data):
    done = train_tiny(data, tmp_path / "run")
    path = tmp_path / "run" / WEIGHTS
    before = load_file(path)
    path.unlink()
    assert train_tiny(data, tmp_path / "run") == done
    assert all(torch.equal(tensor, before[name]) for name, tensor in load_file(path).items())


def test_loss_falls_on_repeats(tmp_path):
    path = tmp_path / "a.fasta"
    path.write_text("".join(f">{letter} receptor={letter} class=A\n{letter * 60}\n" for letter in "LAGV"))
    progress = train_tiny(path, tmp_path / "run", Settings(50 * 512, everything=True, batch=512, context=32, long_context=64, lr=1e-2))
    assert progress.losses[0] > 3
    # Frequencies alone give ln 4 = 1.39: it has read the rest of the sequence.
    assert sum(progress.losses[-5:]) / 5 < 1
    assert progress.validation_loss is None


def test_last_steps_have_long_crops(tmp_path, data, monkeypatch):
    from allo_core.training.learner import Learner

    longest, learn = [], Learner.learn
    monkeypatch.setattr(Learner, "learn", lambda self, crops, rate: longest.append(max(map(len, crops))) or learn(self, crops, rate))
    train_tiny(data, tmp_path / "run")
    # Sequences of 60 residues: 62 tokens.
    assert longest == [32] * 4 + [62] * 2


def test_weights_load_strictly_and_say_the_same(tmp_path, data):
    train_tiny(data, tmp_path / "run")
    path = tmp_path / "run" / WEIGHTS
    tensors = load_file(path)
    assert "lm_head.decoder.weight" not in tensors
    assert {str(tensor.dtype) for name, tensor in tensors.items() if not name.endswith("inv_freq")} == {"torch.float16"}
    whole, app = build_module(TINY), None
    whole.load_state_dict(from_transformers(tensors), strict=True)
    with torch.device("meta"):
        app = build_module(TINY)
    fill_module(app, read_checkpoint(path, "transformers"), torch.float32, path)
    trained = build_module(TINY)
    trained.load_state_dict(read_checkpoint_file(tmp_path / "run" / CHECKPOINT)["parameters"])
    tokens = encode("esm2", "MPIMGSSVYITVELAIAVLAILGNVLVCWAVWLNSNLQNVTNYF").ids
    with torch.inference_mode():
        ours, strict, app_logits = (module(input_ids=tokens).logits for module in (trained, whole, app))
    assert torch.equal(strict, app_logits)
    assert (ours - strict).abs().max() < 5e-3
    assert ours.std() > 0.1


def test_metadata(tmp_path, data):
    corpus = read_corpus(data, everything=False)
    habits = Habits(command="python -m allo_core train a.fasta")
    progress = train(corpus, tmp_path / "run", TINY, SETTINGS, habits, StringIO(), "cpu")
    with safe_open(tmp_path / "run" / WEIGHTS, "pt") as file:
        said = file.metadata()
    assert said["command"] == "python -m allo_core train a.fasta"
    assert json.loads(said["settings"])["tokens"] == SETTINGS.tokens
    assert said["data_sha256"] == data_sha256(data)
    assert (said["sequences"], said["receptors"], said["tokens"]) == ("9", "3", str(progress.tokens))
    assert float(said["validation_loss"]) == progress.validation_loss
    assert said["licence"] == "CC BY 4.0 (data: UniProt)"
    assert json.loads(said["versions"])["torch"] == torch.__version__


def test_start_from_weights(tmp_path, data):
    train_tiny(data, tmp_path / "first")
    start = tmp_path / "first" / WEIGHTS
    settings = replace(SETTINGS, start=data_sha256(start), lr=1e-6)
    done = train_tiny(data, tmp_path / "second", settings, start=start)
    tensors, again = load_file(start), load_file(tmp_path / "second" / WEIGHTS)
    assert tensors.keys() == again.keys()
    assert all((tensors[name].float() - again[name].float()).abs().max() < 1e-3 for name in tensors)
    assert done.losses != train_tiny(data, tmp_path / "third", replace(SETTINGS, lr=1e-6)).losses
    tensors.pop("lm_head.bias")
    from safetensors.torch import save_file

    save_file(tensors, tmp_path / "less.safetensors")
    with pytest.raises(WeightsError, match=r"lacks lm_head\.bias"):
        train_tiny(data, tmp_path / "fourth", settings, start=tmp_path / "less.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 2e-3}, r"has --lr 0\.001, not 0\.002"),
        ({"tokens": 9999}, "has --tokens 1536, not 9999"),
        ({"seed": 4}, "has --seed 3, not 4"),
        ({"everything": True}, "has --all False, not True"),
        ({"start": "0123456789abcdef"}, "has --start None, not 0123456789ab;"),
    ],
)
def test_other_settings(tmp_path, data, change, message):
    train_tiny(data, tmp_path / "run", stop=StopAfter(1))
    with pytest.raises(TrainingError, match=message):
        train_tiny(data, tmp_path / "run", replace(SETTINGS, **change))


def test_other_data_and_another_shape(tmp_path, data):
    train_tiny(data, tmp_path / "run", stop=StopAfter(1))
    with pytest.raises(TrainingError, match="has data with sha256"):
        train_tiny(write_fasta(tmp_path / "b.fasta", length=61), tmp_path / "run")
    with pytest.raises(TrainingError, match=r"model of shape \[2, 4, 32, 64\], not \[3,"):
        train(read_corpus(data, False), tmp_path / "run", replace(TINY, layers=3), SETTINGS, Habits(), StringIO(), "cpu")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-30],
        lambda content: content[:20_000] + bytes(5000) + content[25_000:],
        lambda content: content[:30_000] + bytes([content[30_000] ^ 1]) + content[30_001:],
        lambda content: random.Random(0).randbytes(5000),
    ],
    ids=["empty", "half", "end", "hole", "bit", "noise"],
)
def test_damaged_checkpoint(tmp_path, data, damage):
    train_tiny(data, tmp_path / "run", stop=StopAfter(1))
    path = tmp_path / "run" / CHECKPOINT
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is damaged; move it .* --start"):
        train_tiny(data, tmp_path / "run")


def test_a_checkpoint_that_would_run_code(tmp_path, data):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    (tmp_path / "run").mkdir()
    torch.save({"format": Evil()}, tmp_path / "run" / CHECKPOINT)
    with pytest.raises(TrainingError, match="damaged"):
        train_tiny(data, tmp_path / "run")
    assert not (tmp_path / "ran").exists()


def test_something_else_in_its_place(tmp_path, data):
    (tmp_path / "run").mkdir()
    torch.save({"model": torch.zeros(3)}, tmp_path / "run" / CHECKPOINT)
    with pytest.raises(TrainingError, match="no checkpoint of this version"):
        train_tiny(data, tmp_path / "run")


def test_weights_without_a_checkpoint_are_not_written_over(tmp_path, data):
    train_tiny(data, tmp_path / "run", stop=StopAfter(1))
    (tmp_path / "run" / CHECKPOINT).unlink()
    with pytest.raises(TrainingError, match=r"model\.safetensors but no checkpoint\.pt"):
        train_tiny(data, tmp_path / "run")


def test_one_training_a_folder(tmp_path, data):
    (tmp_path / "run").mkdir()
    with FileLock(tmp_path / "run" / ".lock"), pytest.raises(TrainingError, match="Another training runs in"):
        train_tiny(data, tmp_path / "run")


def test_a_file_in_the_place_of_the_folder(tmp_path, data):
    with pytest.raises(TrainingError, match=r"a\.fasta cannot be written"):
        train_tiny(data, data)


def test_a_checkpoint_now_and_then(tmp_path, data, monkeypatch):
    from allo_core.training import run

    saved, save = [], run.save_checkpoint
    monkeypatch.setattr(run, "save_checkpoint", lambda *given: saved.append(given[-1].step) or save(*given))
    train(read_corpus(data, False), tmp_path / "run", TINY, SETTINGS, Habits(checkpoint_seconds=1e-9), StringIO(), "cpu")
    assert saved == [1, 2, 3, 4, 5, 6, 6]


@pytest.mark.parametrize(("values", "message"), [((0, 250), "--checkpoint-minutes is 0"), ((600, 0), "--validate-every is 0")])
def test_habits(values, message):
    with pytest.raises(TrainingError, match=message):
        Habits(*values)
