"""How well scores rank residues: average precision and ROC area, of one receptor or pooled over resampled receptors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np
from scipy.special import digamma

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Integer

__all__ = ["Areas", "areas", "pooled_areas", "random_precision"]

_ROWS = 100  # resamples handled at a time, so that working arrays stay at a few MB


Number = TypeVar("Number", float, np.ndarray)


class Areas(NamedTuple, Generic[Number]):
    """Area under the precision-recall curve (as average precision) and under the ROC curve; numbers, or arrays of them."""

    auprc: Number
    auroc: Number


def areas(labels: Bool[np.ndarray, " L"], scores: Float[np.ndarray, " L"]) -> Areas[float]:
    """Both areas of one ranking; residues with equal scores enter together, so a constant score gives the positive rate and 1/2.

    Average precision is sum_n (R_n - R_{n-1}) P_n over the distinct scores, as in scikit-learn.

    Parameters
    ----------
    labels : ndarray, dtype=bool, shape=(L,)
        At least one of each.
    scores : ndarray, dtype=float, shape=(L,)
    """
    found = _weighted(labels, scores, np.zeros(len(labels), dtype=np.intp), np.ones((1, 1)))
    return Areas(float(found.auprc[0]), float(found.auroc[0]))


def pooled_areas(
    labels: Sequence[np.ndarray], scores: Sequence[np.ndarray], counts: Integer[np.ndarray, "B receptors"]
) -> Areas[np.ndarray]:
    """Both areas over the residues of all receptors, ranked within each receptor before they are pooled.

    Each receptor was scored by a model of its own, fitted without it.  Leaving out a receptor with many positives lowers every score of
    it, so pooled scores would rank receptors by what was left out and come out too low (Parker, Gunter and Bedo, BMC Bioinformatics 8, 326
    (2007); Airola et al., Comput. Stat. Data Anal. 55, 1828 (2011)).  Ranks do not depend on the level of a receptor's model.

    Parameters
    ----------
    labels, scores : sequence of ndarray, shape=(L_r,)
        One a receptor.
    counts : ndarray, dtype=int, shape=(B, receptors)
        How often each receptor is drawn in each resample.

    Returns
    -------
    Areas
        Of arrays of shape (B,).
    """
    from scipy.stats import rankdata  # slow to import, and predicting needs no ranks

    ranks = np.concatenate([(rankdata(values) - 0.5) / len(values) for values in scores])  # a constant score ranks 1/2 in any length
    receptor = np.repeat(np.arange(len(labels)), [len(part) for part in labels])
    together = np.concatenate(labels)
    found = [_weighted(together, ranks, receptor, rows) for rows in np.split(counts, range(_ROWS, len(counts), _ROWS))]
    return Areas(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def random_precision(listed: np.ndarray, residues: np.ndarray) -> np.ndarray:
    """Expected average precision of a random ranking without ties, for so many listed among so many residues.

    It exceeds the positive rate n / L, by much where few are listed: ((n - 1) / (L - 1) (L - H_L) + H_L) / L with the harmonic number H_L
    (Bestgen, Prague Bull. Math. Linguist. 103, 131 (2015)).
    """
    harmonic = digamma(residues + 1.0) + np.euler_gamma
    return ((listed - 1) / (residues - 1) * (residues - harmonic) + harmonic) / residues


def _weighted(labels: np.ndarray, scores: np.ndarray, receptor: np.ndarray, counts: np.ndarray) -> Areas[np.ndarray]:
    """Both areas for each row of `counts`, how often the residues of each receptor are taken, shape (B, receptors)."""
    order = np.argsort(-scores, kind="stable")
    last_of_equal = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    weights = counts[:, receptor[order]].astype(float)
    positives = np.cumsum(weights * labels[order], axis=1)[:, last_of_equal]
    taken = np.cumsum(weights, axis=1)[:, last_of_equal]
    gained = np.diff(positives, axis=1, prepend=0)
    precision = np.divide(positives, taken, out=np.zeros_like(taken), where=taken > 0)
    negatives = taken - positives
    steps = np.diff(negatives, axis=1, prepend=0)
    below = positives - gained / 2  # trapezoids
    total, rest = positives[:, -1], negatives[:, -1]
    return Areas((gained * precision).sum(axis=1) / total, (steps * below).sum(axis=1) / (total * rest))
