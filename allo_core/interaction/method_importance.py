"""How much each token matters by each method, with models of several seeds, as they are and with shuffled labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from allo_core.interaction.architectures import Architecture
from allo_core.interaction.gradients import integrated_gradients
from allo_core.interaction.kept_model import training_mean
from allo_core.interaction.latent_importance import latent_importance
from allo_core.interaction.learn import learn
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairInputs, PairSet
from allo_core.interaction.received import attention_received
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = ["METHODS", "importance_by_methods", "importance_over_seeds", "with_shuffled_labels"]

# Of the encoder, attention and gradients; of models over latent vectors, the forest's SHAP and Gini and the network's gradients.
METHODS = ("attention", "gradients", "SHAP", "Gini", "network gradients")


def importance_by_methods(
    inputs: PairInputs,
    rows: tuple[Integer[np.ndarray, " train"], Integer[np.ndarray, " choosing"], Integer[np.ndarray, " asked"]],
    architecture: Architecture,
    settings: LearningSettings,
    groups: Integer[np.ndarray, " proteins"],
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Float64[np.ndarray, "methods asked tokens"]:
    """Learn all models with one seed, and ask them how much each token of some pairs matters; no value has a sign.

    Parameters
    ----------
    inputs : PairInputs
    rows : tuple of ndarray of int
        Pairs that are learnt from, that choose epochs, and that are explained.
    architecture : Architecture
        Of the encoder; a kind without attention has NaN in the place of it.
    settings : LearningSettings
        With the seed of all models.
    groups : ndarray of int, shape=(proteins,)
        Relatives have one number.
    progress : callable, optional
        Of what is under way, how much of it is done, and how much there is.
    cancel : CancelEvent, optional

    Returns
    -------
    ndarray, dtype=float64, shape=(methods, asked, tokens)
        In the order of `METHODS`: attention received; means of absolute values of a token's numbers; the Gini importance of the training,
        which is the same for all pairs.  NaN for a pair whose gradients do not add up.

    Raises
    ------
    ExtraError
        scikit-learn or shap is not installed.
    PairError
        What cannot be learnt, or values that do not add up.
    Cancelled
    """
    train, choosing, asked = rows

    def report(what: str) -> Callable[[int, int], None]:
        return lambda done, total: progress(what, done, total) if progress is not None else None

    epochs: list[int] = []

    def learnt(_: object) -> None:
        epochs.append(len(epochs) + 1)
        report("encoder")(epochs[-1], settings.epochs)

    model = learn(inputs, train, choosing, architecture, settings, progress=learnt, cancel=cancel).model
    vectors = inputs.batch(asked)
    found = np.full((len(METHODS), len(asked), architecture.tokens), np.nan)
    if architecture.attends:
        found[0] = attention_received(model, vectors, inputs.names, inputs.sides, cancel=cancel).tokens
    found[1] = _sizes(integrated_gradients(model, vectors, training_mean(inputs, train), report("gradients"), cancel).values)
    latent = latent_importance(inputs, train, choosing, asked, groups, settings.seed, progress, cancel)
    found[2], found[3], found[4] = _sizes(latent.shap.values), latent.forest.gini, _sizes(latent.gradients.values)
    return found


def importance_over_seeds(
    inputs: PairInputs,
    rows: tuple[Integer[np.ndarray, " train"], Integer[np.ndarray, " choosing"], Integer[np.ndarray, " asked"]],
    architecture: Architecture,
    settings: LearningSettings,
    groups: Integer[np.ndarray, " proteins"],
    seeds: Sequence[int],
    shuffled: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Float64[np.ndarray, "methods seeds asked tokens"]:
    """The same with models of several seeds; each has its own parameters, order of pairs, forest and left-out proteins.

    Parameters
    ----------
    inputs : PairInputs
    rows : tuple of ndarray of int
        Pairs that are learnt from, that choose epochs, and that are explained.
    architecture : Architecture
    settings : LearningSettings
    groups : ndarray of int, shape=(proteins,)
    seeds : sequence of int
    shuffled : bool
        The control: every seed has its own shuffling of labels.
    progress : callable, optional
        Of what is under way, how much of it is done, and how much there is.
    cancel : CancelEvent, optional

    Raises
    ------
    ExtraError
        scikit-learn or shap is not installed.
    PairError
        What cannot be learnt, or values that do not add up.
    Cancelled
    """
    found = []
    for number, seed in enumerate(seeds):
        given = with_shuffled_labels(inputs, seed) if shuffled else inputs
        which = f"{'shuffled' if shuffled else 'labels'} {number + 1} of {len(seeds)}"

        def report(what: str, done: int, total: int, which: str = which) -> None:
            if progress is not None:
                progress(f"{which}: {what}", done, total)

        found.append(importance_by_methods(given, rows, architecture, replace(settings, seed=seed), groups, report, cancel))
    return np.stack(found, axis=1)


def with_shuffled_labels(inputs: PairInputs, seed: int) -> PairInputs:
    """The same pairs with their labels shuffled; as many are 1 as before.

    Parameters
    ----------
    inputs : PairInputs
    seed : int
    """
    pairs = inputs.pairs
    labels = np.random.default_rng(seed).permutation(pairs.labels)
    return PairInputs(PairSet(pairs.proteins, pairs.first, pairs.second, labels), inputs.first, inputs.second)


def _sizes(values: np.ndarray) -> np.ndarray:
    """Mean of absolute values of a token's numbers, [pairs, tokens]."""
    return np.abs(values).mean(axis=2, dtype=np.float64)
