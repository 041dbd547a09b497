"""A small network over the latent vectors of pairs: the other model that is asked which tokens it uses, by Integrated Gradients.

The published sizes, 3,000 to 1,796, 382 and 1 with ReLU for 20 tokens of 150 numbers, in proportion for others; no dropout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from allo_core.errors import Cancelled, PairError
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float32, Float64, Integer
    from torch import Tensor

__all__ = ["FittedNetwork", "LatentNetwork", "fit_network"]

_PUBLISHED = (1796 / 3000, 382 / 3000)
_BATCH, _EPOCHS, _RATE, _DECAY, _PATIENCE = 64, 100, 1e-3, 1e-2, 10


class LatentNetwork(nn.Module):
    """Logits of pairs from their latent vectors.

    Parameters
    ----------
    tokens, latent : int
        Of a pair, and numbers of each.
    """

    def __init__(self, tokens: int, latent: int) -> None:
        super().__init__()
        width = tokens * latent
        first, second = (max(1, round(share * width)) for share in _PUBLISHED)
        self.layers = nn.Sequential(nn.Linear(width, first), nn.ReLU(), nn.Linear(first, second), nn.ReLU(), nn.Linear(second, 1))

    def forward(self, x: Float[Tensor, "pairs tokens latent"]) -> Float[Tensor, " pairs"]:
        """The logits."""
        return self.layers(x.flatten(1))[:, 0]


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A network with the weights of its best epoch, and the losses of all.

    Parameters
    ----------
    module : LatentNetwork
        In evaluation mode.
    losses : ndarray, dtype=float64, shape=(epochs, 2)
        Cross-entropy (nats) of the pairs learnt from, and of those that choose the epoch.
    best_epoch : int
        Counted from 0.
    """

    module: LatentNetwork = field(repr=False)
    losses: Float64[np.ndarray, "epochs 2"] = field(repr=False)
    best_epoch: int

    def logits(self, features: Float32[np.ndarray, "pairs tokens latent"]) -> Float64[np.ndarray, " pairs"]:
        """Of pairs."""
        with torch.no_grad():
            return self.module(torch.from_numpy(np.ascontiguousarray(features))).double().numpy()


def fit_network(
    features: Float32[np.ndarray, "pairs tokens latent"],
    labels: Integer[np.ndarray, " pairs"],
    choosing: Bool[np.ndarray, " pairs"],
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> FittedNetwork:
    """Fit a network; ten epochs without progress end it, 100 at most.

    Parameters
    ----------
    features : ndarray, dtype=float32, shape=(pairs, tokens, latent)
    labels : ndarray, dtype=int, shape=(pairs,)
        0 or 1.
    choosing : ndarray, dtype=bool, shape=(pairs,)
        Pairs that are not learnt from and choose the epoch; no proteins of theirs should be learnt from.
    seed : int
    progress : callable, optional
        Of how many epochs are done, and how many there are at most.
    cancel : CancelEvent, optional
        Asked in each epoch.

    Raises
    ------
    PairError
        No pairs to learn from or to choose with, or values that cannot be learnt from.
    Cancelled
    """
    if choosing.all() or not choosing.any():
        raise PairError(f"Of {len(labels)} pairs {int(choosing.sum())} choose the epoch and the others are learnt from; both need some.")
    tensors = [(torch.from_numpy(features[rows]), torch.from_numpy(labels[rows]).float()) for rows in (~choosing, choosing)]
    (inputs, targets), (held, held_targets) = tensors
    losses: list[tuple[float, float]] = []
    best, kept = -1, {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = LatentNetwork(*features.shape[1:])
        optimiser = torch.optim.AdamW(module.parameters(), lr=_RATE, weight_decay=_DECAY)
        for epoch in range(_EPOCHS):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            total = 0.0
            for rows in torch.randperm(len(inputs)).split(_BATCH):
                loss = binary_cross_entropy_with_logits(module(inputs[rows]), targets[rows])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                total += float(loss.detach()) * len(rows)
            with torch.no_grad():
                losses.append((total / len(inputs), float(binary_cross_entropy_with_logits(module(held), held_targets))))
            if not np.isfinite(losses[-1]).all():
                raise PairError(f"The network's loss is {losses[-1][1]} after {epoch + 1} epochs: its vectors are too large or not finite.")
            if best < 0 or losses[-1][1] < losses[best][1]:
                best, kept = epoch, {name: values.detach().clone() for name, values in module.state_dict().items()}
            if progress is not None:
                progress(epoch + 1, _EPOCHS)
            if epoch - best >= _PATIENCE:
                break
    module.load_state_dict(kept)
    return FittedNetwork(module.eval(), np.array(losses), best)
