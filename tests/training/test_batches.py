"""The batch of a step, and its pieces."""

import numpy as np
import pytest

from allo_core.training.batches import batch_of, pieces, validation_crops
from allo_core.training.masking import NOT_ASKED, MaskedCrop
from allo_core.training.sampling import TOKEN_NUMBERS, Sampler
from allo_core.training.sequences import Record


@pytest.fixture
def sampler() -> Sampler:
    letters = np.random.default_rng(0).choice(list("LAGVSERTIDPKQNFYMHWC"), (6, 300))
    return Sampler([Record(f"P{row}", f"R{row % 4}", "A", "".join(letters[row, : 40 + 50 * row])) for row in range(6)])


def _content(crops: list[MaskedCrop]) -> list[list[int]]:
    return [[*crop.inputs.tolist(), *crop.targets.tolist()] for crop in crops]


def test_a_batch_follows_from_seed_and_step(sampler):
    first = _content(batch_of(sampler, 7, 41, 2048, 128))
    batch_of(sampler, 7, 40, 2048, 128)
    assert _content(batch_of(sampler, 7, 41, 2048, 128)) == first
    assert _content(batch_of(sampler, 7, 42, 2048, 128)) != first
    assert _content(batch_of(sampler, 8, 41, 2048, 128)) != first


def test_validation_is_the_same_each_time(sampler):
    crops = validation_crops(sampler)
    assert len(crops) == 256
    assert max(map(len, crops)) == 256
    assert _content(validation_crops(sampler)) == _content(crops)


@pytest.mark.parametrize("most", [128, 300, 2048])
def test_pieces_hold_every_crop_once(sampler, most):
    crops = batch_of(sampler, 1, 0, 2048, 128)
    seen = []
    for piece in pieces(crops, most):
        assert piece.inputs.shape == piece.targets.shape
        assert piece.inputs.numel() <= most
        lengths = [piece.inputs.shape[1]] * len(piece.inputs) if piece.attention_mask is None else piece.attention_mask.sum(1).tolist()
        for row, length in enumerate(lengths):
            assert (piece.inputs[row, length:] == TOKEN_NUMBERS["<pad>"]).all()
            assert (piece.targets[row, length:] == NOT_ASKED).all()
            seen.append([*piece.inputs[row, :length].tolist(), *piece.targets[row, :length].tolist()])
    assert sorted(seen) == sorted(_content(crops))
