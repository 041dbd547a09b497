"""Which receptors may be learnt from when one is left out: all others but its relatives."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allo_core.errors import PredictionError

__all__ = ["training_set"]

_FEWEST_RECEPTORS = 3  # below that nothing can be chosen inside a training fold


def training_set(related: np.ndarray, left_out: Iterable[int]) -> tuple[int, ...]:
    """Receptors that are none of those left out and no relative of any.

    Parameters
    ----------
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Each is its own relative.

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
