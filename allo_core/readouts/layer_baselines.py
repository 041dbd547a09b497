"""What tells a property without a trained model: the residue's type, its place in the chain, both, or nothing; and all layers together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.geometry import principal_axes
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.readouts.library_panel import Panel

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["MOST_TOGETHER", "chances", "side_by_side"]

_STRETCHES = 50  # of equal length in each chain: which one a residue lies in is its place
MOST_TOGETHER = 4096  # numbers of all layers beside one another; the time that a probe takes grows with their third power


def chances(panel: Panel, rows: "Integer[np.ndarray, ' n']") -> "dict[str, Float[np.ndarray, 'n d']]":
    """Features of some rows of a panel by the name of the baseline."""
    nothing = {"chance": np.zeros((len(rows), 1))}
    if panel.means:
        composition = np.array([_types(entry).mean(axis=0) for entry in panel.receptors])[rows]
        lengths = np.log([len(receptors()[entry].protein) for entry in panel.receptors])[rows, None]
        return {"amino acid composition": composition, "length": lengths} | nothing
    chosen = list(zip(panel.receptors, panel.residues, strict=True))
    types = np.concatenate([_types(entry)[list(residues)] for entry, residues in chosen])[rows]
    places = np.concatenate([_places(entry)[list(residues)] for entry, residues in chosen])[rows]
    both = np.concatenate([types, places], axis=1)
    return {"residue type": types, "position in the chain": places, "residue type and position": both} | nothing


def side_by_side(states: "Sequence[Float[np.ndarray, 'n width']]") -> "tuple[Float[np.ndarray, 'n d'], int]":
    """All states beside one another [n, d], and how many numbers of each were taken where not all.

    More than `MOST_TOGETHER` are first reduced: each state to as many of its principal components as make that number (of these residues,
    without their labels), after each number was brought to a variance of 1.
    """
    rows, width = states[0].shape
    if len(states) * width <= MOST_TOGETHER:
        return np.concatenate(states, axis=1), 0
    each = min(MOST_TOGETHER // len(states), rows)
    return np.concatenate([_reduced(state, each) for state in states], axis=1), each


def _reduced(state: np.ndarray, count: int) -> np.ndarray:
    deviation = state.std(axis=0, dtype=np.float64)
    scaled = (state - state.mean(axis=0, dtype=np.float64)) / np.where(deviation > 0, deviation, 1)
    return principal_axes(scaled, count).place(scaled)


def _types(entry: str) -> np.ndarray:
    letters = np.array(list(receptors()[entry].protein.sequence))
    return (letters[:, None] == np.array(list(AMINO_ACIDS))).astype(float)


def _places(entry: str) -> np.ndarray:
    length = len(receptors()[entry].protein)
    stretch = np.arange(length) * _STRETCHES // length
    return (stretch[:, None] == np.arange(_STRETCHES)).astype(float)
