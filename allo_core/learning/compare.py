"""All methods side by side: areas with intervals over receptors, and paired differences to the predictor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from allo_core.learning.evaluate import Evaluation, HeldOut
from allo_core.learning.method import Labelled, Method, Progress
from allo_core.learning.metrics import Areas, areas, pooled_areas, random_precision
from allo_core.learning.processes import in_processes
from allo_core.learning.results import ALL_EVIDENCE, PREDICTOR, RANDOM, RATE, Comparison, Difference, Estimate, Quality, ReceptorResult

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool

__all__ = ["RESAMPLES", "compare", "hold_out"]

RESAMPLES = 2000
_SEED = 0


def hold_out(
    methods: Sequence[Method],
    examples: Sequence[Labelled],
    related: Bool[np.ndarray, "receptors receptors"],
    progress: Progress = lambda text: None,
    processes: int = 1,
) -> dict[str, HeldOut]:
    """Scores of every method for every receptor left out, by the method's name, in the order of `methods`.

    Parameters
    ----------
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        As `folds.homologues` gives them.
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
        found[methods[index].name] = held_out
        progress(f"left out each receptor: {methods[index].name}")
    return {method.name: found[method.name] for method in methods}


def compare(examples: Sequence[Labelled], held_out: dict[str, HeldOut], evidence: str = ALL_EVIDENCE) -> Comparison | None:
    """Areas and differences of all methods.

    Parameters
    ----------
    held_out : dict of str to HeldOut
        By the name of the method; the predictor's is `PREDICTOR`.
    evidence : str
        With one of `EVIDENCE`, residues that are listed on other evidence alone are left out: they are neither sites of this kind nor
        unlabelled.

    Returns
    -------
    Comparison or None
        None where fewer than two receptors have such a site.
    """
    chosen = [at for at, example in enumerate(examples) if evidence == ALL_EVIDENCE or evidence in example.sites]
    if len(chosen) < 2:
        return None
    labels, kept = zip(*(_asked(examples[at], evidence) for at in chosen), strict=True)
    scores = {name: [held.scores[at][mask] for at, mask in zip(chosen, kept, strict=True)] for name, held in held_out.items()}
    each = {name: [areas(*pair) for pair in zip(labels, values, strict=True)] for name, values in scores.items()}
    draws = np.random.default_rng(_SEED).multinomial(len(chosen), np.full(len(chosen), 1 / len(chosen)), RESAMPLES)
    counts = np.vstack([np.ones(len(chosen), dtype=draws.dtype), draws])  # the first row is the sample itself
    resampled = {name: _resampled(each[name], pooled_areas(labels, scores[name], counts), counts) for name in scores}
    for name, expected in _chance(labels, counts).items():
        each[name] = expected[0]
        resampled[name] = _resampled(*expected, counts)
    return Comparison(
        evidence,
        tuple(_receptor(examples[at], labels[place], {name: each[name][place] for name in each}) for place, at in enumerate(chosen)),
        {name: Quality(**{field: _estimate(values) for field, values in found.items()}) for name, found in resampled.items()},
        {name: _difference(resampled[PREDICTOR], resampled[name], each[PREDICTOR], each[name]) for name in each if name != PREDICTOR},
    )


def _held_out(method: Method, labels: Sequence[np.ndarray], related: np.ndarray) -> HeldOut:
    return Evaluation(method, labels, related).held_out()


def _asked(example: Labelled, evidence: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the residues that are asked about, and which those are, shape (L,)."""
    if evidence == ALL_EVIDENCE:
        return example.labels, np.ones(len(example.labels), dtype=bool)
    wanted = np.zeros(len(example.labels), dtype=bool)
    wanted[list(example.sites[evidence])] = True
    kept = wanted | ~example.labels
    return wanted[kept], kept


def _chance(labels: Sequence[np.ndarray], counts: np.ndarray) -> dict[str, tuple[list[Areas[float]], Areas[np.ndarray]]]:
    """What no knowledge gives: for each receptor, and pooled in each resample."""
    listed, residues = (np.array([sizes(one) for one in labels], dtype=float) for sizes in (np.sum, len))
    found = {}
    for name, precision in ((RANDOM, random_precision), (RATE, np.divide)):
        pooled = precision(counts @ listed, counts @ residues)
        found[name] = [Areas(float(one), 0.5) for one in precision(listed, residues)], Areas(pooled, np.full(len(counts), 0.5))
    return found


def _resampled(each: Sequence[Areas[float]], pooled: Areas[np.ndarray], counts: np.ndarray) -> dict:
    """Field of `Quality` -> its value in each resample, shape (1 + RESAMPLES,)."""
    weights = counts / counts.sum(axis=1, keepdims=True)
    return {
        "auprc": weights @ np.array([one.auprc for one in each]),
        "pooled_auprc": pooled.auprc,
        "auroc": weights @ np.array([one.auroc for one in each]),
        "pooled_auroc": pooled.auroc,
    }


def _difference(predictor: dict, other: dict, each: Sequence[Areas[float]], others: Sequence[Areas[float]]) -> Difference:
    changes = {name: _estimate(predictor[name] - other[name]) for name in ("auprc", "pooled_auprc", "auroc")}
    return Difference(**changes, better=sum(bool(mine.auprc > its.auprc) for mine, its in zip(each, others, strict=True)))


def _estimate(values: np.ndarray) -> Estimate:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high))


def _receptor(example: Labelled, labels: np.ndarray, found: dict[str, Areas[float]]) -> ReceptorResult:
    return ReceptorResult(
        example.name,
        len(labels),
        int(labels.sum()),
        {name: one.auprc for name, one in found.items()},
        {name: one.auroc for name, one in found.items()},
    )
