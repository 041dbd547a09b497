"""Linear probes: what can be read from features of a residue by a linear map, on residues of groups that it was not fitted to.

Ridge regression on features that are standardised on the training folds; for classes on indicator columns, the largest wins, which is
scikit-learn's RidgeClassifier.  Training sets share one pass over the features where they can: standardising is algebra on sums of folds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from allo_core.errors import PredictionError
from allo_core.learning.grouped import GroupedScore

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64, Integer, Shaped

__all__ = ["DOMINANT", "STRENGTHS", "Measure", "Task", "class_task", "control_labels", "number_task", "probe", "shuffled_within"]

Measure = Literal["accuracy", "balanced accuracy", "R²"]

# Penalties that are tried inside each training set, on features of variance 1.  Widely apart, since little depends on them.
STRENGTHS = (1.0, 10.0, 100.0, 1000.0, 10000.0)
# Where one class is commoner than this, guessing it is right so often that classes count alike instead (balanced accuracy).
DOMINANT = 2 / 3
_DIGITS = 9  # of predicted shares of classes


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be read from the features of n residues.

    Parameters
    ----------
    targets : ndarray, dtype=float64, shape=(n, k)
        A column for each class, 1 where a residue is of it, else 0; or one column of numbers.
    measure : {"accuracy", "balanced accuracy", "R²"}
        Balanced accuracy is the mean over classes of the share that is read right; all classes then weigh alike in the fit, as a rare class
        never wins otherwise.
    classes : tuple of str
        Of the columns; empty for numbers.
    """

    targets: Float64[np.ndarray, "n k"] = field(repr=False)
    measure: Measure
    classes: tuple[str, ...] = ()


def class_task(labels: Shaped[np.ndarray, " n"], measure: Measure | None = None) -> Task:
    """A task of classes; by accuracy, or by balanced accuracy where one class is commoner than `DOMINANT`.

    Parameters
    ----------
    labels : ndarray, shape=(n,)
        Anything that can be compared.
    measure : {"accuracy", "balanced accuracy"}, optional
        Where it shall not follow from the labels, such as for a control of another task.

    Raises
    ------
    PredictionError
        Only one class.
    """
    classes, of = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise PredictionError(f"All {len(labels)} residues have one label; at least two classes are needed.")
    targets = (of[:, None] == np.arange(len(classes))).astype(np.float64)
    chosen = measure or ("balanced accuracy" if targets.mean(axis=0).max() > DOMINANT else "accuracy")
    return Task(targets, chosen, tuple(map(str, classes)))


def number_task(values: Float[np.ndarray, " n"]) -> Task:
    """A task of finite numbers, by R² out of fold; PredictionError where all are alike."""
    if np.ptp(values) == 0:
        raise PredictionError(f"All {len(values)} residues have the value {values[0]:g}; different ones are needed.")
    return Task(np.asarray(values, dtype=np.float64)[:, None], "R²")


def shuffled_within(labels: Shaped[np.ndarray, " n"], within: Shaped[np.ndarray, " n"], seed: int = 0) -> Shaped[np.ndarray, " n"]:
    """The labels, permuted among the residues of one kind: what is left of them is what the kind alone tells."""
    rng, mixed = np.random.default_rng(seed), labels.copy()
    for kind in np.unique(within):
        places = np.flatnonzero(within == kind)
        mixed[places] = labels[rng.permutation(places)]
    return mixed


def control_labels(labels: Shaped[np.ndarray, " n"], within: Shaped[np.ndarray, " n"], seed: int = 0) -> Shaped[np.ndarray, " n"]:
    """The control task of Hewitt and Liang (EMNLP 2019): one label for each kind of residue, drawn at random as often as it occurs.

    A probe that has much memory solves it; with only twenty kinds, whatever tells them apart solves it.
    """
    rng = np.random.default_rng(seed)
    kinds, of = np.unique(within, return_inverse=True)
    return rng.choice(labels, len(kinds))[of]


