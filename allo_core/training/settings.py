"""The settings of a training, and what follows from them at each step."""

import math
from dataclasses import dataclass, fields

from allo_core.errors import TrainingError

__all__ = ["Settings", "flag", "half_cosine"]

_WARM_UP = 0.02  # of the steps
_LAST_RATE = 1 / 20  # of the peak
_SHORTEST_CONTEXT = 16


@dataclass(frozen=True)
class Settings:
    """Everything that, together with the data and the shape of the model, decides what is learnt.

    Parameters
    ----------
    tokens : int
        How many tokens are read in all (special tokens included, padding not).
    everything : bool
        Train on every receptor; False: hold some out and validate on them.
    batch : int
        Most tokens of one step.
    context, long_context : int
        Most tokens of a crop, and of a crop in the last steps.
    long_share : float
        Share of the tokens that is read with ``long_context``.
    lr : float
        Peak of the learning rate.
    seed : int
    start : str or None
        sha256 of the weights that the training begins with; None: random ones.

    Raises
    ------
    TrainingError
        Naming the option with a value that is out of range.
    """

    tokens: int = 40_000_000
    everything: bool = False
    batch: int = 8192
    context: int = 256
    long_context: int = 1024
    long_share: float = 0.15
    lr: float = 1e-3
    seed: int = 0
    start: str | None = None

    def __post_init__(self):
        _check("tokens", self.tokens, self.tokens > 0, "at least 1")
        _check("context", self.context, self.context >= _SHORTEST_CONTEXT, f"at least {_SHORTEST_CONTEXT}")
        _check("long_context", self.long_context, self.long_context >= self.context, f"at least the context, {self.context}")
        _check("batch", self.batch, self.batch >= self.long_context, f"at least the long context, {self.long_context}")
        _check("long_share", self.long_share, 0 <= self.long_share <= 1, "from 0 to 1")
        _check("lr", self.lr, 0 < self.lr < 1, "above 0 and below 1")
        _check("seed", self.seed, self.seed >= 0, "0 or more")

    @property
    def steps(self) -> int:
        return math.ceil(self.tokens / self.batch)

    def context_at(self, step: int) -> int:
        """Most tokens of a crop at this step (from 0)."""
        return self.long_context if step >= self.steps - round(self.long_share * self.steps) else self.context

    def learning_rate(self, step: int) -> float:
        """Linear warm-up over 2 % of the steps, then a half cosine down to a twentieth of the peak at the last step."""
        return half_cosine(step, self.steps, self.lr, _WARM_UP)

    def options(self) -> list[str]:
        """The options of the command, without ``--start``, that give these settings."""
        words = [] if not self.everything else [flag("everything")]
        for field in fields(self):
            if field.name not in ("everything", "start"):
                words += [flag(field.name), str(getattr(self, field.name))]
        return words


def half_cosine(step: int, steps: int, peak: float, warm_up_share: float) -> float:
    """The learning rate of a step: a linear warm-up, then a half cosine down to a twentieth of the peak at the last step.

    Parameters
    ----------
    step : int
        From 0.
    steps : int
        Of the whole training.
    peak : float
    warm_up_share : float
        Of the steps.
    """
    warm_up = max(1, round(warm_up_share * steps))
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up + 1) / max(1, steps - warm_up)
    return peak * (_LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * done)) / 2)


def flag(name: str) -> str:
    """How the terminal calls a setting."""
    return "--all" if name == "everything" else "--" + name.replace("_", "-")


def _check(name: str, value: float, good: bool, wanted: str) -> None:
    if not good:
        raise TrainingError(f"{flag(name)} is {value}; it must be {wanted}.")
