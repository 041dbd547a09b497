"""Who may be learnt from when some are left out: all others but their relatives; and relatives dealt into folds together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PredictionError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["group_folds", "training_set"]

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


def group_folds(groups: Integer[np.ndarray, " n"], count: int, seed: int = 0) -> Integer[np.ndarray, " n"]:
    """The fold of each sample, so that a group is never divided: the largest groups first, each into the fold that is smallest so far.

    Parameters
    ----------
    groups : ndarray, dtype=int, shape=(n,)
        Any numbers.
    count : int
        Folds; as many as there are groups, if that is fewer.
    seed : int
        Of the order in which groups of one size are dealt.

    Returns
    -------
    ndarray, dtype=int, shape=(n,)

    Raises
    ------
    PredictionError
        Fewer than two groups.
    """
    names, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise PredictionError(f"{len(names)} group of relatives cannot be divided into folds; at least 2 groups are needed.")
    shuffled = np.random.default_rng(seed).permutation(len(names))
    filled = np.zeros(min(count, len(names)), dtype=np.int64)
    fold = np.zeros(len(names), dtype=np.int64)
    for one in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold[one] = np.argmin(filled)
        filled[fold[one]] += sizes[one]
    return fold[group]
