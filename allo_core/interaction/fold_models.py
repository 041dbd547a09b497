"""One model for each fold of a split, and what each says of the pairs that it has not learnt from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError
from allo_core.interaction.architectures import Architecture
from allo_core.interaction.checkpoint import Epoch
from allo_core.interaction.learn import Learnt, learn, predict_logits
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.interaction.pairs import PairInputs
from allo_core.interaction.splits import Split
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = ["FoldModels", "fold_rows", "train_folds"]

_FEWEST_FOLDS = 3  # one to test, one to validate, one to learn from


@dataclass(frozen=True, eq=False)
class FoldModels:
    """Models of the folds of a split.

    Parameters
    ----------
    split : Split
    logits : ndarray, dtype=float64, shape=(pairs,)
        Of each pair by the model that was not learnt from it; NaN for a pair that is never tested.
    learnt : mapping of int to Learnt
        For each fold that has pairs to test.
    """

    split: Split
    logits: Float64[np.ndarray, " pairs"] = field(repr=False)
    learnt: Mapping[int, Learnt] = field(repr=False)

    @property
    def tested(self) -> Integer[np.ndarray, " rows"]:
        """Rows of the pairs that have a logit."""
        return np.flatnonzero(~np.isnan(self.logits))


def fold_rows(
    split: Split, fold: int, settings: LearningSettings
) -> tuple[Integer[np.ndarray, " train"], Integer[np.ndarray, " validation"], Integer[np.ndarray, " test"]]:
    """Pairs that are learnt from, that choose the epoch, and that are tested.

    The next fold validates: what holds between learnt and tested pairs, no protein or no homologue in common, then holds between all three.
    As published the tested pairs themselves validate.

    Parameters
    ----------
    split : Split
    fold : int
    settings : LearningSettings
    """
    train, test = split.train(fold), split.test(fold)
    if settings.as_published:
        return train, test, test
    following = (fold + 1) % split.count
    return np.intersect1d(train, split.train(following)), np.intersect1d(train, split.test(following)), test


def train_folds(
    inputs: PairInputs,
    split: Split,
    architecture: Architecture,
    settings: LearningSettings,
    folder: Path | None = None,
    progress: Callable[[int, Epoch], None] | None = None,
    cancel: CancelEvent | None = None,
) -> FoldModels:
    """Learn a model for each fold and ask it about that fold's pairs.

    Parameters
    ----------
    inputs : PairInputs
    split : Split
        Of the same pairs.
    architecture : Architecture
    settings : LearningSettings
        The seed of each fold is that of the settings.
    folder : Path, optional
        Gets a checkpoint of each fold, from which the same call goes on.
    progress : callable(fold, Epoch), optional
        Called after each epoch.
    cancel : CancelEvent, optional

    Raises
    ------
    PairError
        Fewer than three folds where one has to validate; what `learn` raises.
    Cancelled
        The checkpoints are kept.
    """
    if not settings.as_published and split.count < _FEWEST_FOLDS:
        raise PairError(f"{split.count} folds are too few to learn from some, validate with one and test another; 3 are needed.")
    logits, learnt = np.full(len(inputs.pairs), np.nan), {}
    for fold in range(split.count):
        train, validation, test = fold_rows(split, fold, settings)
        if not len(test):
            continue
        path = None if folder is None else folder / f"fold{fold}.safetensors"
        report = None if progress is None else partial(progress, fold)
        learnt[fold] = learn(inputs, train, validation, architecture, settings, path, report, cancel)
        logits[test] = predict_logits(learnt[fold].model, inputs, test)
    return FoldModels(split, logits, learnt)
