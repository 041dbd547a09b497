"""Perplexity of predictions that are known, and of models."""

import numpy as np
import pytest
import torch
from _quality_models import Row, embeddings, masked_log_probabilities, trained, untrained, windows
from _quality_perplexity import draw_masks, mean_nats, model_predictor, perplexity, table_predictor
from safetensors.torch import save_file

from allo_core.errors import WeightsError
from allo_core.models.tokens import VOCABULARIES
from allo_core.protein.sequence import AMINO_ACIDS
from tests.benchmarks.small import SMALL
from tests.models.tiny import random_protein

SEQUENCE = random_protein(70).sequence


def test_the_perplexity_of_an_even_distribution_is_its_size():
    even = np.full((len(SEQUENCE), 20), 1 / 20)
    assert np.exp(mean_nats(SEQUENCE, table_predictor(even), 3)) == pytest.approx(20)


def test_nats_are_those_of_the_residue_that_is_there():
    table = np.full((4, 20), 0.5 / 19)
    table[np.arange(4), [AMINO_ACIDS.index(letter) for letter in "ACDE"]] = 0.5
    assert mean_nats("ACDE", table_predictor(table), 7) == pytest.approx(np.log(2))
    assert mean_nats("CADE", table_predictor(table), 4) == pytest.approx((2 * np.log(2) + 2 * np.log(38)) / 4)


def test_letters_without_a_residue_are_not_counted():
    table = np.full((4, 20), 1e-9)
    table[:, 0] = 0.25
    assert mean_nats("AXAX", table_predictor(table), 4) == pytest.approx(np.log(4))


def test_seven_masks_of_15_percent_hold_every_residue():
    masks = draw_masks(SEQUENCE, 7)
    assert masks.shape == (7, 11)
    assert all(len(set(mask)) == 11 for mask in masks.tolist())
    assert set(masks.ravel().tolist()) == set(range(70))
    assert np.array_equal(masks, draw_masks(SEQUENCE, 7))
    assert not np.array_equal(masks, draw_masks(SEQUENCE[::-1], 7))


def test_receptors_count_alike():
    found = perplexity([np.log(4), np.log(16)])
    assert found.value == pytest.approx(8)
    assert found.error == pytest.approx(8 * np.log(2))
    assert found.receptors == 2


def test_windows_cover_a_long_sequence_evenly():
    assert windows(1022) == [slice(0, 1022)]
    assert windows(2100) == [slice(0, 700), slice(700, 1400), slice(1400, 2100)]


def test_a_long_sequence_is_asked_about_in_windows():
    asked = []

    def predict(_sequence, window, masks):
        asked.append((window.start, window.stop))
        assert masks.max() < window.stop - window.start
        return np.log(np.full((*masks.shape, 20), 0.05))

    assert np.exp(mean_nats(random_protein(1500).sequence, predict, 1)) == pytest.approx(20)
    assert asked == [(0, 750), (750, 1500)]


def test_a_model_is_asked_without_seeing_the_masked_residues():
    row = untrained(SMALL)
    masks = draw_masks(SEQUENCE, 2)
    changed = list(SEQUENCE)
    for index in masks[0]:
        changed[index] = "A" if changed[index] != "A" else "C"
    both = [masked_log_probabilities(row, text, masks[:1]) for text in (SEQUENCE, "".join(changed))]
    assert np.array_equal(*both)
    assert np.exp(both[0]).sum(axis=-1) == pytest.approx(1, abs=1e-5)


def test_each_mask_is_a_forward_pass_of_its_own():
    row = untrained(SMALL)
    masks = draw_masks(SEQUENCE, 3)
    together = masked_log_probabilities(row, SEQUENCE, masks)
    alone = np.concatenate([masked_log_probabilities(row, SEQUENCE, mask[None]) for mask in masks])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert model_predictor(row)(SEQUENCE, slice(0, 70), masks) == pytest.approx(together)


def test_probabilities_are_in_the_order_of_the_residues():
    row = untrained(SMALL)
    with torch.no_grad():
        row.model.module.lm_head.bias[VOCABULARIES["esm2"].index("W")] += 50
    expected = masked_log_probabilities(row, SEQUENCE, draw_masks(SEQUENCE, 1))
    assert set(expected.argmax(axis=-1).ravel().tolist()) == {AMINO_ACIDS.index("W")}


def test_a_saved_model_is_the_same_model(tmp_path):
    row = untrained(SMALL)
    path = tmp_path / "model.safetensors"
    save_file({name: tensor for name, tensor in row.model.module.state_dict().items() if name != "lm_head.decoder.weight"}, path)
    read = trained("validation", path, False, SMALL)
    assert isinstance(read, Row)
    assert np.array_equal(embeddings(read, SEQUENCE), embeddings(row, SEQUENCE))
    assert trained("shipped", path, True, SMALL).title == "shipped (seen in training)"
    with pytest.raises(WeightsError, match=r"it lacks esm\.encoder\.layer\.2"):
        trained("validation", path, False)


def test_the_untrained_model_is_always_the_same():
    assert np.array_equal(embeddings(untrained(SMALL), SEQUENCE), embeddings(untrained(SMALL), SEQUENCE))
