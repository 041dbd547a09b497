"""Learning one model of pairs, from the first epoch or from where it was left, and asking it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import expit
from torch.nn import functional

from allo_core.errors import Cancelled, PairError
from allo_core.interaction.architectures import Architecture, PairModel, build
from allo_core.interaction.checkpoint import Epoch, LearningState, fingerprint, restore, save
from allo_core.interaction.evaluating import evaluating
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.metrics import pair_metrics
from allo_core.interaction.pairs import PairInputs
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer
    from torch import Tensor

__all__ = ["Learnt", "learn", "predict_logits"]

_AT_ONCE = 256  # pairs that are asked together


@dataclass(frozen=True, eq=False)
class Learnt:
    """A model that was learnt.

    Parameters
    ----------
    model : PairModel
        With the parameters of the epoch that was kept, in evaluation mode.
    history : tuple of Epoch
        All that were learnt.
    kept : int
        Number of the epoch that was kept, from 0.
    """

    model: PairModel = field(repr=False)
    history: tuple[Epoch, ...] = field(repr=False)
    kept: int


def learn(
    inputs: PairInputs,
    train: Integer[np.ndarray, " train"],
    validation: Integer[np.ndarray, " validation"],
    architecture: Architecture,
    settings: LearningSettings,
    checkpoint: Path | None = None,
    progress: Callable[[Epoch], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Learnt:
    """Learn a model: binary cross-entropy, AdamW, a tenth of the learning rate after five epochs without a smaller validation loss.

    Every measurement is made in evaluation mode, and the parameters of the best epoch are copied.  The same seed gives the same model,
    stopped and gone on with or not, with one number of threads and the same versions.  Batches are gathered by the rows of their pairs:
    memory does not grow with their number.

    Parameters
    ----------
    inputs : PairInputs
    train, validation : ndarray of int, shape=(rows,)
        Rows of ``inputs.pairs`` to learn from, and to choose the epoch and the learning rate by.
    architecture : Architecture
    settings : LearningSettings
    checkpoint : Path, optional
        A file that is written after each epoch, and gone on from where it is there.
    progress : callable(Epoch), optional
        Called after each epoch.
    cancel : CancelEvent, optional
        Asked before each step.

    Raises
    ------
    PairError
        No pair to learn from or to validate with; tokens of another shape than the model's; a loss that is not finite; a checkpoint of
        something else, a damaged one, or no room for it.
    Cancelled
        What the checkpoint holds is kept.
    """
    _check(inputs, train, validation, architecture)
    state = LearningState.begin(build(architecture, settings.seed), settings)
    made_of = fingerprint(inputs, train, validation, architecture, settings) if checkpoint is not None else ""
    if checkpoint is not None and checkpoint.exists():
        restore(checkpoint, state, made_of)
    while not _finished(state.history, settings):
        number = len(state.history)
        training_loss = _one_epoch(state, inputs, train, settings, number, cancel)
        logits = predict_logits(state.model, inputs, validation)
        labels = inputs.pairs.labels[validation]
        loss = float(functional.binary_cross_entropy_with_logits(torch.from_numpy(logits), torch.from_numpy(labels).double()))
        if not (math.isfinite(training_loss) and math.isfinite(loss)):
            raise PairError(
                f"The loss is not finite after epoch {number + 1} with learning rate {state.learning_rate:g}; take a smaller one."
            )
        epoch = Epoch(state.learning_rate, training_loss, loss, pair_metrics(labels, expit(logits)).mcc)
        state.add(epoch, keep=_best((*state.history, epoch), settings) == number)
        if checkpoint is not None:
            save(checkpoint, state, made_of)
        if progress is not None:
            progress(epoch)
    model = state.model
    model.load_state_dict(state.kept)
    return Learnt(model.eval(), state.history, _best(state.history, settings))


def predict_logits(model: PairModel, inputs: PairInputs, rows: Integer[np.ndarray, " rows"]) -> Float64[np.ndarray, " rows"]:
    """Logits of some pairs, in evaluation mode; the model is left in the mode that it had.

    Parameters
    ----------
    model : PairModel
    inputs : PairInputs
    rows : ndarray of int, shape=(rows,)
    """
    parts = [np.empty(0)]
    with evaluating(model), torch.inference_mode():
        for begin in range(0, len(rows), _AT_ONCE):
            parts.append(model(_tokens(inputs, rows[begin : begin + _AT_ONCE])).double().numpy())
    return np.concatenate(parts)


def _one_epoch(
    state: LearningState, inputs: PairInputs, train: np.ndarray, settings: LearningSettings, number: int, cancel: CancelEvent | None
) -> float:
    """Mean loss over the pairs, as they were learnt."""
    order = np.random.default_rng((settings.seed, number)).permutation(train)
    labels, total = torch.from_numpy(inputs.pairs.labels).float(), 0.0
    state.model.train()
    # An epoch has a seed of its own, so that one that begins from a checkpoint draws the same dropout.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed * 1_000_003 + number + 1)
        for begin in range(0, len(order), settings.batch):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            rows = order[begin : begin + settings.batch]
            loss = functional.binary_cross_entropy_with_logits(state.model(_tokens(inputs, rows)), labels[rows])
            state.optimiser.zero_grad()
            loss.backward()
            state.optimiser.step()
            total += loss.item() * len(rows)
    return total / len(order)


def _tokens(inputs: PairInputs, rows: np.ndarray) -> Tensor:
    return torch.from_numpy(inputs.batch(rows))


def _best(history: tuple[Epoch, ...], settings: LearningSettings) -> int:
    """The epoch to keep; the earliest of equal ones, and never one without an MCC while there is one with it."""
    if settings.as_published:
        return len(history) - 1
    if settings.keep == "loss":
        return int(np.argmin([epoch.validation_loss for epoch in history]))
    return int(np.argmax([-np.inf if math.isnan(epoch.validation_mcc) else epoch.validation_mcc for epoch in history]))


def _finished(history: tuple[Epoch, ...], settings: LearningSettings) -> bool:
    if len(history) >= settings.epochs:
        return True
    return bool(history) and not settings.as_published and len(history) - 1 - _best(history, settings) >= settings.patience


def _check(inputs: PairInputs, train: np.ndarray, validation: np.ndarray, architecture: Architecture) -> None:
    if not len(train) or not len(validation):
        raise PairError(f"{len(train)} pairs to learn from and {len(validation)} to validate with; give at least one of each.")
    if (inputs.sides, inputs.width) != (architecture.sides, architecture.width):
        raise PairError(
            f"The pairs have {inputs.sides[0]} and {inputs.sides[1]} tokens of width {inputs.width}, the model takes "
            f"{architecture.sides[0]} and {architecture.sides[1]} of width {architecture.width}; cut the proteins as the model was built."
        )
