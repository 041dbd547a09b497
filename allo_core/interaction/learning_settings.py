"""How a model of pairs is learnt: what a person may choose, and what was published."""

from dataclasses import dataclass
from typing import Literal, get_args

from allo_core.errors import PairError
from allo_core.interaction.architectures import Kind

__all__ = ["Keep", "LearningSettings", "published_settings"]

# Which epoch is kept: that with the smallest loss or the largest MCC on validation pairs, or the last one, as published.
Keep = Literal["loss", "mcc", "last"]

# Learning rate and weight decay that were found at width 1280 (config.yaml); gru: on Bernett's pairs; mean: those of amps.
_FOUND: dict[Kind, tuple[float, float]] = {
    "amps": (1.2188e-4, 2.9516e-4),
    "amp_cse": (9.5890e-5, 1.9146e-2),
    "dpm": (9.8765e-6, 1.5248e-2),
    "gru": (2.6929e-5, 3.8509e-5),
    "mean": (1.2188e-4, 2.9516e-4),
}


@dataclass(frozen=True)
class LearningSettings:
    """How a model of pairs is learnt, with AdamW.

    Parameters
    ----------
    learning_rate, weight_decay : float
    batch : int
        Pairs of one step.
    epochs : int
        At most so many times over all pairs.
    keep : {"loss", "mcc", "last"}
        Which epoch is kept.
    patience : int
        Epochs without a better one after which learning ends; with "last" it never ends early.
    seed : int
        Of the first parameters, of the order of the pairs and of dropout.

    Raises
    ------
    PairError
        A value that nothing can be learnt with.
    """

    learning_rate: float = 3e-4
    weight_decay: float = 1e-2
    batch: int = 64
    epochs: int = 35
    keep: Keep = "loss"
    patience: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("batch", 1), ("epochs", 1), ("patience", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise PairError(f"{name} is {getattr(self, name)}; it must be at least {least}.")
        if not 0 < self.learning_rate < 1:
            raise PairError(f"The learning rate is {self.learning_rate:g}; it must be above 0 and below 1.")
        if not 0 <= self.weight_decay < 1:
            raise PairError(f"The weight decay is {self.weight_decay:g}; it must be from 0 to below 1.")
        if self.keep not in get_args(Keep):
            raise PairError(f"{self.keep!r} is no epoch that can be kept; there are {', '.join(get_args(Keep))}.")

    @property
    def as_published(self) -> bool:
        """Whether the last epoch is kept and the tested pairs steer the learning rate."""
        return self.keep == "last"


def published_settings(kind: Kind, seed: int = 0) -> LearningSettings:
    """What was published: 35 epochs, the last one kept, rates found at width 1280.

    To be used with `by_pair` folds, as published.  What is wrong with that: folds of pairs let a model remember proteins instead of
    learning what interacts; the learning rate falls by the loss of the pairs that are then reported; the last epoch may be overfitted; and
    the rates were searched with the direction of the search the wrong way round, on pairs that hold the tested ones.

    Parameters
    ----------
    kind : {"amps", "amp_cse", "dpm", "gru", "mean"}
    seed : int
    """
    learning_rate, weight_decay = _FOUND[kind]
    return LearningSettings(learning_rate, weight_decay, 64 if kind == "dpm" else 256, epochs=35, keep="last", seed=seed)
