"""What is compared: features of every residue, and how heads are chosen among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from allo_core.errors import PredictionError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["Labelled", "Method", "Progress", "strongest_heads"]

Progress = Callable[[str], None]


class Labelled(Protocol):
    """A protein of which some residues are listed, each on some evidence."""

    @property
    def name(self) -> str: ...

    @property
    def labels(self) -> np.ndarray:
        """Whether each residue is listed, dtype=bool, shape=(L,)."""
        ...

    @property
    def sites(self) -> Mapping[str, tuple[int, ...]]:
        """Evidence -> 0-based residues."""
        ...


@dataclass(frozen=True, eq=False)
class Method:
    """Features of the residues of every receptor, and how heads are chosen among them.

    Parameters
    ----------
    features : tuple of ndarray
        One a receptor, of shape (L, F), or (L, heads, F) where heads are chosen.
    sensitivities : ndarray, dtype=float, shape=(receptors, heads), optional
        Where heads are chosen.
    sizes : tuple of int, optional
        Numbers of heads to choose among.
    """

    name: str
    features: tuple[np.ndarray, " ..."]
    sensitivities: Float[np.ndarray, "receptors heads"] | None = None
    sizes: tuple[int, ...] = ()

    def choose(self, training: Sequence[int], size: int | None) -> tuple[int, ...] | None:
        """The heads that these receptors alone would choose; None where there is nothing to choose."""
        if size is None or self.sensitivities is None:
            return None
        return strongest_heads(self.sensitivities[list(training)], size)

    def design(self, receptor: int, heads: tuple[int, ...] | None) -> np.ndarray:
        """The features of one receptor, shape (L, F), or of the chosen heads, shape (L, len(heads) * F)."""
        values = self.features[receptor]
        return values if heads is None else values[:, list(heads)].reshape(len(values), -1)


def strongest_heads(sensitivities: Float[np.ndarray, "receptors heads"], size: int) -> tuple[int, ...]:
    """The heads with the highest mean SNR; every receptor counts alike, however many residues its site has.

    Parameters
    ----------
    sensitivities : ndarray, dtype=float, shape=(receptors, heads)
        Of the receptors that may be learnt from, and of no other.
    size : int
        How many; all where there are fewer.

    Returns
    -------
    tuple of int
        Ascending.

    Raises
    ------
    PredictionError
        No receptor, or no head is asked for.
    """
    if not len(sensitivities) or size < 1:
        raise PredictionError(f"{size} heads cannot be chosen from {len(sensitivities)} receptors; give at least one of each.")
    order = np.argsort(-sensitivities.mean(axis=0), kind="stable")
    return tuple(sorted(order[:size].tolist()))
