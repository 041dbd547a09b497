import io
import json
from dataclasses import replace

import pytest
import torch

from allo_core.errors import TrainingError
from allo_core.folding.distance_head import predict_distogram
from allo_core.folding.head_checkpoint import CHECKPOINT
from allo_core.folding.head_training import LOG, HeadCorpus, train_head
from allo_core.folding.head_weights import WEIGHTS, load_head
from allo_core.training.run import Habits
from tests.folding.heads import SETTINGS, made_up_example

EXAMPLES = [made_up_example(f"R{seed}", 24, seed) for seed in range(5)]
CORPUS = HeadCorpus(EXAMPLES[:3], EXAMPLES[3:], ("R9",), "f" * 64)
HABITS = Habits(checkpoint_seconds=1000, validate_every=2)


class StopAfter:
    """An event that is set after it was asked so many times."""

    def __init__(self, times: int):
        self.left = times

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trained(folder, corpus=CORPUS, settings=SETTINGS, stop=None):
    stream = io.StringIO()
    return train_head(corpus, folder, settings, HABITS, stream, stop=stop), stream.getvalue()


def test_a_stopped_training_goes_on_to_the_same_numbers(tmp_path):
    whole, said = trained(tmp_path / "whole")
    assert whole.step == SETTINGS.steps
    assert said.startswith("step 1/6, ")
    part, _ = trained(tmp_path / "parts", stop=StopAfter(3))
    assert part.step == 3
    rest, _ = trained(tmp_path / "parts")
    assert replace(rest, log_bytes=0) == replace(whole, log_bytes=0)
    first, second = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("whole", "parts"))
    assert first["parameters"].keys() == second["parameters"].keys()
    assert all((values == second["parameters"][name]).all() for name, values in first["parameters"].items())
    assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "parts" / WEIGHTS).read_bytes()
    lines = [[json.loads(line) for line in (tmp_path / name / LOG).read_text().splitlines()] for name in ("whole", "parts")]
    assert [[line["loss"] for line in one] for one in lines] == [[*whole.losses]] * 2
    assert [line["validation_loss"] is not None for line in lines[0]] == [False, True] * 3


def test_what_is_kept_is_the_best_on_held_out_receptors_and_says_where_it_is_from(tmp_path):
    progress, _ = trained(tmp_path)
    head, record = load_head(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    seen = {line["step"]: line["validation_loss"] for line in lines if line["validation_loss"] is not None}
    assert record.validation_loss == min(seen.values()) == seen[record.step] == progress.best_loss
    assert record.last_validation_loss == seen[6]
    assert (record.learnt, record.held_out, record.left_out) == (("R0", "R1", "R2"), ("R3", "R4"), ("R9",))
    assert record.settings == SETTINGS
    assert record.baseline_loss is not None
    assert "CC BY" in record.attribution
    assert predict_distogram(head, EXAMPLES[0].inputs).ca.shape[:2] == (24, 24)


def test_without_held_out_receptors_the_last_step_is_kept(tmp_path):
    trained(tmp_path, replace(CORPUS, held_out=()))
    _, record = load_head(tmp_path)
    assert (record.step, record.validation_loss, record.baseline_loss) == (6, None, None)


def test_a_finished_training_keeps_its_bytes(tmp_path):
    trained(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in (WEIGHTS, CHECKPOINT, LOG)}
    trained(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("corpus", "settings", "said"),
    [
        (CORPUS, replace(SETTINGS, lr=0.02), "has lr 0.01, not 0.02"),
        (CORPUS, replace(SETTINGS, features="states"), "has features both, not states"),
        (replace(CORPUS, learnt=EXAMPLES[:2]), SETTINGS, "has structures "),
        (replace(CORPUS, model_sha256="e" * 64), SETTINGS, "has weights of the model ffff"),
    ],
)
def test_other_settings_or_data_are_refused(tmp_path, corpus, settings, said):
    trained(tmp_path, stop=StopAfter(1))
    with pytest.raises(TrainingError, match=said):
        trained(tmp_path, corpus, settings)


def test_damaged_checkpoints_and_weights_without_one_are_refused(tmp_path):
    trained(tmp_path, stop=StopAfter(1))
    content = bytearray((tmp_path / CHECKPOINT).read_bytes())
    content[len(content) // 2] ^= 255
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(TrainingError, match="is damaged"):
        trained(tmp_path)
    (tmp_path / CHECKPOINT).unlink()
    with pytest.raises(TrainingError, match=r"has head\.safetensors but no checkpoint\.pt"):
        trained(tmp_path)


def test_two_trainings_do_not_share_a_folder(tmp_path):
    class Second:
        said = ""

        def is_set(self) -> bool:
            with pytest.raises(TrainingError) as refused:
                trained(tmp_path)
            self.said = str(refused.value)
            return True

    stop = Second()
    trained(tmp_path, stop=stop)
    assert "Another training runs in" in stop.said


@pytest.mark.parametrize(("habits", "said"), [({"checkpoint_seconds": 0}, "--checkpoint-minutes is 0"), ({"validate_every": 0}, "is 0")])
def test_habits_out_of_range_are_named(habits, said):
    with pytest.raises(TrainingError, match=said):
        Habits(**habits)
