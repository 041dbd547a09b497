"""Leave one receptor out: each is scored by a model that saw neither it nor a relative, with settings chosen inside its training fold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allo_core.learning.folds import training_set
from allo_core.learning.method import Method, Setting
from allo_core.learning.metrics import areas
from allo_core.learning.model import LinearModel, fit

__all__ = ["Evaluation", "HeldOut"]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Scores of every receptor by a model that never saw it.

    Parameters
    ----------
    scores : tuple of ndarray, dtype=float64, shape=(L,)
        One a receptor.
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
        Who is left out with whom; each is its own relative.
    """

    def __init__(self, method: Method, labels: Sequence[np.ndarray], related: np.ndarray):
        self.method = method
        self._labels = labels
        self._related = related
        self._fitted: dict[tuple[tuple[int, ...], str], dict[float, LinearModel]] = {}
        self._quality: dict[tuple[tuple[int, ...], int, Setting], float] = {}

    def held_out(self, choices: Sequence[str] = ()) -> HeldOut:
        """Every receptor left out once, with some of the method's choices (by default all); PredictionError where too few remain."""
        settings, scores = [], []
        for receptor in range(len(self._labels)):
            settings.append(self.choose((receptor,), choices))
            scores.append(self.scores(receptor, training_set(self._related, (receptor,)), settings[-1]))
        return HeldOut(tuple(scores), tuple(settings))

    def choose(self, left_out: tuple[int, ...] = (), choices: Sequence[str] = ()) -> Setting:
        """The best setting over the receptors that may be learnt from, each left out in turn: the highest mean `Areas.above_random`."""
        settings = self.method.settings(choices)
        if len(settings) == 1:
            return settings[0]
        inner = training_set(self._related, left_out)
        quality = [np.mean([self._inner(left_out, one, setting) for one in inner]) for setting in settings]
        return settings[int(np.argmax(np.round(quality, 9)))]

    def fitted(self, training: tuple[int, ...], choice: str) -> dict[float, LinearModel]:
        """The models fitted to these receptors, by C."""
        key = (training, choice)
        if key not in self._fitted:
            features = [self.method.design(choice, one, training) for one in training]
            if features[0].shape[1]:
                models = fit(features, [self._labels[one] for one in training], self.method.strengths)
            else:  # a rule that chose no head tells no residue from another
                models = [LinearModel(np.zeros(0), np.ones(0), np.zeros(0), 0.0)] * len(self.method.strengths)
            self._fitted[key] = dict(zip(self.method.strengths, models, strict=True))
        return self._fitted[key]

    def scores(self, receptor: int, training: tuple[int, ...], setting: Setting) -> np.ndarray:
        """Score of each residue of a receptor, shape (L,), by what these receptors teach."""
        features = self.method.design(setting.choice, receptor, training)
        if setting.c is None:
            return features[:, 0]
        return self.fitted(training, setting.choice)[setting.c].probabilities(features)

    def _inner(self, left_out: tuple[int, ...], receptor: int, setting: Setting) -> float:
        """How well a setting does on a receptor that is left out besides."""
        key = (training_set(self._related, (*left_out, receptor)), receptor, setting)
        if key not in self._quality:
            self._quality[key] = areas(self._labels[receptor], self.scores(receptor, key[0], setting)).above_random
        return self._quality[key]
