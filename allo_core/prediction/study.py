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
from allo_core.learning.folds import training_set
from allo_core.learning.method import ChosenHeads, Progress
from allo_core.learning.results import Comparison
from allo_core.prediction.examples import Example
from allo_core.prediction.methods import (
    BASELINES,
    COMBINED,
    POSITION_MEMORY,
    WITH_AND_WITHOUT,
    HeadData,
    all_methods,
    combined_method,
    fitted_memory,
    read_heads,
)
from allo_core.prediction.predictor import SitePredictor, TrainingReceptor
from allo_core.prediction.relatives import relatives
from allo_core.prediction.reproduction import CurvePoint, learning_curves

if TYPE_CHECKING:
    from jaxtyping import Bool

    from allo_core.models.language_model import ProteinLanguageModel

__all__ = ["Study", "compare_all", "fit_predictor", "study"]

_MOST_PROCESSES = 4
_FEWEST_EXAMPLES = 5  # one left out, one more inside, and three to learn from


@dataclass(frozen=True, eq=False)
class Study:
    """Everything that was found with one model.

    Parameters
    ----------
    examples : tuple of Example
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Relatives, which are left out together.
    held_out : dict of str to HeldOut
        By method.
    predictor : SitePredictor
        Fitted to all examples, with the comparison.
    curves : tuple of CurvePoint
        The published rules and what they learn; empty where they were not asked for.
    """

    examples: tuple[Example, ...]
    related: Bool[np.ndarray, "receptors receptors"]
    held_out: dict[str, HeldOut]
    predictor: SitePredictor
    curves: tuple[CurvePoint, ...] = ()


def study(
    model: ProteinLanguageModel,
    examples: Sequence[Example],
    progress: Progress = lambda text: None,
    processes: int | None = None,
    reproductions: bool = False,
) -> Study:
    """Compare all methods on receptors left out, and fit the predictor to all examples.

    Parameters
    ----------
    processes : int, optional
        By default as many as there are processors, at most 4.
    reproductions : bool
        Whether the published rules are looked at, too.

    Raises
    ------
    PredictionError
        Too few examples, or a fit that is not possible.
    SequenceError, DeviceError, StoreError
        The model cannot be run over an example.
    """
    if len(examples) < _FEWEST_EXAMPLES:
        raise PredictionError(f"{len(examples)} receptors with listed sites are too few; give at least {_FEWEST_EXAMPLES}.")
    related = relatives(examples)
    data = read_heads(model, examples, progress)
    processes = min(_MOST_PROCESSES, os.cpu_count() or 1) if processes is None else processes
    held_out = hold_out(all_methods(model, examples, data, related), examples, related, progress, processes)
    found = compare_all(examples, held_out, related)
    progress("fitting to all receptors")
    predictor = fit_predictor(model, examples, data, related, found)
    return Study(tuple(examples), related, held_out, predictor, learning_curves(examples, data, related, progress) if reproductions else ())


def compare_all(examples: Sequence[Example], held_out: dict[str, HeldOut], related: Bool[np.ndarray, "n n"]) -> Comparison:
    """Position memory against all others; the combination in its place if the whole interval of what it adds in AUROC lies above 0."""
    combined = compare(examples, held_out, related, COMBINED, BASELINES, WITH_AND_WITHOUT)
    if combined.differences[POSITION_MEMORY].auroc.low > 0:
        return combined
    others = [name for name in (COMBINED, *BASELINES) if name != POSITION_MEMORY]
    return compare(examples, held_out, related, POSITION_MEMORY, others, WITH_AND_WITHOUT)


def fit_predictor(
    model: ProteinLanguageModel, examples: Sequence[Example], data: HeadData, related: np.ndarray, comparison: Comparison | None = None
) -> SitePredictor:
    """The predictor from all examples: position memory, or the combination where the comparison is one of it.

    Ingredients, heads and C of the combination are those that leaving one receptor out chooses.
    """
    heads: tuple[int, ...] = ()
    if comparison is not None and comparison.predictor == POSITION_MEMORY:
        setting, linear = fitted_memory(examples, related)
    else:
        method = combined_method(examples, data, related)
        evaluation = Evaluation(method, [example.labels for example in examples], related)
        setting, everybody = evaluation.choose(), training_set(related, ())
        if setting.c is None:
            raise PredictionError("The predictor must be fitted; its method has no strength of the penalty to choose from.")
        linear = evaluation.fitted(everybody, setting.choice)[setting.c]
        heads = next((one.rule(everybody) for one in method.choices[setting.choice] if isinstance(one, ChosenHeads)), ())
    return SitePredictor(
        model.spec.id,
        model.sha256,
        setting,
        tuple(data.heads[head] for head in heads),
        linear,
        tuple(TrainingReceptor.of(example) for example in examples),
        comparison,
        {name: version(name) for name in ("torch", "transformers", "scikit-learn", "numpy", "biotite")},
    )
