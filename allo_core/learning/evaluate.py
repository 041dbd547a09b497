"""Leave one receptor out: each is scored by a model that saw neither it nor a homologue, with settings chosen inside its training fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from allo_core.learning.folds import training_set
from allo_core.learning.method import Method
from allo_core.learning.metrics import areas
from allo_core.learning.model import LinearModel, Setting, fit

__all__ = ["STRENGTHS", "Evaluation", "HeldOut"]

# C of the L1 penalty: from a handful of features to most of them.
STRENGTHS = (0.01, 0.03, 0.1, 0.3)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Scores of every receptor by a model that never saw it.

    Parameters
    ----------
    scores : tuple of ndarray, dtype=float64, shape=(L,)
        One a receptor; probabilities.
    settings : tuple of Setting
        What the training fold of each receptor chose.
    """

    scores: tuple[np.ndarray, ...]
    settings: tuple[Setting, ...]


class Evaluation:
    """Fits of one method, each made once: leaving out a and then, inside, b gives the same training set as b and then a.

    Parameters
    ----------
    method : Method
    labels : sequence of ndarray, dtype=bool, shape=(L,)
        One a receptor, each with at least one listed residue.
    related : ndarray, dtype=bool, shape=(receptors, receptors)
        Homologues, as `folds.homologues` gives them.
    """

    def __init__(self, method: Method, labels: Sequence[np.ndarray], related: np.ndarray):
        self.method = method
        self._labels = labels
        self._related = related
        # From the simplest: among equally good settings the first is taken.
        self._settings = tuple(Setting(*pair) for pair in product(method.sizes or (None,), STRENGTHS))
        self._fitted: dict[tuple[tuple[int, ...], int | None], tuple[dict[float, LinearModel], tuple[int, ...] | None]] = {}

    def held_out(self) -> HeldOut:
        """Every receptor left out once; PredictionError where too few remain to learn from."""
        settings, scores = [], []
        for receptor in range(len(self._labels)):
            settings.append(self.choose((receptor,)))
            scores.append(self._scores((receptor,), receptor, settings[-1]))
        return HeldOut(tuple(scores), tuple(settings))

    def choose(self, left_out: tuple[int, ...] = ()) -> Setting:
        """The setting with the highest mean AUPRC over the receptors that may be learnt from, each left out in turn."""
        inner = training_set(self._related, left_out)
        quality = [
            np.mean([areas(self._labels[one], self._scores((*left_out, one), one, setting)).auprc for one in inner])
            for setting in self._settings
        ]
        return self._settings[int(np.argmax(np.round(quality, 9)))]

    def fitted(self, training: tuple[int, ...], setting: Setting) -> tuple[LinearModel, tuple[int, ...] | None]:
        """The model fitted to these receptors and the heads that they chose."""
        key = (training, setting.size)
        if key not in self._fitted:
            heads = self.method.choose(training, setting.size)
            features = [self.method.design(one, heads) for one in training]
            models = fit(features, [self._labels[one] for one in training], STRENGTHS)
            self._fitted[key] = dict(zip(STRENGTHS, models, strict=True)), heads
        models, heads = self._fitted[key]
        return models[setting.c], heads

    def _scores(self, left_out: tuple[int, ...], receptor: int, setting: Setting) -> np.ndarray:
        model, heads = self.fitted(training_set(self._related, left_out), setting)
        return model.probabilities(self.method.design(receptor, heads))
