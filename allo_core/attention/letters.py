"""Which residue letters a head looks at, and whether a change of the head follows from a letter that was swapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Integer

__all__ = ["LEAST_FACTOR", "LEAST_SHARE", "SMALLEST_CHANGE", "LetterUse", "follows_from_letters", "letter_use"]

# Of the change of a head, what the columns of the substituted residues must make; and how many times more one letter must be looked at
# than the other.  Half and double are conventions; docs/sequence.md says how many heads they name.
LEAST_SHARE = 0.5
LEAST_FACTOR = 2.0
SMALLEST_CHANGE = 1e-6  # bits; what lies below is rounding of float32


class LetterUse(NamedTuple):
    """What residues of each letter receive, relative to the mean residue of the protein; several add up.

    Parameters
    ----------
    received : ndarray, dtype=float64, shape=(..., letters)
        Sum over residues of the letter of c_j / mean(c).
    counts : ndarray, dtype=int64, shape=(letters,)
        How many residues these are.
    """

    received: Float[np.ndarray, "... letters"]
    counts: Integer[np.ndarray, " letters"]

    def with_more(self, other: LetterUse) -> LetterUse:
        """Both together."""
        return LetterUse(self.received + other.received, self.counts + other.counts)

    @property
    def mean(self) -> Float[np.ndarray, "... letters"]:
        """What a residue of each letter receives on average, 1 for the average residue; NaN for letters that do not occur."""
        return self.received / np.where(self.counts > 0, self.counts, np.nan)


def letter_use(weights: Float[np.ndarray, "... L"], codes: Integer[np.ndarray, " L"], letters: int) -> LetterUse:
    """What residues of each letter receive in one protein.

    Parameters
    ----------
    weights : ndarray, dtype=float, shape=(..., L)
        Column sums of all attention (threshold 0).
    codes : ndarray, dtype=int, shape=(L,)
        The letter of each residue, from 0; -1 leaves a residue out, but for the mean that all are divided by.
    letters : int
        How many letters there are.
    """
    mean = weights.mean(axis=-1, keepdims=True, dtype=np.float64)
    relative = weights / np.where(mean > 0, mean, np.nan)
    of_letter = codes[:, None] == np.arange(letters)
    return LetterUse(np.nan_to_num(relative) @ of_letter.astype(np.float64), of_letter.sum(axis=0))


def follows_from_letters(
    change: Float[np.ndarray, "*heads"],
    share: Float[np.ndarray, "*heads"],
    before: Float[np.ndarray, "*heads"],
    after: Float[np.ndarray, "*heads"],
    old: Float[np.ndarray, "*heads"],
    new: Float[np.ndarray, "*heads"],
) -> Bool[np.ndarray, "*heads"]:
    """Whether the change of each head is what its preference for letters lets expect, ndarray, dtype=bool, shape=(...).

    It is if (1) at least half of the change is that the substituted residues are looked at more or less (`divergence_at`), and (2)
    residues of the new letters receive at least twice as much as residues of the old ones elsewhere, and here attention rose; or at most
    half as much, and here attention fell.  A head that does not change (below 1e-6 bits) is not explained.

    Parameters
    ----------
    change : ndarray, dtype=float, shape=(...)
        Divergence in bits, mean over the rows that are looked at.
    share : ndarray, dtype=float, shape=(...)
        The part of it that the columns of the substituted residues make, from 0 to 1.
    before, after : ndarray, dtype=float, shape=(...)
        What the substituted residues receive from these rows.
    old, new : ndarray, dtype=float, shape=(...)
        What other residues of their letters receive on average, summed over the substituted residues; NaN where not known.
    """
    risen = (after > before) & (new >= LEAST_FACTOR * old)
    fallen = (after < before) & (old >= LEAST_FACTOR * new)
    return (change >= SMALLEST_CHANGE) & (share >= LEAST_SHARE) & (risen | fallen)
