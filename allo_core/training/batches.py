"""The crops of one step, and how they are laid out for the device."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.training.masking import NOT_ASKED, MaskedCrop, mask_crop
from allo_core.training.sampling import TOKEN_NUMBERS, Sampler

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Piece", "batch_of", "pieces", "validation_crops"]

# Of every training, so that their validation losses can be compared.
_VALIDATION_SEED, _VALIDATION_CROPS, _VALIDATION_CONTEXT = 20_240_229, 256, 256


@dataclass(frozen=True)
class Piece:
    """Some crops of a batch, padded to the longest of them.

    Parameters
    ----------
    inputs, targets : LongTensor, shape=(n, T)
    attention_mask : LongTensor, shape=(n, T), or None
        1 where a token is, 0 where padding is; None where there is no padding (attention is faster without).
    """

    inputs: "Tensor"
    targets: "Tensor"
    attention_mask: "Tensor | None"


def batch_of(sampler: Sampler, seed: int, step: int, tokens: int, context: int) -> list[MaskedCrop]:
    """The masked crops of one step (from 0).

    They follow from the arguments alone, so that a training that goes on needs no random state.
    """
    rng = np.random.default_rng([seed, step])
    return [mask_crop(crop, rng) for crop in sampler.draw_many(rng, tokens, context)]


def validation_crops(sampler: Sampler) -> list[MaskedCrop]:
    """The same 256 masked crops of at most 256 tokens each time, drawn as in training."""
    rng = np.random.default_rng(_VALIDATION_SEED)
    return [mask_crop(sampler.draw(rng, _VALIDATION_CONTEXT), rng) for _ in range(_VALIDATION_CROPS)]


def pieces(crops: Iterable[MaskedCrop], most: int) -> Iterator[Piece]:
    """Crops of similar length together, at most ``most`` tokens a piece (padding included; a longer crop is a piece of its own)."""
    ordered = sorted(crops, key=len, reverse=True)
    while ordered:
        count = max(1, most // len(ordered[0]))
        yield _padded(ordered[:count])
        ordered = ordered[count:]


def _padded(crops: list[MaskedCrop]) -> Piece:
    import torch

    shape = (len(crops), len(crops[0]))
    inputs = np.full(shape, TOKEN_NUMBERS["<pad>"])
    targets = np.full(shape, NOT_ASKED)
    attended = np.zeros(shape, dtype=np.int64)
    for row, crop in enumerate(crops):
        inputs[row, : len(crop)] = crop.inputs
        targets[row, : len(crop)] = crop.targets
        attended[row, : len(crop)] = 1
    mask = None if attended.all() else torch.from_numpy(attended)
    return Piece(torch.from_numpy(inputs), torch.from_numpy(targets), mask)