def probe(
    features: Float[np.ndarray, "n d"], tasks: Sequence[Task], folds: Integer[np.ndarray, " n"], groups: Integer[np.ndarray, " n"]
) -> tuple[GroupedScore, ...]:
    """How well each task is read from the features: every fold is predicted by what is fitted to the others.

    The strength of the penalty is chosen inside each training set: its first fold is predicted from its others; with only two folds it is
    1.

    Parameters
    ----------
    features : ndarray, dtype=float, shape=(n, d)
        Finite.
    tasks : sequence of Task
        They share the work on the features.
    folds : ndarray, dtype=int, shape=(n,)
        0, 1, 2 and so on; `group_folds` makes them, so that no group is divided.
    groups : ndarray, dtype=int, shape=(n,)
        Relatives, over which standard errors are.

    Returns
    -------
    tuple of GroupedScore
        One a task; the rows are the groups in ascending order.
    """
    scaled = _scaled(features)
    names, group = np.unique(groups, return_inverse=True)
    found: dict[int, GroupedScore] = {}
    for shared in _shared(tasks):
        own = [tasks[at] for at in shared]
        solver = _FoldSums(scaled, own, folds) if _weighs_alike(own[0]) and len(scaled) >= scaled.shape[1] else _Direct(scaled, own, folds)
        found |= dict(zip(shared, _scores(solver, own, group, len(names)), strict=True))
    return tuple(found[at] for at in range(len(tasks)))


def _scores(solver: _Solver, tasks: Sequence[Task], group: np.ndarray, groups: int) -> list[GroupedScore]:
    """The score of each task, every fold predicted from the others."""
    counts = [_Counts(task, groups) for task in tasks]
    for left_out in range(solver.count):
        training = [fold for fold in range(solver.count) if fold != left_out]
        strengths = _strengths(solver, tasks, training)
        rows = np.flatnonzero(solver.folds == left_out)
        fitted = solver.fit(training, sorted(set(strengths)))
        for at, (task, strength) in enumerate(zip(tasks, strengths, strict=True)):
            counts[at].add(task, rows, group[rows], *fitted[strength].of(rows, at))
    return [one.score for one in counts]


def _shared(tasks: Sequence[Task]) -> list[list[int]]:
    """Places of the tasks that one fit serves: all that weigh residues alike; each other one needs its own weights."""
    alike = [at for at, task in enumerate(tasks) if _weighs_alike(task)]
    return ([alike] if alike else []) + [[at] for at, task in enumerate(tasks) if not _weighs_alike(task)]


def _weighs_alike(task: Task) -> bool:
    return task.measure != "balanced accuracy"


def _scaled(features: np.ndarray) -> np.ndarray:
    """Features of one scale: this changes no fit (each training set standardises anew), and no digits are lost in sums of products."""
    deviation = features.std(axis=0, dtype=np.float64)
    return (features - features.mean(axis=0, dtype=np.float64)) / np.where(deviation > 0, deviation, 1.0)


def _strengths(solver: _Solver, tasks: Sequence[Task], training: list[int]) -> list[float]:
    """The best penalty for each task, by the first fold of a training set as predicted from its others."""
    if len(training) < 2:
        return [STRENGTHS[0]] * len(tasks)
    rows = np.flatnonzero(solver.folds == training[0])
    fitted = solver.fit(training[1:], STRENGTHS)
    chosen = []
    for at, task in enumerate(tasks):
        found = []
        for strength in STRENGTHS:
            counts = _Counts(task, 1)
            counts.add(task, rows, np.zeros(len(rows), dtype=np.int64), *fitted[strength].of(rows, at))
            found.append(counts.score.value)
        chosen.append(STRENGTHS[int(np.argmax(found))])
    return chosen


