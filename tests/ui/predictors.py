"""A small site predictor for the model that ships, so that pages can be tested whatever the one that ships was fitted to."""

import numpy as np

from allo_core.learning.method import Setting
from allo_core.learning.model import LinearModel
from allo_core.models.registry import DEFAULT_MODEL, MODELS
from allo_core.prediction.examples import site_examples
from allo_core.prediction.predictor import SitePredictor, TrainingReceptor

__all__ = ["small_predictor"]


def small_predictor() -> SitePredictor:
    """It reads position memory and heads 2.3 and 4.11, and says that it was fitted to CCR9 and GRM1."""
    training = tuple(TrainingReceptor.of(one) for one in site_examples() if one.name in ("CCR9", "GRM1"))
    model = LinearModel(np.zeros(11), np.ones(11), np.array([0.1, 0.2, 0.3, 1.0, 0.5, -0.3, 0.2, 0.7, 0.1, 0.0, 0.4]), -2.5)
    sha256 = MODELS[DEFAULT_MODEL].sources[0].sha256
    setting = Setting("memory + 2 heads", 0.1)
    return SitePredictor(DEFAULT_MODEL, sha256, setting, ((2, 3), (4, 11)), model, training, None, {"numpy": np.__version__})
