"""Which receptors may be learnt from when one is left out: all others but its homologues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PredictionError
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY, identity

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool

__all__ = ["homologues", "training_set"]

_FEWEST_RECEPTORS = 3  # below that nothing can be chosen inside a training fold


def homologues(sequences: Sequence[str]) -> Bool[np.ndarray, "n n"]:
    """Pairs above 40 % identity, ndarray, dtype=bool, shape=(n, n); each is a homologue of itself."""
    related = np.eye(len(sequences), dtype=bool)
    for i, j in combinations(range(len(sequences)), 2):
        related[i, j] = related[j, i] = identity(sequences[i], sequences[j]) > HOMOLOGUE_IDENTITY
    return related


def training_set(related: np.ndarray, left_out: Iterable[int]) -> tuple[int, ...]:
    """Receptors that are none of those left out and no homologue of any.

    Raises
    ------
    PredictionError
        Fewer than three remain.
    """
    left = list(left_out)
    remaining = tuple(np.flatnonzero(~related[left].any(axis=0)).tolist())
    if len(remaining) < _FEWEST_RECEPTORS:
        raise PredictionError(f"{len(remaining)} receptors remain to learn from when {len(left)} are left out; at least 3 are needed.")
    return remaining
