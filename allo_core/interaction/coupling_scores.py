"""How well the G protein families of receptors are told, by methods side by side: within families, over clusters of homologues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.interaction.coupling_table import coupling_pairs, families
from allo_core.interaction.metrics import PairMetrics, pair_metrics
from allo_core.interaction.splits import Split
from allo_core.learning.compare import group_draws
from allo_core.learning.metrics import random_precision
from allo_core.learning.results import Estimate

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Integer

__all__ = ["CouplingComparison", "CouplingScore", "area_within", "compare_couplings", "estimate_of", "precision_within"]

_AREA_CHANCE = 0.5
_DIGITS = 5
_NORMAL = 1.96  # standard errors in half an interval of 95 %


@dataclass(frozen=True)
class CouplingScore:
    """One method; intervals are 1.96 standard errors over draws of clusters of homologues, as average precision is higher in draws.

    Parameters
    ----------
    name : str
    auc, ap : tuple of Estimate
        Of each family, within folds: receptors of two folds are not compared, since their probabilities come from two fits.
    mean_auc, mean_ap : Estimate
        Over the families.
    top : Estimate
        Share of receptors whose likeliest family is reported.
    pooled : PairMetrics
        Of all pairs together; that some families are commoner than others is in it.
    """

    name: str
    auc: tuple[Estimate, ...]
    ap: tuple[Estimate, ...]
    mean_auc: Estimate
    mean_ap: Estimate
    top: Estimate
    pooled: PairMetrics


@dataclass(frozen=True)
class CouplingComparison:
    """Methods on the same receptors.

    Parameters
    ----------
    scores : tuple of CouplingScore
    families : tuple of str
    positives : tuple of int
        Receptors of which each family is reported.
    receptors, clusters : int
    chance_ap : tuple of float
        Of each family, a random ranking within the folds; the area of one is 0.5.
    chance_top : float
        A family at random.
    split : str
        What is on one side alone, in words.
    baseline : str or None
        The method that the others are compared with; None where they are not.
    differences : dict of str to Estimate
        Mean AUC of each other method minus that of the baseline, in the same draws; empty without a baseline.
    """

    scores: tuple[CouplingScore, ...]
    families: tuple[str, ...]
    positives: tuple[int, ...]
    receptors: int
    clusters: int
    chance_ap: tuple[float, ...]
    chance_top: float
    split: str
    baseline: str | None
    differences: dict[str, Estimate]

    @property
    def sentence(self) -> str:
        """The methods that are not above chance first, then those that are but not above the baseline, then all above chance."""
        level = [score.name for score in self.scores if not score.mean_auc.low > _AREA_CHANCE]
        above = [f"{score.name} ({_words(score.mean_auc)})" for score in self.scores if score.mean_auc.low > _AREA_CHANCE]
        parts = [f"Not above chance in mean AUC within families: {'; '.join(level)}."] if level else []
        tried = {name: change for name, change in self.differences.items() if name not in level}
        worse = [f"{name} ({_words(change)})" for name, change in tried.items() if not change.low > 0]
        parts += [f"Not above {self.baseline}, in the same draws: {'; '.join(worse)}."] if worse else []
        parts += [f"Above chance (0.5): {'; '.join(above)}."] if above else []
        return " ".join(parts)


def compare_couplings(
    probabilities: Mapping[str, Float[np.ndarray, " pairs"]],
    split: Split,
    clusters: Integer[np.ndarray, " receptors"],
    baseline: str | None = None,
) -> CouplingComparison:
    """Score methods on the pairs of `coupling_pairs`.

    Parameters
    ----------
    probabilities : mapping of str to ndarray of float, shape=(pairs,)
        Name of a method -> what it says of each pair in the fold in which it was tested.
    split : Split
        The folds of these pairs; all four pairs of a receptor are in one.
    clusters : ndarray of int, shape=(receptors,)
        Homologues, which are drawn together.
    baseline : str, optional
        One of the names, with which the others are compared.

    Returns
    -------
    CouplingComparison

    Raises
    ------
    ValueError
        A receptor in two folds, or a probability that is missing.
    """
    names = tuple(family.name for family in families())
    labels = coupling_pairs().labels.reshape(-1, len(names))
    fold = split.folds.reshape(labels.shape)
    if (fold != fold[:, :1]).any() or (fold < 0).any():
        raise ValueError("the pairs of a receptor are in two folds, or never tested")
    weights = group_draws(clusters[:, None] == clusters)[1]
    scored = {name: _score(name, found.reshape(labels.shape), labels, fold[:, 0], weights) for name, found in probabilities.items()}
    draws = {name: means for name, (_, means) in scored.items()}
    differences = (
        {}
        if baseline is None
        else {name: estimate_of(means - draws[baseline], least=-1) for name, means in draws.items() if name != baseline}
    )
    return CouplingComparison(
        tuple(score for score, _ in scored.values()),
        names,
        tuple(labels.sum(axis=0).tolist()),
        len(labels),
        len(np.unique(clusters)),
        tuple(_chance_precision(labels[:, family], fold[:, 0]) for family in range(len(names))),
        float(labels.mean()),
        split.sentence,
        baseline,
        differences,
    )


def _score(name: str, found: np.ndarray, labels: np.ndarray, fold: np.ndarray, weights: np.ndarray) -> tuple[CouplingScore, np.ndarray]:
    """The score of a method, and its mean AUC in every draw."""
    families_at = range(labels.shape[1])
    auc = np.array([area_within(labels[:, at], found[:, at], fold, weights) for at in families_at])
    ap = np.array([precision_within(labels[:, at], found[:, at], fold, weights) for at in families_at])
    right = np.take_along_axis(labels, found.argmax(axis=1)[:, None], axis=1)[:, 0]
    score = CouplingScore(
        name,
        tuple(map(estimate_of, auc)),
        tuple(map(estimate_of, ap)),
        estimate_of(auc.mean(axis=0)),
        estimate_of(ap.mean(axis=0)),
        estimate_of(weights @ right),
        pair_metrics(labels.ravel(), found.ravel()),
    )
    return score, auc.mean(axis=0)


def area_within(
    labels: Integer[np.ndarray, " n"],
    scores: Float[np.ndarray, " n"],
    fold: Integer[np.ndarray, " n"],
    weights: Float64[np.ndarray, "draws n"],
) -> Float64[np.ndarray, " draws"]:
    """ROC area under each set of weights, over pairs of a positive and a negative of one fold; NaN for a draw without any."""
    positive, negative = labels == 1, labels == 0
    together = fold[positive][:, None] == fold[negative]
    ahead = scores[positive][:, None] - scores[negative]
    right = together * (np.sign(ahead) + 1) / 2
    gained, possible = ((weights[:, positive] @ table * weights[:, negative]).sum(axis=1) for table in (right, together.astype(float)))
    return np.divide(gained, possible, out=np.full(len(weights), np.nan), where=possible > 0)


def precision_within(
    labels: Integer[np.ndarray, " n"],
    scores: Float[np.ndarray, " n"],
    fold: Integer[np.ndarray, " n"],
    weights: Float64[np.ndarray, "draws n"],
) -> Float64[np.ndarray, " draws"]:
    """Average precision under each set of weights, by steps, each fold ranked alone and weighed by its positives; NaN without any."""
    gained, positives = np.zeros(len(weights)), weights @ (labels == 1)
    for one in np.unique(fold):
        rows = np.flatnonzero(fold == one)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        last_of_equal = np.flatnonzero(np.append(np.diff(scores[rows]) != 0, True))
        taken = weights[:, rows].cumsum(axis=1)[:, last_of_equal]
        right = (weights[:, rows] * labels[rows]).cumsum(axis=1)[:, last_of_equal]
        precision = np.divide(right, taken, out=np.zeros_like(taken), where=taken > 0)
        gained += (np.diff(right, axis=1, prepend=0) * precision).sum(axis=1)
    return np.divide(gained, positives, out=np.full(len(weights), np.nan), where=positives > 0)


def _chance_precision(labels: np.ndarray, fold: np.ndarray) -> float:
    folds = [labels[fold == one] for one in np.unique(fold)]
    found = [own.sum() * random_precision(int(own.sum()), len(own)) for own in folds if own.any()]
    return float(np.sum(found) / labels.sum())


def estimate_of(draws: np.ndarray, least: float = 0.0) -> Estimate:
    """The sample, which is the first draw, and its interval from ``least`` to 1; draws in which it is undefined are left out."""
    half = _NORMAL * np.nanstd(draws[1:], ddof=1)
    low, high = np.clip([draws[0] - half, draws[0] + half], least, 1)
    return Estimate(*(round(float(value), _DIGITS) for value in (draws[0], low, high)))


def _words(estimate: Estimate) -> str:
    return f"{estimate.value:.3f}, {estimate.low:.3f} to {estimate.high:.3f}"
