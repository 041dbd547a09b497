"""What a model of pairs was learnt from and how good it is, as it is kept beside the parameters."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from allo_core.errors import PairError
from allo_core.interaction.architectures import Architecture
from allo_core.interaction.features import Cut
from allo_core.interaction.learning_settings import LearningSettings
from allo_core.storage.plain_json import OtherVersion, check_version, from_plain

__all__ = ["CARD_FORMAT", "MethodRow", "ModelCard", "read_card"]

CARD_FORMAT = 1
_TOP = "top family"  # a measure that only couplings have
_MOST_BYTES = 200_000_000  # a card of half a million pairs has 40 MB


@dataclass(frozen=True)
class MethodRow:
    """What one method reached on pairs that it had not learnt from.

    Parameters
    ----------
    name : str
    measures : mapping of str to float or None
        None where a measure is undefined or was not taken, which is never 0.
    """

    name: str
    measures: Mapping[str, float | None]

    def measure(self, name: str) -> float:
        """A measure; NaN where there is none."""
        value = self.measures.get(name)
        return math.nan if value is None else value


@dataclass(frozen=True)
class ModelCard:
    """What is kept of a model of pairs beside its parameters.

    Parameters
    ----------
    format : int
    architecture : Architecture or None
        None for a linear model of side A.
    cuts : tuple of (Cut, Cut)
        How the proteins of side A and of side B are cut.
    tokens : tuple of (tuple of str, tuple of str)
        Names of the tokens of A and of B.
    model_id, weights_sha256 : str
        The language model whose vectors the pairs were learnt from.
    data : str
        What the pairs are, in words.
    data_sha256 : str
        As `data_sha256` gives it.
    pairs, positives : int
    split : str
        How the pairs were divided, in one sentence.
    settings : LearningSettings or None
        None for a linear model.
    kept : tuple of int
        Epoch that each fold's model was kept at, from 0; empty for a linear model.
    comparison : tuple of MethodRow
        This model first, then what it is compared with, on the same pairs.
    out_of_fold : mapping of str to mapping of str to float
        Names of A and B -> the probability that the model of the fold gave which had not learnt from the pair.
    versions : mapping of str to str
    licence : str
        Of the pairs, and so of what was learnt from them.
    parameters_sha256 : str
        Of the file of parameters.
    """

    format: int
    architecture: Architecture | None
    cuts: tuple[Cut, Cut]
    tokens: tuple[tuple[str, ...], tuple[str, ...]]
    model_id: str
    weights_sha256: str
    data: str
    data_sha256: str
    pairs: int
    positives: int
    split: str
    settings: LearningSettings | None
    kept: tuple[int, ...]
    comparison: tuple[MethodRow, ...]
    out_of_fold: Mapping[str, Mapping[str, float]] = field(repr=False)
    versions: Mapping[str, str]
    licence: str
    parameters_sha256: str

    def __post_init__(self) -> None:
        if self.architecture is not None and tuple(map(len, self.tokens)) != self.architecture.sides:
            raise ValueError(f"tokens of {len(self.tokens[0])} and {len(self.tokens[1])} for the sides {self.architecture.sides}")

    def better(self, measure: str) -> tuple[str, ...]:
        """Names of the other methods that reach at least as much in a measure as this model does, best first.

        Parameters
        ----------
        measure : str
            One that is the better the larger it is.
        """
        own, *others = self.comparison
        ahead = [row for row in others if row.measure(measure) >= own.measure(measure)]
        return tuple(row.name for row in sorted(ahead, key=lambda row: -row.measure(measure)))

    @property
    def measure(self) -> str:
        """By which methods are ranked: the area within families and folds where that was taken, else that of all pairs."""
        return "mean AUC" if "mean AUC" in self.comparison[0].measures else "auc"

    @property
    def verdict(self) -> str:
        """Whether the model is better than what it is compared with; what it loses to, or what lies within its interval, comes first."""
        own, value = self.comparison[0], self.comparison[0].measure(self.measure)
        if math.isnan(value):
            return f"{own.name}: {self.measure} is undefined, because the tested pairs have one label, so it is compared with nothing."
        low, high = (own.measure(f"{self.measure} {end}") for end in ("low", "high"))
        reached = f"{self.measure} {value:.3f}" + ("" if math.isnan(low) else f" (95 % {low:.3f} to {high:.3f})")
        lost = [self._lost(measure) for measure in (self.measure, _TOP) if self.better(measure)]
        if lost:
            return f"{own.name} {' and '.join(lost)}. It reaches {reached}, 0.5 by chance."
        if near := "; ".join(row.name for row in self.comparison[1:] if row.measure(self.measure) >= low):
            return f"{own.name} is not told from {near}. It reaches {reached}, 0.5 by chance."
        return f"{own.name} is better than all it is compared with: {reached}, 0.5 by chance."

    def _lost(self, measure: str) -> str:
        values = {row.name: row.measure(measure) for row in self.comparison}
        named = "; ".join(f"{name} ({values[name]:.3f})" for name in self.better(measure))
        what = "the share of receptors whose likeliest family is reported" if measure == _TOP else measure
        return f"is not better in {what} ({self.comparison[0].measure(measure):.3f}) than {named}"

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1, allow_nan=False)


def read_card(path: Path) -> ModelCard:
    """Read what `ModelCard.text` gave.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PairError
        There is none, it is damaged, or another version wrote it.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PairError(f"The card {path} has more than {_MOST_BYTES:,} bytes; it is none.")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PairError(f"There is no card {path}; the model and its card are kept together.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise PairError(f"The card {path} cannot be read; take the model and its card again from where they came.") from error
    try:
        return from_plain(ModelCard, check_version(values, ModelCard, CARD_FORMAT))
    except OtherVersion as error:
        raise PairError(f"The card {path} was written {error}; train the model again.") from error
    except (ValueError, TypeError) as error:
        raise PairError(f"The card {path} is damaged ({error}); take the model and its card again from where they came.") from error
