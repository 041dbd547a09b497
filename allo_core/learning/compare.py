"""All methods side by side: areas with intervals over groups of receptors, and paired differences to the predictor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from allo_core.learning.evaluate import Evaluation, HeldOut
from allo_core.learning.method import Labelled, Method, Progress
from allo_core.learning.metrics import Areas, areas, random_precision
from allo_core.learning.processes import in_processes
from allo_core.learning.results import CHANCE, Comparison, Difference, Estimate, Quality, ReceptorResult

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float64

__all__ = ["RESAMPLES", "compare", "estimate", "group_draws", "hold_out"]

RESAMPLES = 2000
_SEED = 0
_DIGITS = 5  # of what is kept
_MEASURES = ("auroc", "normalised")


def hold_out(
    methods: Sequence[Method],
    examples: Sequence[Labelled],
    related: Bool[np.ndarray, "receptors receptors"],
    progress: Progress = lambda text: None,
    processes: int = 1,
) -> dict[str, HeldOut]:
    """Scores of every method and of its parts for every receptor left out, by name, in the order of `methods`.

    Parameters
    ----------
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Who is left out with whom; each is its own relative.
    processes : int
        Methods that are evaluated at the same time; the solver holds the interpreter, so threads would not do.

    Raises
    ------
    PredictionError
        Too few receptors, a fit that is not possible, or a process that was ended.
    """
    work = partial(_held_out, labels=[example.labels for example in examples], related=related)
    found = {}
    for index, held_out in in_processes(work, methods, processes):
        found |= held_out
        progress(f"left out each receptor: {methods[index].name}")
    return {name: found[name] for method in methods for name in (method.name, *method.parts)}


def compare(
    examples: Sequence[Labelled],
    held_out: dict[str, HeldOut],
    related: Bool[np.ndarray, "receptors receptors"],
    predictor: str,
    baselines: Iterable[str],
    attention: tuple[str, str] | None = None,
) -> Comparison:
    """Areas of all methods, and the differences that are looked at.

    Parameters
    ----------
    held_out : dict of str to HeldOut
        By the name of the method.
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Relatives are resampled together, as they are no two pieces of evidence.
    predictor : str
    baselines : iterable of str
        Names of methods; a random ranking is always among the baselines.
    attention : tuple of two str, optional
        Names of the methods with and without attention.
    """
    labels = [example.labels for example in examples]
    each = {name: [areas(*pair) for pair in zip(labels, held.scores, strict=True)] for name, held in held_out.items()}
    each[CHANCE] = [Areas(0.5, random_precision(int(one.sum()), len(one)), 0.0) for one in labels]
    groups, weights = group_draws(related)
    values = {name: {measure: np.array([getattr(one, measure) for one in found]) for measure in _MEASURES} for name, found in each.items()}

    def difference(one: str, other: str) -> Difference:
        changes = {measure: values[one][measure] - values[other][measure] for measure in _MEASURES}
        higher = int((changes["auroc"] > 0).sum())
        return Difference(**{measure: estimate(change, weights) for measure, change in changes.items()}, higher=higher)

    return Comparison(
        predictor,
        tuple(tuple(examples[at].name for at in np.flatnonzero(groups == group).tolist()) for group in range(groups.max() + 1)),
        tuple(
            ReceptorResult(
                example.name,
                len(example.labels),
                int(example.labels.sum()),
                *({name: round(float(values[name][measure][at]), _DIGITS) for name in each} for measure in _MEASURES),
            )
            for at, example in enumerate(examples)
        ),
        {
            name: Quality(
                **{measure: estimate(values[name][measure], weights) for measure in _MEASURES},
                auprc=round(float(np.mean([one.auprc for one in found])), _DIGITS),
            )
            for name, found in each.items()
        },
        {name: difference(predictor, name) for name in (*baselines, CHANCE)},
        None if attention is None else difference(*attention),
    )


def group_draws(related: np.ndarray) -> tuple[np.ndarray, Float64[np.ndarray, "draws receptors"]]:
    """The group of each receptor, shape (receptors,), and the weights of the receptors in each resample of the groups.

    The first row is the sample itself.  A resample draws as many groups as there are, and every receptor of a drawn group counts alike.
    """
    groups = connected_components(related, directed=False)[1]
    count = groups.max() + 1
    drawn = np.random.default_rng(_SEED).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    times = np.vstack([np.ones(count, dtype=drawn.dtype), drawn])[:, groups].astype(float)
    return groups, times / times.sum(axis=1, keepdims=True)


def estimate(values: np.ndarray, weights: np.ndarray) -> Estimate:
    """Mean of the values of the receptors and its interval; `weights` as from `group_draws`."""
    means = weights @ values
    low, high = np.percentile(means[1:], [2.5, 97.5])
    return Estimate(*(round(float(one), _DIGITS) for one in (means[0], low, high)))


def _held_out(method: Method, labels: Sequence[np.ndarray], related: np.ndarray) -> dict[str, HeldOut]:
    evaluation = Evaluation(method, labels, related)
    return {name: evaluation.held_out(choices) for name, choices in {method.name: (), **method.parts}.items()}
