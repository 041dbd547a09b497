"""The whole study with one model: every method on receptors left out, and the predictor fitted to all of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PredictionError
from allo_core.learning.compare import compare, hold_out
from allo_core.learning.evaluate import Evaluation, HeldOut
from allo_core.learning.folds import homologues, training_set
from allo_core.learning.method import Progress
from allo_core.learning.results import ALL_EVIDENCE, Comparison
from allo_core.prediction.examples import EVIDENCE, Example
from allo_core.prediction.methods import HeadData, all_methods, head_method, read_heads
from allo_core.prediction.predictor import SitePredictor, TrainingReceptor

if TYPE_CHECKING:
    from jaxtyping import Bool

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["Study", "fit_predictor", "study"]

_MOST_PROCESSES = 4
_FEWEST_EXAMPLES = 5  # one left out, one more inside, and three to learn from


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that was found with one model.

    Parameters
    ----------
    examples : tuple of Example
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Homologues.
    held_out : dict of str to HeldOut
        By method.
    predictor : SitePredictor
        Fitted to all examples, with the comparisons (all sites first, then each evidence).
    """

    examples: tuple[Example, ...]
    related: Bool[np.ndarray, "receptors receptors"]
    held_out: dict[str, HeldOut]
    predictor: SitePredictor


def study(
    model: ProteinLanguageModel, examples: Sequence[Example], progress: Progress = lambda text: None, processes: int | None = None
) -> Study:
    """Compare all methods on receptors left out, and fit the predictor to all examples.

    Parameters
    ----------
    processes : int, optional
        By default as many as there are processors, at most 4.

    Raises
    ------
    PredictionError
        Too few examples, or a fit that is not possible.
    SequenceError, DeviceError, StoreError
        The model cannot be run over an example.
    """
    if len(examples) < _FEWEST_EXAMPLES:
        raise PredictionError(f"{len(examples)} receptors with listed sites are too few; give at least {_FEWEST_EXAMPLES}.")
    related = homologues([example.protein.sequence for example in examples])
    data = read_heads(model, examples, progress)
    processes = min(_MOST_PROCESSES, os.cpu_count() or 1) if processes is None else processes
    held_out = hold_out(all_methods(model, examples, data), examples, related, progress, processes)
    found = [compare(examples, held_out, evidence) for evidence in (ALL_EVIDENCE, *EVIDENCE)]
    progress("fitting to all receptors")
    predictor = fit_predictor(model, examples, data, related, [one for one in found if one is not None])
    return Study(tuple(examples), related, held_out, predictor)


def fit_predictor(
    model: ProteinLanguageModel, examples: Sequence[Example], data: HeadData, related: np.ndarray, comparisons: Sequence[Comparison] = ()
) -> SitePredictor:
    """The predictor from all examples; heads and C are those that leaving one receptor out chooses."""
    evaluation = Evaluation(head_method(data), [example.labels for example in examples], related)
    setting = evaluation.choose()
    linear, heads = evaluation.fitted(training_set(related, ()), setting)
    if heads is None:
        raise PredictionError("The predictor must choose heads; its method has none to choose from.")
    return SitePredictor(
        model.spec.id,
        model.sha256,
        tuple(data.heads[head] for head in heads),
        linear,
        setting,
        tuple(TrainingReceptor.of(example) for example in examples),
        tuple(comparisons),
        {name: version(name) for name in ("torch", "transformers", "scikit-learn", "numpy")},
    )
