from dataclasses import replace

import numpy as np
import pytest
import torch

from allo_core.errors import TrainingError
from allo_core.folding.distance_head import BINS
from allo_core.folding.head_learner import HeadLearner, separation_logs, separation_loss, targets_of, validation_crops
from allo_core.folding.head_settings import EDGES
from tests.folding.heads import HEADS, SETTINGS, STATES, made_up_example

EXAMPLES = [made_up_example(f"R{seed}", 24, seed) for seed in range(4)]
LOGS = separation_logs(EXAMPLES, 0.4)


def learner(settings=SETTINGS) -> HeadLearner:
    return HeadLearner(settings, STATES, HEADS, LOGS, "cpu")


def test_targets_are_the_bins_of_the_distances_with_their_weights():
    places = EXAMPLES[0].places
    places = places._replace(ca=places.ca * 4, weights=np.where(np.arange(24) == 7, 0, places.weights).astype(np.float32))
    at = np.array([0, 1, 2, 5, 7, 23])
    found = targets_of(places, at, 0.4)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert pairs == [(0, 3), (0, 5), (1, 3), (1, 5), (2, 3), (2, 5), (3, 5)]  # three apart or more, and none of residue 7
    for k, (i, j) in enumerate(pairs):
        distance = np.linalg.norm(places.ca[at[i]] - places.ca[at[j]])
        assert EDGES[found.ca[k]] <= distance < EDGES[found.ca[k] + 1]
        assert found.ca_weights[k] == pytest.approx(0.81 * (0.4 if distance > 50 else 1))
        assert found.apart[k] == at[j] - at[i]
    assert (found.ca == BINS - 1).any()
    assert (found.ca < BINS - 1).any()


def test_a_head_begins_at_the_loss_of_the_separation_alone():
    crops = validation_crops(EXAMPLES, SETTINGS.window)
    expected = separation_loss(LOGS, crops, SETTINGS.far_weight)
    assert learner().loss(crops) == pytest.approx(expected, abs=1e-5)
    uniform = np.full_like(LOGS, -np.log(BINS))
    assert separation_loss(uniform, crops, 0.4) == pytest.approx(np.log(BINS), abs=1e-5)
    assert expected < np.log(BINS)


def test_it_learns_what_the_features_tell():
    settings = replace(SETTINGS, steps=30, lr=0.04)
    one = learner(settings)
    crops = validation_crops(EXAMPLES, settings.window)
    before = one.loss(crops)
    for step in range(30):
        one.learn(EXAMPLES, step)
    assert one.loss(crops) < before - 0.2


def test_a_step_follows_from_the_seed_and_its_number():
    settings = replace(SETTINGS, trunk=replace(SETTINGS.trunk, dropout=0.2))
    first, second = learner(settings), learner(settings)
    torch.manual_seed(1)
    given = [first.learn(EXAMPLES, step) for step in range(3)]
    torch.manual_seed(2)
    assert [second.learn(EXAMPLES, step) for step in range(3)] == given
    other = learner(replace(settings, seed=1))
    assert other.learn(EXAMPLES, 0) != given[0]


def test_a_loss_that_is_no_number_changes_nothing():
    one = learner()
    before = {name: values.clone() for name, values in one.head.state_dict().items()}
    broken = replace(EXAMPLES[0], inputs=replace(EXAMPLES[0].inputs, states=np.full_like(EXAMPLES[0].inputs.states, np.nan)))
    with pytest.raises(TrainingError, match="The loss is nan"):
        one.learn([broken], 0)
    assert all((values == before[name]).all() for name, values in one.head.state_dict().items())


def test_validation_looks_at_the_same_crops_each_time():
    first, second = validation_crops(EXAMPLES, 4), validation_crops(EXAMPLES[::-1], 4)
    assert len(first) == 8
    by_name = {}
    for example, at in second:
        by_name.setdefault(example.receptor, []).append(at.tolist())
    for example, at in first:
        assert at.tolist() in by_name[example.receptor]
