from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.distance_head import BINS, DistanceHead, head_tensors, predict_distogram
from allo_core.folding.distogram import distogram_distances
from allo_core.folding.head_settings import EDGES
from tests.folding.heads import HEADS, SETTINGS, STATES, made_up_example

EXAMPLE = made_up_example("one")


def tiny_head(settings=SETTINGS) -> DistanceHead:
    torch.manual_seed(0)
    return DistanceHead(settings, STATES, HEADS)


def test_probabilities_of_both_directions_are_the_same_and_can_be_drawn():
    found = predict_distogram(tiny_head(), EXAMPLE.inputs)
    for one in (found.ca, found.cb):
        assert one.shape == (20, 20, BINS)
        np.testing.assert_allclose(one.sum(axis=-1), 1, atol=1e-5)
        np.testing.assert_allclose(one, one.transpose(1, 0, 2), atol=1e-6)
        assert np.isfinite(distogram_distances(one, found.edges).centre).all()
    assert np.abs(found.ca - found.cb).max() > 0.001
    assert (found.edges == EDGES).all()
    assert (found.index == EXAMPLE.inputs.index).all()


def test_it_begins_with_the_frequencies_of_each_separation():
    head = tiny_head()
    frequencies = np.random.default_rng(0).dirichlet(np.ones(BINS), (2, 129)).astype(np.float32)
    head.begin_with(np.log(frequencies))
    found = predict_distogram(head, EXAMPLE.inputs)
    apart = np.abs(EXAMPLE.inputs.index[:, None] - EXAMPLE.inputs.index)
    np.testing.assert_allclose(found.ca, frequencies[0][apart], atol=1e-6)
    np.testing.assert_allclose(found.cb, frequencies[1][apart], atol=1e-6)


@pytest.mark.parametrize(("features", "states", "maps"), [("both", True, True), ("states", True, False), ("attention", False, True)])
def test_it_reads_what_its_settings_say(features, states, maps):
    head = tiny_head(replace(SETTINGS, features=features))
    given = head_tensors(EXAMPLE.inputs)
    plain = head(given)[0]
    assert (head(given._replace(states=given.states + 1 - 2 * given.states))[0] != plain).any().item() == states
    assert (head(given._replace(maps=given.maps + 1))[0] != plain).any().item() == maps


def test_position_alone_knows_nothing_of_the_model():
    head = tiny_head(replace(SETTINGS, features="position"))
    nothing = replace(EXAMPLE.inputs, states=EXAMPLE.inputs.states[:, :0], maps=EXAMPLE.inputs.maps[:, :0])
    shifted = replace(nothing, index=nothing.index + 100)
    assert (predict_distogram(head, nothing).ca == predict_distogram(head, shifted).ca).all()


def test_features_of_another_model_are_refused():
    with pytest.raises(FoldError, match="reads 3 attention heads, and the features have 2"):
        predict_distogram(tiny_head(), replace(EXAMPLE.inputs, maps=EXAMPLE.inputs.maps[:, :2]))
    with pytest.raises(FoldError, match="reads 0 attention heads, and the features have 3"):
        predict_distogram(tiny_head(replace(SETTINGS, features="states")), EXAMPLE.inputs)


def test_progress_is_told_and_cancelling_ends_it():
    settings = replace(SETTINGS, trunk=replace(SETTINGS.trunk, layers=3))
    told = []
    predict_distogram(tiny_head(settings), EXAMPLE.inputs, lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]
    cancel = Event()
    with pytest.raises(Cancelled):
        predict_distogram(tiny_head(settings), EXAMPLE.inputs, lambda done, _: cancel.set() if done == 2 else None, cancel)


def test_a_crop_is_given_the_same_numbers():
    at = np.array([1, 2, 8, 9])
    whole, crop = head_tensors(EXAMPLE.inputs), head_tensors(EXAMPLE.inputs, at)
    assert (crop.index == whole.index[at]).all()
    assert (crop.states == whole.states[at]).all()
    assert (crop.maps == whole.maps[at][:, at]).all()


def test_the_model_of_the_settings_gives_the_sizes():
    head = DistanceHead(replace(SETTINGS, model="esm2_t6_8M_UR50D"))
    assert head.state_dict()["states.0.weight"].shape == (320,)
    assert head.state_dict()["attention.weight"].shape == (8, 120)


def test_aligned_sequences_are_read_where_the_trunk_has_a_track_for_them():
    settings = replace(SETTINGS, msa_rows=2, trunk=replace(SETTINGS.trunk, msa=True, inter_msa=True, compression=3))
    example = made_up_example("one", aligned=True)
    head = tiny_head(settings)
    given = head_tensors(example.inputs, np.arange(4, 12))
    plain = head(given)[0]
    assert (head(given._replace(rows=(given.rows + 1) % 21))[0] != plain).any()
    assert (head(given._replace(place=given.place + 1))[0] != plain).any()
    assert predict_distogram(head, example.inputs).ca.shape == (20, 20, BINS)
    with pytest.raises(FoldError, match="reads aligned sequences, and the features have none"):
        predict_distogram(head, EXAMPLE.inputs)
