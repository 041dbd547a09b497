"""How well scores rank the residues of one receptor: ROC area, average precision, and that above a random ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import digamma

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float

__all__ = ["Areas", "areas", "random_precision"]


class Areas(NamedTuple):
    """How well scores rank the residues of one receptor.

    Parameters
    ----------
    auroc : float
        Area under the ROC curve; 0.5 at random.
    auprc : float
        Area under the precision-recall curve, as average precision.
    normalised : float
        AUPRC minus that of a random ranking, over 1 minus that of a random ranking: 0 at random, 1 at best, however many are listed.
    """

    auroc: float
    auprc: float
    normalised: float

    @property
    def above_random(self) -> float:
        """Both areas on a scale from 0 (random) to 1, and their mean."""
        return (2 * self.auroc - 1 + self.normalised) / 2


def areas(labels: Bool[np.ndarray, " L"], scores: Float[np.ndarray, " L"]) -> Areas:
    """Areas of one ranking; residues with equal scores enter together, so a constant score gives the positive rate as AUPRC, and 1/2.

    Average precision is sum_n (R_n - R_{n-1}) P_n over the distinct scores, as in scikit-learn.

    Parameters
    ----------
    labels : ndarray, dtype=bool, shape=(L,)
        At least one of each.
    scores : ndarray, dtype=float, shape=(L,)
        None of them NaN.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_equal = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    positives, taken = np.cumsum(labels[order])[last_of_equal], last_of_equal + 1
    gained, negatives = np.diff(positives, prepend=0), taken - positives
    steps, below = np.diff(negatives, prepend=0), positives - gained / 2  # trapezoids
    auprc = float((gained * positives / taken).sum() / positives[-1])
    chance = float(random_precision(positives[-1], len(labels)))
    return Areas(float((steps * below).sum() / (positives[-1] * negatives[-1])), auprc, (auprc - chance) / (1 - chance))


def random_precision(listed: int, residues: int) -> float:
    """Expected average precision of a random ranking without ties, for so many listed among so many residues.

    It exceeds the positive rate n / L, by much where few are listed: ((n - 1) / (L - 1) (L - H_L) + H_L) / L with the harmonic number H_L
    (Bestgen, Prague Bull. Math. Linguist. 103, 131 (2015)).
    """
    harmonic = digamma(residues + 1.0) + np.euler_gamma
    return float(((listed - 1) / (residues - 1) * (residues - harmonic) + harmonic) / residues)
