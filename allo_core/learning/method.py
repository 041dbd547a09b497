"""What is compared: ingredients, which are features of every residue, and the sets of them among which a method may choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from allo_core.errors import PredictionError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float

__all__ = [
    "STRENGTHS",
    "CarriedOver",
    "ChosenHeads",
    "Fixed",
    "HeadRule",
    "Ingredient",
    "Labelled",
    "Method",
    "Progress",
    "Setting",
    "StrongestHeads",
    "log_ratio",
]

Progress = Callable[[str], None]

# C of the L1 penalty: from a handful of features to most of them.
STRENGTHS = (0.01, 0.03, 0.1)

_SMALLEST_RATIO = 0.01


class Labelled(Protocol):
    """A protein of which some residues are listed."""

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> np.ndarray:
        """Whether each residue is listed, dtype=bool, shape=(L,)."""
        ...


@dataclass(frozen=True)
class Setting:
    """Which of a method's sets of ingredients, and C, the inverse of the strength of the L1 penalty (None where nothing is fitted)."""

    choice: str
    c: float | None


class Ingredient(Protocol):
    """Some features of the residues of every receptor."""

    def design(self, receptor: int, training: tuple[int, ...]) -> np.ndarray:
        """Features of one receptor, shape (L, F), where these receptors may be learnt from; it may be among them."""
        ...


class HeadRule(Protocol):
    """Which heads some receptors would choose."""

    def __call__(self, training: tuple[int, ...]) -> tuple[int, ...]: ...


@dataclass(frozen=True, eq=False)
class Fixed:
    """Features that owe nothing to any list of residues: one array a receptor, of shape (L, F)."""

    features: tuple[np.ndarray, " ..."]

    def design(self, receptor: int, training: tuple[int, ...]) -> np.ndarray:
        return self.features[receptor]


@dataclass(frozen=True, eq=False)
class StrongestHeads:
    """The heads with the highest mean SNR; every receptor counts alike, however many residues its site has.

    Parameters
    ----------
    sensitivities : ndarray, dtype=float, shape=(receptors, heads)
    size : int
        How many; all where there are fewer.
    """

    sensitivities: Float[np.ndarray, "receptors heads"]
    size: int

    def __call__(self, training: tuple[int, ...]) -> tuple[int, ...]:
        """Heads, ascending; PredictionError where there is no receptor or no head is asked for."""
        if not training or self.size < 1:
            raise PredictionError(f"{self.size} heads cannot be chosen from {len(training)} receptors; give at least one of each.")
        order = np.argsort(-self.sensitivities[list(training)].mean(axis=0), kind="stable")
        return tuple(sorted(order[: self.size].tolist()))


@dataclass(frozen=True, eq=False)
class ChosenHeads:
    """The features of those heads that the training receptors choose.

    Parameters
    ----------
    features : tuple of ndarray, shape=(L, heads, F)
        One a receptor.
    rule : HeadRule
    """

    features: tuple[np.ndarray, " ..."]
    rule: HeadRule

    def design(self, receptor: int, training: tuple[int, ...]) -> np.ndarray:
        values = self.features[receptor][:, list(self.rule(training))]
        return values.reshape(len(values), values.shape[1] * values.shape[2])


@dataclass(frozen=True, eq=False)
class CarriedOver:
    """What the lists of the training receptors say of a receptor's residues; its own list and those of its relatives say nothing.

    Parameters
    ----------
    said : tuple of tuple of ndarray, shape=(L, F)
        ``said[receptor][source]``: how near each residue is to the list of another receptor; NaN where the receptor's places are unknown.
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Each is its own relative.
    columns : tuple of int
        Of the F those that are used.
    logarithm : bool
        As features of a classifier: the binary logarithm of the ratio to the mean over the residues.
    """

    said: tuple[tuple[np.ndarray, " ..."], " ..."]
    related: Bool[np.ndarray, "receptors receptors"]
    columns: tuple[int, ...]
    logarithm: bool = True

    def design(self, receptor: int, training: tuple[int, ...]) -> np.ndarray:
        """Shape (L, len(columns)); PredictionError where no other receptor is left."""
        heard = [source for source in training if not self.related[receptor, source]]
        if not heard:
            raise PredictionError("No receptor remains whose list could be carried over to another.")
        total = np.sum([self.said[receptor][source] for source in heard], axis=0)[:, list(self.columns)]
        return log_ratio(total, total.mean(axis=0)) if self.logarithm else np.nan_to_num(total)  # a ranking, which NaN has none of


@dataclass(frozen=True, eq=False)
class Method:
    """Sets of ingredients, the simplest first.

    Parameters
    ----------
    name : str
    choices : mapping of str to tuple of Ingredient
        In words -> the ingredients, whose features stand side by side.
    strengths : tuple of float
        C of the penalty among which a training fold chooses; empty: nothing is fitted, and the first feature is the score.
    parts : mapping of str to tuple of str
        Name of a further method -> the choices that it has; its fits are those of this method and cost nothing.
    """

    name: str
    choices: Mapping[str, tuple[Ingredient, ...]]
    strengths: tuple[float, ...] = STRENGTHS
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, features: Sequence[np.ndarray]) -> Method:
        """A method whose features owe nothing to any list."""
        return cls(name, {name: (Fixed(tuple(features)),)})

    def settings(self, choices: Sequence[str] = ()) -> tuple[Setting, ...]:
        """Those of some choices (by default of all), from the simplest: among equally good ones the first is taken."""
        return tuple(Setting(choice, c) for choice in choices or self.choices for c in self.strengths or (None,))

    def design(self, choice: str, receptor: int, training: tuple[int, ...]) -> np.ndarray:
        """Features of one receptor, shape (L, F)."""
        return np.concatenate([one.design(receptor, training) for one in self.choices[choice]], axis=1)


def log_ratio(value: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Binary logarithm of the ratio, from 1/100 up; 0 where nothing is expected and nothing comes, NaN where either is unknown."""
    ones = np.ones(np.broadcast(value, expected).shape)
    ratio = np.divide(value, expected, out=ones, where=~np.broadcast_to(expected <= 0, ones.shape))
    return np.log2(np.maximum(ratio, _SMALLEST_RATIO))
