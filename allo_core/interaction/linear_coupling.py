"""A linear model of G protein coupling on the stretches of a receptor: one logistic regression for each family."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError
from allo_core.interaction.baselines import make_classifier
from allo_core.interaction.kept_model import read_tensors, write_tensors
from allo_core.interaction.model_card import ModelCard
from allo_core.interaction.pairs import PairInputs

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Float64

__all__ = ["LinearCoupling", "fit_linear", "load_linear", "save_linear"]

_TENSORS = ("weights", "bias", "mean")


@dataclass(frozen=True, eq=False)
class LinearCoupling:
    """Logistic regressions of side A, one for each protein on side B.

    Parameters
    ----------
    card : ModelCard
    weights : ndarray, dtype=float32, shape=(partners, tokens, width)
        Of the vectors as they are: what they were standardised by when they were fitted is in them.
    bias : ndarray, dtype=float32, shape=(partners,)
    mean : ndarray, dtype=float32, shape=(tokens, width)
        Of the proteins on side A that were learnt from.
    """

    card: ModelCard
    weights: Float32[np.ndarray, "partners tokens width"] = field(repr=False)
    bias: Float32[np.ndarray, " partners"] = field(repr=False)
    mean: Float32[np.ndarray, "tokens width"] = field(repr=False)

    def logits(self, vectors: Float32[np.ndarray, "tokens width"]) -> Float64[np.ndarray, " partners"]:
        """Of one protein.

        Parameters
        ----------
        vectors : ndarray, dtype=float32, shape=(tokens, width)
            Of side A, in the order of the card's tokens.
        """
        return (self.weights.astype(np.float64) * vectors).sum(axis=(1, 2)) + self.bias

    def contributions(self, vectors: Float32[np.ndarray, "tokens width"]) -> Float64[np.ndarray, "partners tokens"]:
        """What each token adds to the logit of each partner; together how far the logits lie from those of the mean protein.

        Parameters
        ----------
        vectors : ndarray, dtype=float32, shape=(tokens, width)
        """
        return (self.weights.astype(np.float64) * (vectors - self.mean)).sum(axis=2)


def fit_linear(inputs: PairInputs, card: ModelCard) -> LinearCoupling:
    """Fit to all pairs; needs scikit-learn.

    Parameters
    ----------
    inputs : PairInputs
        With pairs of both labels for each protein on side B; the partners are taken in the order of the proteins.
    card : ModelCard

    Raises
    ------
    ExtraError
        scikit-learn is not installed.
    """
    pairs, (tokens, _) = inputs.pairs, inputs.sides
    weights, bias = [], []
    for partner in np.unique(pairs.second):
        rows = np.flatnonzero(pairs.second == partner)
        vectors = inputs.first.vectors[pairs.first[rows]].reshape(len(rows), -1)
        scaler, regression = make_classifier("logistic", vectors.shape[1], 0).fit(vectors, pairs.labels[rows])
        of_vectors = regression.coef_[0] / scaler.scale_
        weights.append(of_vectors.reshape(tokens, -1))
        bias.append(regression.intercept_[0] - scaler.mean_ @ of_vectors)
    mean = inputs.first.vectors[np.unique(pairs.first)].mean(axis=0, dtype=np.float64)
    return LinearCoupling(card, np.array(weights, dtype=np.float32), np.array(bias, dtype=np.float32), mean.astype(np.float32))


def save_linear(path: Path, linear: LinearCoupling) -> ModelCard:
    """Write a model and its card, with the ending .json, beside it; PairError if there is no room.

    Parameters
    ----------
    path : Path
    linear : LinearCoupling

    Returns
    -------
    ModelCard
        As it was written.
    """
    import torch

    tensors = {name: torch.from_numpy(getattr(linear, name)) for name in _TENSORS}
    return write_tensors(path, tensors, linear.card)


def load_linear(path: Path) -> LinearCoupling:
    """Read a model and its card; PairError if a file is missing, damaged, changed, or another model.

    Parameters
    ----------
    path : Path
    """
    card, tensors = read_tensors(path)
    if card.architecture is not None or tensors.keys() != set(_TENSORS):
        raise PairError(f"The model {path} is not a linear one; name another.")
    weights, bias, mean = (tensors[name].numpy() for name in _TENSORS)
    fits = (
        weights.ndim == 3
        and weights.shape[1] == len(card.tokens[0])
        and bias.shape == weights.shape[:1]
        and mean.shape == weights.shape[1:]
    )
    if not fits:
        raise PairError(f"The model {path} does not have the shape that its card says; take both again from where they came.")
    return LinearCoupling(card, weights, bias, mean)
