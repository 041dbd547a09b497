import numpy as np
import pytest
import torch

from allo_core.errors import TrainingError
from allo_core.folding.distance_head import BINS
from allo_core.folding.head_checkpoint import CHECKPOINT, HeadProgress, read_head_checkpoint, restore_head, save_head_checkpoint
from allo_core.folding.head_learner import HeadLearner
from tests.folding.heads import HEADS, SETTINGS, STATES, made_up_example

LOGS = np.full((2, 129, BINS), -np.log(BINS), dtype=np.float32)


def learner() -> HeadLearner:
    return HeadLearner(SETTINGS, STATES, HEADS, LOGS, "cpu")


def test_what_was_written_is_restored(tmp_path):
    one, example = learner(), made_up_example("one")
    one.learn([example], 0)
    progress = HeadProgress(1, (3.0,), 2.0, 1, 2.0, 10)
    save_head_checkpoint(tmp_path, one, {"x": torch.ones(2)}, "data", "model", progress)
    other = learner()
    content = read_head_checkpoint(tmp_path / CHECKPOINT)
    again, best = restore_head(content, tmp_path / CHECKPOINT, other, "data", "model")
    assert again == progress
    assert (best["x"] == 1).all()
    assert other.learn([example], 1) == one.learn([example], 1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04cut", b"x" * 200])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / CHECKPOINT
    path.write_bytes(content)
    with pytest.raises(TrainingError, match="is damaged"):
        read_head_checkpoint(path)
    torch.save({"format": "another"}, path)
    with pytest.raises(TrainingError, match="no checkpoint of a distance head"):
        read_head_checkpoint(path)


def test_parameters_of_another_shape_are_refused(tmp_path):
    save_head_checkpoint(tmp_path, learner(), {}, "data", "model", HeadProgress())
    content = read_head_checkpoint(tmp_path / CHECKPOINT)
    with pytest.raises(TrainingError, match="is damaged"):
        restore_head(content, tmp_path / CHECKPOINT, HeadLearner(SETTINGS, STATES + 1, HEADS, LOGS, "cpu"), "data", "model")
