"""The vectors of tokens made shorter by an autoencoder, so that a forest or a small network can work on few numbers for each token.

The shape is the published one (Sun et al., Brief. Bioinform. 26, bbaf434 (2025)): width to 512, 256 and 150 numbers and back, for 1,280;
other widths in proportion.  Residual blocks are swish(batch norm(spectral norm of a linear map)) plus a skip, which is a linear map where
sizes differ; one swish with one beta serves all blocks.  Unlike the published code the weights of the best epoch are copied, and the best
epoch is chosen on whole proteins that were not learnt from.  Principal components stand beside it: as many numbers, and no training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.nn.utils.parametrizations import spectral_norm

from allo_core.errors import Cancelled, PairError
from allo_core.learning.folds import group_folds
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float32, Integer
    from torch import Tensor

__all__ = ["Autoencoder", "Reducer", "fit_reducer", "sizes_for"]

_PUBLISHED_WIDTH, _PUBLISHED_SIZES = 1280, (512, 256, 150)
_BATCH, _EPOCHS, _RATE, _DECAY = 128, 100, 1e-3, 1e-4
_FACTOR, _PLATEAU, _PATIENCE = 0.1, 5, 15  # the rate falls after 5 epochs without progress; after 15 the training ends
_FOLDS = 5  # one of five parts of the proteins chooses the epoch
_BLOCK_ITERATIONS, _END_ITERATIONS = 3, 5  # of the power method
_FEWEST = 5  # groups of relatives


def sizes_for(width: int) -> tuple[int, int, int]:
    """Sizes of both hidden layers and of the latent vector: 512, 256 and 150 for 1,280, others in proportion."""
    first, second, latent = (max(1, round(size * width / _PUBLISHED_WIDTH)) for size in _PUBLISHED_SIZES)
    return first, second, latent


class Swish(nn.Module):
    """x times the logistic function of beta x, with one trainable beta."""

    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


class _Block(nn.Module):
    def __init__(self, before: int, after: int, swish: Swish) -> None:
        super().__init__()
        self.map = spectral_norm(nn.Linear(before, after), n_power_iterations=_BLOCK_ITERATIONS)
        self.norm = nn.BatchNorm1d(after)
        self.swish = swish
        self.skip = nn.Identity()
        if before != after:
            self.skip = spectral_norm(nn.Linear(before, after), n_power_iterations=_BLOCK_ITERATIONS)

    def forward(self, x: Tensor) -> Tensor:
        return self.swish(self.norm(self.map(x))) + self.skip(x)


class Autoencoder(nn.Module):
    """An encoder of vectors and its decoder.

    Parameters
    ----------
    width : int
        Of the vectors.
    sizes : tuple of int
        Of both hidden layers, and of the latent vector.
    """

    def __init__(self, width: int, sizes: tuple[int, int, int]) -> None:
        super().__init__()
        first, second, latent = sizes
        swish = Swish()

        def end(before: int, after: int) -> nn.Module:
            return spectral_norm(nn.Linear(before, after), n_power_iterations=_END_ITERATIONS)

        self.encoder = nn.Sequential(_Block(width, first, swish), _Block(first, second, swish), end(second, latent))
        self.decoder = nn.Sequential(_Block(latent, second, swish), _Block(second, first, swish), end(first, width))

    def forward(self, x: Float[Tensor, "n width"]) -> Float[Tensor, "n width"]:
        """The vectors as they come back."""
        return self.decoder(self.encoder(x))


@dataclass(frozen=True, eq=False)
class Reducer:
    """A fitted autoencoder, and how well it gives vectors back.

    Parameters
    ----------
    module : Autoencoder
        In evaluation mode.
    latent : int
        Numbers that stand for a vector.
    losses : ndarray, dtype=float, shape=(epochs, 2)
        Mean squared error of each epoch, of the proteins learnt from and of those left out.
    best_epoch : int
        The one whose weights these are, counted from 0: the lowest error of those left out.
    components_error : float
        Mean squared error of the left-out proteins by as many principal components of those learnt from.
    mean_error : float
        The same where every vector is taken for their mean.
    """

    module: Autoencoder = field(repr=False)
    latent: int
    losses: Float[np.ndarray, "epochs 2"] = field(repr=False)
    best_epoch: int
    components_error: float
    mean_error: float

    @property
    def error(self) -> float:
        """Mean squared error of the left-out proteins."""
        return float(self.losses[self.best_epoch, 1])

    @property
    def sentence(self) -> str:
        """How well vectors come back beside principal components; the worse of the two is said first if it is this one."""
        shares = [1 - error / self.mean_error if self.mean_error else float("nan") for error in (self.error, self.components_error)]
        own, linear = (f"{share:.1%}" for share in shares)
        if self.error >= self.components_error:
            return (
                f"The autoencoder gives back less than principal components do: {own} of the variance of unseen proteins, "
                f"{self.latent} of them {linear}."
            )
        return f"The autoencoder gives back {own} of the variance of unseen proteins, {self.latent} principal components {linear}."

    def encode(self, vectors: Float32[np.ndarray, "proteins tokens width"]) -> Float32[np.ndarray, "proteins tokens latent"]:
        """The latent vectors of the tokens of proteins, in their order."""
        proteins, tokens, width = vectors.shape
        with torch.no_grad():
            flat = self.module.encoder(torch.from_numpy(np.ascontiguousarray(vectors).reshape(-1, width)))
        return flat.numpy().reshape(proteins, tokens, self.latent)


def fit_reducer(
    vectors: Float32[np.ndarray, "n width"],
    groups: Integer[np.ndarray, " n"],
    seed: int = 0,
    epochs: int = _EPOCHS,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Reducer:
    """Fit an autoencoder to the vectors of tokens; no label is used.

    A fifth of the proteins, relatives together, is not learnt from and chooses the epoch; 15 epochs without progress end the training.

    Parameters
    ----------
    vectors : ndarray, dtype=float32, shape=(n, width)
        Of all tokens of the proteins that may be learnt from: none that a model of pairs is tested on.
    groups : ndarray, dtype=int, shape=(n,)
        Of the protein that each vector is of; relatives have one number.
    seed : int
    epochs : int
        The most.
    progress : callable, optional
        Of how many epochs are done, and how many there are at most.
    cancel : CancelEvent, optional
        Asked in each epoch.

    Raises
    ------
    PairError
        Fewer than five groups of relatives, values that are not finite, or a training that gives none.
    Cancelled
    """
    if (count := len(np.unique(groups))) < _FEWEST:
        raise PairError(f"An autoencoder cannot be fitted to {count} groups of relatives; give at least {_FEWEST}.")
    if not np.isfinite(vectors).all():
        raise PairError("Some vectors of the proteins are not finite; make them anew.")
    left_out = group_folds(groups, _FOLDS, seed) == 0
    learnt, held = (torch.from_numpy(vectors[rows]) for rows in (~left_out, left_out))
    sizes = sizes_for(vectors.shape[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = Autoencoder(vectors.shape[1], sizes)
        losses, best, kept = _train(module, learnt, held, epochs, progress, cancel)
    module.load_state_dict(kept)
    module.eval().requires_grad_(False)
    mean = learnt.mean(dim=0)
    return Reducer(module, sizes[2], losses, best, _components_error(learnt, held, sizes[2]), float(((held - mean) ** 2).mean()))


def _train(
    module: Autoencoder, learnt: Tensor, held: Tensor, epochs: int, progress: Callable[[int, int], None] | None, cancel: CancelEvent | None
) -> tuple[np.ndarray, int, dict[str, Tensor]]:
    """Errors of all epochs, the best one, and a copy of its weights."""
    optimiser = torch.optim.AdamW(module.parameters(), lr=_RATE, weight_decay=_DECAY)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, "min", factor=_FACTOR, patience=_PLATEAU)
    losses: list[tuple[float, float]] = []
    best, kept = -1, {}
    for epoch in range(epochs):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        module.train()
        total = 0.0
        for rows in torch.randperm(len(learnt)).split(_BATCH):
            if len(rows) > 1:  # batch norm has no variance of one
                loss = mse_loss(module(learnt[rows]), learnt[rows])
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                optimiser.step()
                total += float(loss.detach()) * len(rows)
        module.eval()
        with torch.no_grad():
            losses.append((total / len(learnt), float(mse_loss(module(held), held))))
        if not np.isfinite(losses[-1]).all():
            raise PairError(f"The autoencoder's error is {losses[-1][1]} after {epoch + 1} epochs: the vectors are too large to be fitted.")
        scheduler.step(losses[-1][1])
        if best < 0 or losses[-1][1] < losses[best][1]:
            best, kept = epoch, {name: values.detach().clone() for name, values in module.state_dict().items()}
        if progress is not None:
            progress(epoch + 1, epochs)
        if epoch - best >= _PATIENCE:
            break
    return np.array(losses), best, kept


def _components_error(learnt: Tensor, held: Tensor, count: int) -> float:
    """Mean squared error of vectors laid on the first principal components of others."""
    mean = learnt.mean(dim=0)
    _, _, components = torch.linalg.svd(learnt - mean, full_matrices=False)
    kept = components[:count]
    centred = held - mean
    return float(((centred - centred @ kept.T @ kept) ** 2).mean())
