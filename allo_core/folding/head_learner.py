"""A distance head and its optimiser: one step, and the loss on receptors that are not learnt from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from allo_core.errors import TrainingError
from allo_core.folding.distance_head import BINS, DistanceHead, head_tensors
from allo_core.folding.head_data import Places, TrainingExample, crop_of
from allo_core.folding.head_settings import EDGES, NEAREST, SEPARATION, HeadSettings

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32

__all__ = ["HeadLearner", "HeadStep", "Targets", "separation_logs", "separation_loss", "targets_of", "validation_crops"]

_BETAS, _WEIGHT_DECAY, _LARGEST_GRADIENT = (0.9, 0.98), 0.01, 1.0
_VALIDATION_SEED = 20  # of the crops that are validated on; two of each receptor
_VALIDATION_CROPS = 2
_PSEUDO = 0.5  # added to each count of distances


@dataclass(frozen=True)
class HeadStep:
    """What one step gave: the mean loss a pair (nats), and the norm of the gradient before clipping."""

    loss: float
    gradient_norm: float


@dataclass(frozen=True, eq=False)
class Targets:
    """The bins of the pairs that count.

    Parameters
    ----------
    first, second : ndarray, dtype=int, shape=(n,)
        Places among the residues of the crop, first < second.
    apart : ndarray, dtype=int, shape=(n,)
        Residues along the chain, at most 128.
    ca, cb : ndarray, dtype=int, shape=(n,)
        Bins.
    ca_weights, cb_weights : ndarray, dtype=float32, shape=(n,)
    """

    first: np.ndarray
    second: np.ndarray
    apart: np.ndarray
    ca: np.ndarray
    cb: np.ndarray
    ca_weights: np.ndarray
    cb_weights: np.ndarray


def targets_of(places: Places, at: np.ndarray, far_weight: float) -> Targets:
    """The pairs of a crop that are at least three apart along the chain and have sure places, with their bins.

    A pair weighs the product of the pLDDT / 100 of its residues, and `far_weight` times that where it is farther than the last edge.

    Parameters
    ----------
    places : Places
    at : ndarray of int, shape=(n,)
        Places of the crop among the residues, ascending.
    far_weight : float
    """
    weights = places.weights[at]
    first, second = np.triu_indices(len(at), 1)
    apart = places.index[at][second] - places.index[at][first]
    both = weights[first] * weights[second]
    used = (apart >= NEAREST) & (both > 0)
    first, second, apart, both = first[used], second[used], apart[used], both[used]
    bins, scaled = [], []
    for points in (places.ca[at], places.cb[at]):
        distance = np.linalg.norm(points[first] - points[second], axis=1)
        found = np.clip(np.searchsorted(EDGES, distance, side="right") - 1, 0, BINS - 1)
        bins.append(found)
        scaled.append(np.where(found == BINS - 1, far_weight, 1.0).astype(np.float32) * both)
    return Targets(first, second, np.minimum(apart, SEPARATION), *bins, *scaled)


def validation_crops(examples: Sequence[TrainingExample], window: int) -> list[tuple[TrainingExample, np.ndarray]]:
    """Two crops of each receptor, the same ones each time.

    Parameters
    ----------
    examples : sequence of TrainingExample
    window : int
        Residues of each of the two stretches of a crop.
    """
    found = []
    for example in examples:
        rng = np.random.default_rng([_VALIDATION_SEED, *example.receptor.encode()])
        found += [(example, crop_of(len(example.places.index), window, rng)) for _ in range(_VALIDATION_CROPS)]
    return found


def separation_logs(learnt: Sequence[TrainingExample], far_weight: float) -> Float32[np.ndarray, "2 S K"]:
    """Logarithms of the frequencies of the bins at each separation along the chain, of CA and of CB; ndarray, dtype=float32.

    Parameters
    ----------
    learnt : sequence of TrainingExample
        Whose distances are counted, with their weights.
    far_weight : float
    """
    counts = np.full((2, SEPARATION + 1, BINS), _PSEUDO)
    for example in learnt:
        every = targets_of(example.places, np.arange(len(example.places.index)), far_weight)
        for kind, bins, weights in ((0, every.ca, every.ca_weights), (1, every.cb, every.cb_weights)):
            flat = np.bincount(every.apart * BINS + bins, weights, minlength=counts[kind].size)
            counts[kind] += flat.reshape(counts[kind].shape)
    return np.log(counts / counts.sum(axis=-1, keepdims=True)).astype(np.float32)


def separation_loss(logs: Float32[np.ndarray, "2 S K"], crops: Sequence[tuple[TrainingExample, np.ndarray]], far_weight: float) -> float:
    """Mean loss (nats a pair) of `separation_logs` on crops: what a head has to be below.

    Parameters
    ----------
    logs : ndarray, shape=(2, 129, K)
    crops : sequence of (TrainingExample, ndarray)
    far_weight : float
    """
    total = weight = 0.0
    for example, at in crops:
        given = targets_of(example.places, at, far_weight)
        total -= float((logs[0, given.apart, given.ca] * given.ca_weights + logs[1, given.apart, given.cb] * given.cb_weights).sum())
        weight += float((given.ca_weights + given.cb_weights).sum())
    return total / weight


class HeadLearner:
    """A distance head that learns.

    Parameters
    ----------
    settings : HeadSettings
    states, heads : int
        Width of the states and number of attention maps of the features.
    logs : ndarray, shape=(2, 129, K)
        From `separation_logs`: what the head says before the first step.
    device : str

    Attributes
    ----------
    head : DistanceHead
    optimiser : torch.optim.AdamW
    """

    def __init__(self, settings: HeadSettings, states: int, heads: int, logs: Float32[np.ndarray, "2 S K"], device: str) -> None:
        self.settings, self.device = settings, device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            self.head = DistanceHead(settings, states, heads).to(device)
        self.head.begin_with(logs)
        parameters = list(self.head.parameters())
        groups = [
            {"params": [one for one in parameters if one.ndim >= 2], "weight_decay": _WEIGHT_DECAY},
            {"params": [one for one in parameters if one.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, betas=_BETAS)

    def learn(self, examples: Sequence[TrainingExample], step: int) -> HeadStep:
        """One step on random crops, which follow from the seed and the number of the step alone.

        Parameters
        ----------
        examples : sequence of TrainingExample
        step : int
            From 0.

        Raises
        ------
        TrainingError
            The loss or the gradient is not finite; nothing is changed then.
        """
        settings = self.settings
        for group in self.optimiser.param_groups:
            group["lr"] = settings.learning_rate(step)
        self.optimiser.zero_grad(set_to_none=True)
        rng = np.random.default_rng([settings.seed, step])
        self.head.train()
        total = 0.0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(1 << 31)))  # of dropout
            for _ in range(settings.batch):
                example = examples[int(rng.integers(len(examples)))]
                loss, weight = self._summed_loss(example, crop_of(len(example.places.index), settings.window, rng))
                mean = loss / max(weight, 1.0) / settings.batch
                mean.backward()
                total += float(mean.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(self.head.parameters(), _LARGEST_GRADIENT))
        if not (math.isfinite(total) and math.isfinite(norm)):
            raise TrainingError(f"The loss is {total}, the gradient {norm}; train anew with a lower --lr.")
        self.optimiser.step()
        return HeadStep(total, norm)

    def loss(self, crops: Sequence[tuple[TrainingExample, np.ndarray]]) -> float:
        """Mean loss (nats a pair) on crops; nothing is learnt."""
        self.head.eval()
        with torch.inference_mode():
            sums = [self._summed_loss(example, at) for example, at in crops]
        return sum(float(loss) for loss, _ in sums) / max(sum(weight for _, weight in sums), 1.0)

    def _summed_loss(self, example: TrainingExample, at: np.ndarray) -> tuple[Tensor, float]:
        """Summed over the pairs and over CA and CB, and the sum of their weights."""
        given = targets_of(example.places, at, self.settings.far_weight)
        logits = self.head(head_tensors(example.inputs, at, self.device))
        first, second = (torch.from_numpy(values).to(self.device) for values in (given.first, given.second))
        total, weight = torch.zeros((), device=self.device), 0.0
        for one, bins, weights in ((logits[0], given.ca, given.ca_weights), (logits[1], given.cb, given.cb_weights)):
            each = cross_entropy(one[first, second], torch.from_numpy(bins).to(self.device), reduction="none")
            total = total + (each * torch.from_numpy(weights).to(self.device)).sum()
            weight += float(weights.sum())
        return total, weight
