"""The published rules by which heads are called sensitive, rebuilt: what they choose, what is predicted from it, and what chance chooses.

Reproductions, for comparison alone: neither asks whether a head looks at the site more than at other residues of the receptor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from allo_core.learning.compare import estimate, group_draws
from allo_core.learning.evaluate import Evaluation
from allo_core.learning.folds import training_set
from allo_core.learning.method import ChosenHeads, HeadRule, Method, Progress
from allo_core.learning.metrics import areas
from allo_core.learning.results import Estimate
from allo_core.prediction.examples import Example
from allo_core.prediction.features import RECEIVED
from allo_core.prediction.memory import WIDTHS
from allo_core.prediction.methods import HeadData, memory_method
from allo_core.prediction.selection import sensitivity

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

__all__ = ["CURVE", "AboveMean", "CurvePoint", "StudentHeads", "impacts", "learning_curves"]

CURVE = (2, 4, 8, None)  # training receptors; None: all
_REPEATS = 3  # random choices of so many training receptors, and of shifted sites
_LEVEL = 0.05
_MOST_HEADS = 20
_STRENGTH = 0.1  # C; no fold of two receptors can choose it
_SEED = 0
_BY_T = "reproduction: Student's t of heads"
_ABOVE = "reproduction: impact above the mean"


@dataclass(frozen=True, eq=False)
class StudentHeads:
    """Heads whose impact lies above the mean of all heads by a t test over receptors, those with the highest SNR first.

    Student's one-sample t (one-sided) of each head's impacts against the mean impact of all heads, Bonferroni over the heads that can be
    tested, as Dong et al. (2024) describe it.

    Parameters
    ----------
    impacts : ndarray, dtype=float, shape=(receptors, heads)
        As `impacts` gives them.
    snr : ndarray, dtype=float, shape=(receptors, heads)
    """

    impacts: Float[np.ndarray, "receptors heads"]
    snr: Float[np.ndarray, "receptors heads"]

    def __call__(self, training: tuple[int, ...]) -> tuple[int, ...]:
        """At most 20 heads, ascending; none where none rejects."""
        rejecting = self.rejecting(training)
        order = np.argsort(-self.snr[list(training)].mean(axis=0), kind="stable")
        return tuple(sorted(order[rejecting[order]][:_MOST_HEADS].tolist()))

    def rejecting(self, training: Sequence[int]) -> Bool[np.ndarray, " heads"]:
        """Which heads reject, ndarray, dtype=bool, shape=(heads,)."""
        values = self.impacts[list(training)]
        count = (~np.isnan(values)).sum(axis=0)
        rejecting = np.zeros(values.shape[1], dtype=bool)
        tested = np.flatnonzero(count >= 2)
        if len(tested) == 0:
            return rejecting
        mean, spread = np.nanmean(values[:, tested], axis=0), np.nanstd(values[:, tested], axis=0, ddof=1)
        excess = mean - np.nanmean(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = student.sf(excess / (spread / np.sqrt(count[tested])), count[tested] - 1)
        rejecting[tested] = p * len(tested) < _LEVEL  # no spread and no excess gives NaN, which does not reject
        return rejecting


@dataclass(frozen=True, eq=False)
class AboveMean:
    """Heads whose mean impact over receptors lies above that of all heads; `impacts` as `impacts` gives them."""

    impacts: Float[np.ndarray, "receptors heads"]

    def __call__(self, training: tuple[int, ...]) -> tuple[int, ...]:
        """Heads, ascending."""
        values = self.impacts[list(training)]
        known = np.flatnonzero((~np.isnan(values)).any(axis=0))
        return tuple(known[np.nanmean(values[:, known], axis=0) > np.nanmean(values)].tolist())


@dataclass(frozen=True)
class CurvePoint:
    """What a method learns from so many receptors.

    Parameters
    ----------
    method : str
    training : int or None
        Training receptors; None: all that a fold has.
    shifted : bool
        Whether it was taught sites moved along the chain by chance: its chance level.
    auroc, normalised : Estimate
    heads : float or None
        How many heads it chose on average; None for a method without heads.
    without : float
        Share of the folds in which no head was chosen, so that no residue was told from another.
    """

    method: str
    training: int | None
    shifted: bool
    auroc: Estimate
    normalised: Estimate
    heads: float | None
    without: float


def impacts(above: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> Float[np.ndarray, "receptors heads"]:
    """Share of each head's attention above 0.3 that lies on the site, ndarray, dtype=float, shape=(receptors, heads).

    NaN where a head has no attention above 0.3.

    Parameters
    ----------
    above : sequence of ndarray, shape=(heads, L)
        Column weights above 0.3.
    labels : sequence of ndarray, dtype=bool, shape=(L,)
    """
    total = np.array([weights.sum(axis=1) for weights in above], dtype=float)
    on_site = np.array([weights[:, listed].sum(axis=1) for weights, listed in zip(above, labels, strict=True)], dtype=float)
    return np.divide(on_site, total, out=np.full(total.shape, np.nan), where=total > 0)


def learning_curves(
    examples: Sequence[Example], data: HeadData, related: Bool[np.ndarray, "n n"], progress: Progress = lambda text: None
) -> tuple[CurvePoint, ...]:
    """Both rules and position memory of 8 Å, taught by 2, 4, 8 and all training receptors, and both rules taught shifted sites."""
    labels = [example.labels for example in examples]
    rng = np.random.default_rng(_SEED)
    found = []
    for name in (_BY_T, _ABOVE):
        progress(f"learning curve: {name}")
        method = _method(name, examples, data, labels)
        found += [_point(method, labels, labels, related, size, rng) for size in CURVE]
        moved = [[np.roll(one, int(rng.integers(1, len(one)))) for one in labels] for _ in range(_REPEATS)]
        shifted = [_areas(_method(name, examples, data, one), one, labels, related, None, rng, 1) for one in moved]
        found.append(_averaged(name, None, True, shifted, related))
    memory = memory_method(examples, related, len(WIDTHS) - 1)
    return (*found, *(_point(memory, labels, labels, related, size, rng) for size in CURVE))


def _method(name: str, examples: Sequence[Example], data: HeadData, labels: Sequence[np.ndarray]) -> Method:
    shares = impacts(data.above, labels)
    rule: HeadRule = AboveMean(shares)
    if name == _BY_T:
        columns = zip(data.above, labels, examples, strict=True)
        rule = StudentHeads(
            shares, np.array([sensitivity(one, tuple(np.flatnonzero(at).tolist()), example.numbers) for one, at, example in columns])
        )
    received = tuple(values[:, :, : RECEIVED[0] + 1] for values in data.features)
    return Method(name, {name: (ChosenHeads(received, rule),)}, (_STRENGTH,))


def _point(
    method: Method,
    taught: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    related: np.ndarray,
    size: int | None,
    rng: np.random.Generator,
) -> CurvePoint:
    repeats = 1 if size is None else _REPEATS
    return _averaged(method.name, size, False, [_areas(method, taught, labels, related, size, rng, repeats)], related)


def _areas(
    method: Method,
    taught: Sequence[np.ndarray],
    labels: Sequence[np.ndarray],
    related: np.ndarray,
    size: int | None,
    rng: np.random.Generator,
    repeats: int,
) -> np.ndarray:
    """AUROC, normalised AUPRC and number of heads (NaN without) of each repeat and receptor, shape (repeats, receptors, 3)."""
    evaluation = Evaluation(method, taught, related)
    (setting,) = method.settings()
    (ingredient,) = method.choices[setting.choice]
    found = np.empty((repeats, len(labels), 3))
    for repeat in range(repeats):
        chosen: dict[tuple[int, ...], tuple[int, ...]] = {}  # relatives are taught by the same receptors
        for receptor in range(len(labels)):
            everybody = training_set(related, (receptor,))
            if everybody not in chosen:
                few = everybody if size is None else rng.choice(everybody, min(size, len(everybody)), replace=False)
                chosen[everybody] = tuple(sorted(int(one) for one in few))
            training = chosen[everybody]
            area = areas(labels[receptor], evaluation.scores(receptor, training, setting))
            heads = len(ingredient.rule(training)) if isinstance(ingredient, ChosenHeads) else np.nan
            found[repeat, receptor] = area.auroc, area.normalised, heads
    return found


def _averaged(name: str, size: int | None, shifted: bool, parts: Sequence[np.ndarray], related: np.ndarray) -> CurvePoint:
    values = np.concatenate(parts)
    each = values.mean(axis=0)
    _, weights = group_draws(related)
    heads = values[..., 2]
    known = not np.isnan(heads).any()
    point = CurvePoint(name, size, shifted, estimate(each[:, 0], weights), estimate(each[:, 1], weights), None, 0.0)
    return replace(point, heads=float(heads.mean()), without=float((heads == 0).mean())) if known else point
