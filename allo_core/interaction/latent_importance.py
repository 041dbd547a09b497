"""What the models over latent vectors say of tokens: autoencoder, forest and network are fitted to some pairs and asked about others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from allo_core.interaction.forest import BACKGROUND, Forest, ForestValues, fit_forest, tree_shap
from allo_core.interaction.gradients import Attributions, integrated_gradients
from allo_core.interaction.latent_network import FittedNetwork, fit_network
from allo_core.interaction.pairs import PairInputs, TokenVectors
from allo_core.interaction.reduction import Reducer, fit_reducer
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Integer

__all__ = ["LatentImportance", "latent_importance", "latent_inputs"]


@dataclass(frozen=True, eq=False)
class LatentImportance:
    """Which tokens of some pairs a forest and a network over latent vectors use.

    Parameters
    ----------
    reducer : Reducer
    forest : Forest
        With the Gini importance of its training.
    shap : ForestValues
        Of the pairs that were asked about.
    network : FittedNetwork
    gradients : Attributions
        Of the network, for the same pairs.
    """

    reducer: Reducer = field(repr=False)
    forest: Forest = field(repr=False)
    shap: ForestValues = field(repr=False)
    network: FittedNetwork = field(repr=False)
    gradients: Attributions = field(repr=False)


def latent_importance(
    inputs: PairInputs,
    train: Integer[np.ndarray, " train"],
    choosing: Integer[np.ndarray, " choosing"],
    asked: Integer[np.ndarray, " asked"],
    groups: Integer[np.ndarray, " proteins"],
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> LatentImportance:
    """Fit all three and ask them about pairs.

    Parameters
    ----------
    inputs : PairInputs
    train, choosing, asked : ndarray of int
        Rows of pairs that are learnt from, that choose the network's epoch, and that are explained; the autoencoder sees the proteins of
        ``train`` alone.
    groups : ndarray of int, shape=(proteins,)
        Relatives have one number.
    seed : int
        Of all three, and of the 200 pairs of the training whose mean is the baseline of gradients.
    progress : callable, optional
        Of what is under way, how much of it is done, and how much there is.
    cancel : CancelEvent, optional

    Raises
    ------
    ExtraError
        scikit-learn or shap is not installed.
    PairError
        What cannot be fitted, or values that do not add up.
    Cancelled
    """

    def report(what: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(what, done, total) if progress is not None else None

    reducer = fit_reducer(*_vectors_of(inputs, train, groups), seed, progress=report("autoencoder"), cancel=cancel)
    short = latent_inputs(inputs, reducer)
    labels, features = inputs.pairs.labels, short.batch(train)
    forest = fit_forest(features, labels[train], seed)
    shap = tree_shap(forest, short.batch(asked))
    both = np.concatenate([train, choosing])
    network = fit_network(short.batch(both), labels[both], np.arange(len(both)) >= len(train), seed, report("network"), cancel)
    drawn = np.random.default_rng(seed).permutation(train)[:BACKGROUND]
    baseline = short.batch(drawn).mean(axis=0)
    gradients = integrated_gradients(network.module, short.batch(asked), baseline, report("gradients of the network"), cancel)
    return LatentImportance(reducer, forest, shap, network, gradients)


def latent_inputs(inputs: PairInputs, reducer: Reducer) -> PairInputs:
    """The same pairs with latent vectors in the place of the language model's.

    Parameters
    ----------
    inputs : PairInputs
    reducer : Reducer
    """
    first, second = (TokenVectors(side.tokens, reducer.encode(side.vectors)) for side in (inputs.first, inputs.second))
    return PairInputs(inputs.pairs, first, second)


def _vectors_of(inputs: PairInputs, rows: np.ndarray, groups: np.ndarray) -> tuple[Float32[np.ndarray, "n width"], np.ndarray]:
    """Every token of every protein of some pairs once, as it is cut on its side, with the group of the protein."""
    vectors, members = [], []
    for side, places in ((inputs.first, inputs.pairs.first), (inputs.second, inputs.pairs.second)):
        proteins = np.unique(places[rows])
        vectors.append(side.vectors[proteins].reshape(-1, inputs.width))
        members.append(np.repeat(groups[proteins], len(side.tokens)))
    return np.concatenate(vectors), np.concatenate(members)