class _Counts:
    """What a task gained and could gain in each group."""

    def __init__(self, task: Task, groups: int):
        parts = task.targets.shape[1] if task.measure == "balanced accuracy" else 1
        self._gained, self._possible = np.zeros((groups, parts)), np.zeros((groups, parts))

    def add(self, task: Task, rows: np.ndarray, group: np.ndarray, predicted: np.ndarray, mean: np.ndarray) -> None:
        """Predictions [rows, k] beside the mean of the training set [k]."""
        true = task.targets[rows]
        if task.measure == "R²":
            about_mean = ((true - mean) ** 2)[:, 0]
            np.add.at(self._gained[:, 0], group, about_mean - ((true - predicted) ** 2)[:, 0])
            np.add.at(self._possible[:, 0], group, about_mean)
            return
        label = true.argmax(axis=1)
        part = label if self._gained.shape[1] > 1 else np.zeros_like(label)
        # Classes that are predicted alike, as by nothing at all, are not to be told apart by rounding.
        np.add.at(self._gained, (group, part), predicted.round(_DIGITS).argmax(axis=1) == label)
        np.add.at(self._possible, (group, part), 1.0)

    @property
    def score(self) -> GroupedScore:
        return GroupedScore(self._gained, self._possible)


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Coefficients of all tasks at one strength, for the features of a solver."""

    solver: _Solver
    mean: np.ndarray  # of features [d] and of targets [k], on the training set
    target_mean: np.ndarray
    coefficients: np.ndarray  # [d, k]

    def of(self, rows: np.ndarray, task: int) -> tuple[np.ndarray, np.ndarray]:
        """What is predicted of a task at some rows [rows, k], and the mean of its targets in training [k]."""
        own = self.solver.columns[task]
        return (self.solver.features[rows] - self.mean) @ self.coefficients[:, own] + self.target_mean[own], self.target_mean[own]


class _Solver(ABC):
    """Ridge regression on any training set of folds."""

    def __init__(self, features: np.ndarray, tasks: Sequence[Task], folds: np.ndarray):
        self.features, self.folds, self.count = features, folds, int(folds.max()) + 1
        self.targets = np.concatenate([task.targets for task in tasks], axis=1)
        ends = np.cumsum([0, *(task.targets.shape[1] for task in tasks)])
        self.columns = [slice(*pair) for pair in pairwise(ends)]

    @abstractmethod
    def fit(self, training: Sequence[int], strengths: Sequence[float]) -> dict[float, _Fitted]:
        """One fit for each strength, on features standardised over a training set."""


class _FoldSums(_Solver):
    """From sums of products over each fold, of which every training set is put together; residues weigh alike."""

    def __init__(self, features: np.ndarray, tasks: Sequence[Task], folds: np.ndarray):
        super().__init__(features, tasks, folds)
        of_folds = [(self.features[folds == fold], self.targets[folds == fold]) for fold in range(self.count)]
        self._squares = [x.T @ x for x, _ in of_folds]
        self._products = [x.T @ y for x, y in of_folds]
        self._sums = [(len(x), x.sum(axis=0), y.sum(axis=0)) for x, y in of_folds]

    def fit(self, training: Sequence[int], strengths: Sequence[float]) -> dict[float, _Fitted]:
        rows = sum(self._sums[fold][0] for fold in training)
        mean, target_mean = (np.sum([self._sums[fold][place] for fold in training], axis=0) / rows for place in (1, 2))
        squares = np.sum([self._squares[fold] for fold in training], axis=0) - rows * np.outer(mean, mean)
        products = np.sum([self._products[fold] for fold in training], axis=0) - rows * np.outer(mean, target_mean)
        scale = _scale(squares.diagonal() / rows)
        squares, products = squares / np.outer(scale, scale), products / scale[:, None]
        return {strength: _Fitted(self, mean, target_mean, _solved(squares, strength, products) / scale[:, None]) for strength in strengths}


class _Direct(_Solver):
    """From the rows of a training set: for few of them, or where classes weigh alike however many residues they have."""

    def __init__(self, features: np.ndarray, tasks: Sequence[Task], folds: np.ndarray):
        super().__init__(features, tasks, folds)
        self._balanced = not _weighs_alike(tasks[0])

    def fit(self, training: Sequence[int], strengths: Sequence[float]) -> dict[float, _Fitted]:
        rows = np.isin(self.folds, training)
        x, y = self.features[rows], self.targets[rows]
        scale = _scale(x.var(axis=0))
        weights = self._weights(y)
        mean, target_mean = (np.average(values, axis=0, weights=weights) for values in (x, y))
        root = np.sqrt(weights)[:, None]
        x, y = root * (x - mean) / scale, root * (y - target_mean)
        few = len(x) < x.shape[1]
        squares, products = (x @ x.T, y) if few else (x.T @ x, x.T @ y)
        found = {}
        for strength in strengths:
            solved = _solved(squares, strength, products)
            found[strength] = _Fitted(self, mean, target_mean, (x.T @ solved if few else solved) / scale[:, None])
        return found

    def _weights(self, targets: np.ndarray) -> np.ndarray:
        """1 for each residue, or, of a task that is balanced, what makes its classes alike (scikit-learn's class_weight="balanced")."""
        if not self._balanced:
            return np.ones(len(targets))
        count = targets.sum(axis=0)
        return targets @ (len(targets) / (np.count_nonzero(count) * np.maximum(count, 1)))


def _scale(variance: np.ndarray) -> np.ndarray:
    """As StandardScaler: a feature that is constant in training is left as it is; its products are 0."""
    return np.sqrt(np.where(variance > 1e-12, variance, 1.0))


def _solved(squares: np.ndarray, strength: float, products: np.ndarray) -> np.ndarray:
    factor = cho_factor(squares + strength * np.eye(len(squares)), lower=True, overwrite_a=True, check_finite=False)
    return cho_solve(factor, products, check_finite=False)
