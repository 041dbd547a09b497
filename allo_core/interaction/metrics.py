"""How well pairs are told apart: counts of right and wrong answers, areas under curves, the Brier score, and chance levels."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.metrics import areas, random_precision

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer

__all__ = ["THRESHOLD", "Confusion", "PairMetrics", "chance_metrics", "metrics_of_counts", "pair_metrics"]

THRESHOLD = 0.5  # a pair interacts where its probability is above it, as published

_NO_POSITIVE, _NO_NEGATIVE = "no pair is known to interact", "no pair is known not to interact"
_NEVER_YES, _NEVER_NO = "no pair is predicted to interact", "every pair is predicted to interact"
_NO_PAIR = "there is no pair"
_NO_GUESS = "it depends on how often a guess says yes"


@dataclass(frozen=True)
class Confusion:
    """How many pairs are right and wrong.

    Parameters
    ----------
    tp, fn : int
        Pairs that interact: predicted to, and not to.
    tn, fp : int
        Pairs that do not: predicted not to, and to.
    """

    tp: int
    fn: int
    tn: int
    fp: int


@dataclass(frozen=True)
class PairMetrics:
    """Measures of predictions of pairs; NaN where one is undefined.

    Parameters
    ----------
    accuracy, mcc, recall, precision, f1, specificity, balanced_accuracy : float
        Of yes and no.  MCC is Matthews' correlation.
    auc, ap : float
        Area under the ROC curve; average precision, by steps and not by trapezoids, which are optimistic.
    brier : float
        Mean squared difference of probability and label; 0 is best.
    reasons : tuple of (str, str)
        Each measure that is NaN, and why.
    """

    accuracy: float
    mcc: float
    recall: float
    precision: float
    f1: float
    specificity: float
    balanced_accuracy: float
    auc: float
    ap: float
    brier: float
    reasons: tuple[tuple[str, str], ...] = ()

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Of all measures."""
        return tuple(field.name for field in fields(cls) if field.name != "reasons")

    def reason(self, name: str) -> str:
        """Why a measure is NaN; "" where it is not."""
        return dict(self.reasons).get(name, "")


def pair_metrics(
    labels: Integer[np.ndarray, " pairs"], probabilities: Float[np.ndarray, " pairs"], threshold: float = THRESHOLD
) -> PairMetrics:
    """All measures of predicted probabilities.

    Parameters
    ----------
    labels : ndarray of int, shape=(pairs,)
        0 or 1.
    probabilities : ndarray of float, shape=(pairs,)
        From 0 to 1.
    threshold : float

    Returns
    -------
    PairMetrics

    Raises
    ------
    ValueError
        A probability that is NaN or not from 0 to 1.
    """
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability is not from 0 to 1")
    positive, said = labels == 1, probabilities > threshold
    counts = Confusion(*(int(which.sum()) for which in (positive & said, positive & ~said, ~positive & ~said, ~positive & said)))
    values, reasons = _of_counts(counts)
    if not len(labels):
        reasons |= dict.fromkeys(("auc", "ap", "brier"), _NO_PAIR)
    elif positive.all() or not positive.any():
        reasons |= dict.fromkeys(("auc", "ap"), _NO_NEGATIVE if positive.all() else _NO_POSITIVE)
    else:
        found = areas(positive, probabilities)
        values |= {"auc": found.auroc, "ap": found.auprc}
    if len(labels):
        values["brier"] = float(np.mean((probabilities - labels) ** 2))
    return _measures(values, reasons)


def metrics_of_counts(counts: Confusion) -> PairMetrics:
    """The measures that need no probability; the others are NaN, as for published counts."""
    values, reasons = _of_counts(counts)
    return _measures(values, reasons | dict.fromkeys(("auc", "ap", "brier"), "probabilities are not known"))


def chance_metrics(labels: Integer[np.ndarray, " pairs"]) -> PairMetrics:
    """What is to be expected without knowing anything but how many pairs interact.

    Accuracy is that of the commoner answer for every pair, the Brier score that of their share as probability, average precision that of a
    random ranking; recall, precision, F1 and specificity depend on how often a guess says yes and are NaN.

    Parameters
    ----------
    labels : ndarray of int, shape=(pairs,)

    Returns
    -------
    PairMetrics
    """
    guessed: dict[str, str] = dict.fromkeys(("recall", "precision", "f1", "specificity"), _NO_GUESS)
    if not len(labels):
        return _measures({}, dict.fromkeys(PairMetrics.names(), _NO_PAIR))
    share = float(labels.mean())
    values = {"accuracy": max(share, 1 - share), "brier": share * (1 - share)}
    if share in (0, 1):
        lacking = _NO_NEGATIVE if share else _NO_POSITIVE
        return _measures(values, guessed | dict.fromkeys(("mcc", "balanced_accuracy", "auc", "ap"), lacking))
    values |= {"mcc": 0.0, "balanced_accuracy": 0.5, "auc": 0.5, "ap": random_precision(int(labels.sum()), len(labels))}
    return _measures(values, guessed)


def _of_counts(counts: Confusion) -> tuple[dict[str, float], dict[str, str]]:
    """What counts tell, and why they do not tell the rest."""
    tp, fn, tn, fp = counts.tp, counts.fn, counts.tn, counts.fp
    reasons: dict[str, str] = {}

    def ratio(name: str, gained: float, possible: float, otherwise: str) -> float:
        if not possible:
            reasons[name] = otherwise
            return nan
        return gained / possible

    recall = ratio("recall", tp, tp + fn, _NO_POSITIVE)
    specificity = ratio("specificity", tn, tn + fp, _NO_NEGATIVE)
    lacking = reasons.get("recall") or reasons.get("specificity", "")
    one_sided = _NEVER_YES if not tp + fp else _NEVER_NO
    values = {
        "accuracy": ratio("accuracy", tp + tn, tp + fn + tn + fp, _NO_PAIR),
        "mcc": ratio("mcc", tp * tn - fp * fn, sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)), lacking or one_sided),
        "recall": recall,
        "precision": ratio("precision", tp, tp + fp, _NEVER_YES),
        "f1": ratio("f1", 2 * tp, 2 * tp + fp + fn, f"{_NO_POSITIVE}, and {_NEVER_YES}"),
        "specificity": specificity,
        "balanced_accuracy": (recall + specificity) / 2,
    }
    if lacking:
        reasons["balanced_accuracy"] = lacking
    return values, reasons


def _measures(values: dict[str, float], reasons: dict[str, str]) -> PairMetrics:
    known = {name: values.get(name, nan) for name in PairMetrics.names()}
    return PairMetrics(**known, reasons=tuple((name, reasons[name]) for name in known if name in reasons))
