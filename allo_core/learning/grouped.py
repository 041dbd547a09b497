"""Scores over groups of relatives: their standard errors and differences come from drawing whole groups again, as relatives agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.compare import group_draws

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["GroupedScore", "better_than", "not_told_apart", "one_standard_error"]

_INTERVAL = (2.5, 97.5)  # percent


@dataclass(frozen=True, eq=False)
class GroupedScore:
    """A score that is a mean over parts of sums over groups: mean_p (sum_g gained_gp / sum_g possible_gp).

    Accuracy has one part: residues that were read right, and all; balanced accuracy one for each class; R² one: the squared error about
    the training mean less that of the prediction, and the former.

    Parameters
    ----------
    gained, possible : ndarray, dtype=float64, shape=(groups, parts)
    """

    gained: Float64[np.ndarray, "groups parts"] = field(repr=False)
    possible: Float64[np.ndarray, "groups parts"] = field(repr=False)

    @property
    def value(self) -> float:
        return float(self._of(np.ones((1, len(self.gained))))[0])

    @property
    def error(self) -> float:
        """Standard error: the deviation over draws of the groups; NaN with fewer than three groups."""
        return float(self.draws[1:].std(ddof=1)) if len(self.gained) > 2 else float("nan")

    @cached_property
    def draws(self) -> Float64[np.ndarray, " draws"]:
        """The score itself, then that of every draw; scores of the same groups are drawn alike, so that they can be compared in pairs."""
        return self._of(group_draws(np.eye(len(self.gained), dtype=bool))[1])

    def _of(self, weights: np.ndarray) -> np.ndarray:
        """The score under weights of the groups [draws, groups]."""
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = (weights @ self.gained) / (weights @ self.possible)
        # A draw may miss every group that has a class: that part is then left out of the mean.
        there = np.isfinite(shares)
        return np.where(there, shares, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)


def one_standard_error(scores: Sequence[GroupedScore]) -> int:
    """The earliest score within one standard error of the best (Breiman et al. 1984, section 3.4.3); the best itself if it has no error."""
    best = scores[int(np.argmax([score.value for score in scores]))]
    bar = best.value - (best.error if np.isfinite(best.error) else 0.0)
    return next(at for at, score in enumerate(scores) if score.value >= bar)


def not_told_apart(scores: Sequence[GroupedScore]) -> tuple[int, ...]:
    """Which scores are not told apart from the best: the 95 % interval of the paired difference holds 0.  The best is among them."""
    draws = [score.draws for score in scores]
    best = int(np.argmax([one[0] for one in draws]))
    return tuple(at for at, one in enumerate(draws) if at == best or np.percentile(draws[best][1:] - one[1:], _INTERVAL[0]) <= 0)


def better_than(score: GroupedScore, other: GroupedScore) -> bool:
    """Whether a score is above another one of the same groups: the 95 % interval of the paired difference lies above 0."""
    return bool(np.percentile(score.draws[1:] - other.draws[1:], _INTERVAL[0]) > 0)
