"""Perplexity of masked residues: the masks, what a prediction is worth, and means over receptors."""

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from _quality_columns import residue_indices
from _quality_models import Row, masked_log_probabilities, windows

__all__ = ["MASKED", "Perplexity", "Predict", "draw_masks", "mean_nats", "model_predictor", "perplexity", "table_predictor"]

MASKED = 0.15
_SEED = 0

# Window of the sequence, masks in that window [k, n] -> natural log of the probabilities [k, n, 20].
Predict = Callable[[str, slice, np.ndarray], np.ndarray]


class Perplexity(NamedTuple):
    """exp of the mean nats over receptors, its standard error over them, and how many there are."""

    value: float
    error: float
    receptors: int


def draw_masks(part: str, count: int) -> np.ndarray:
    """Masks of 15 % of a sequence, the same whenever they are drawn.

    The residues are put in a random order that follows from the sequence alone, and each mask takes the next 15 % of them, going round:
    seven masks hold each residue once or twice.

    Returns
    -------
    ndarray, dtype=int, shape=(count, n)
    """
    order = np.random.default_rng([_SEED, zlib.crc32(part.encode())]).permutation(len(part))
    size = int(np.ceil(MASKED * len(part)))
    return order[np.arange(count * size).reshape(count, size) % len(part)]


def mean_nats(sequence: str, predict: Predict, count: int) -> float:
    """Mean of -ln p over the masked residues of a sequence; letters other than the 20 residues are masked but not counted."""
    residues, total, number = residue_indices(sequence), 0.0, 0
    for window in windows(len(sequence)):
        masks = draw_masks(sequence[window], count)
        wanted = residues[window][masks]
        known = wanted >= 0
        given = np.take_along_axis(predict(sequence, window, masks), np.maximum(wanted, 0)[..., None], axis=-1)[..., 0]
        total -= float(given[known].sum(dtype=np.float64))
        number += int(known.sum())
    return total / number


def perplexity(nats: Sequence[float]) -> Perplexity:
    """Of the mean nats of each receptor, all counted alike."""
    values = np.asarray(nats, dtype=float)
    value = float(np.exp(values.mean()))
    error = value * float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return Perplexity(value, error, len(values))


def model_predictor(row: Row) -> Predict:
    """A model asked about the masked residues of a window."""
    return lambda sequence, window, masks: masked_log_probabilities(row, sequence[window], masks)


def table_predictor(probabilities: np.ndarray) -> Predict:
    """Fixed probabilities of each residue [L, 20], which look at no neighbour."""
    logs = np.log(probabilities)
    return lambda _sequence, window, masks: logs[window][masks]
