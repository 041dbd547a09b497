"""A linear classifier of residues: standardised features and L1 logistic regression.  Fitting needs scikit-learn, predicting does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from allo_core.errors import PredictionError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["LinearModel", "fit"]

_TOLERANCE = 1e-3  # logits are then right to about 0.03; LIBLINEAR's own default is 0.01
_MOST_ITERATIONS = 1000
_SEED = 0  # of the order in which the solver visits features
# liblinear penalises the intercept, too; a synthetic feature of this value makes that penalty small.
_INTERCEPT_SCALING = 10.0


@dataclass(frozen=True, eq=False)
class LinearModel:
    """P(site) = 1 / (1 + exp(-(b + sum_f w_f (x_f - mean_f) / scale_f))).

    Parameters
    ----------
    mean, scale, coefficients : ndarray, dtype=float64, shape=(F,)
    intercept : float
    """

    mean: Float64[np.ndarray, " F"]
    scale: Float64[np.ndarray, " F"]
    coefficients: Float64[np.ndarray, " F"]
    intercept: float

    def probabilities(self, features: np.ndarray) -> Float64[np.ndarray, " L"]:
        """Probability of each residue, ndarray, dtype=float64, shape=(L,), from features (L, F); a missing one (NaN) counts as the mean."""
        standardised = np.nan_to_num((features - self.mean) / self.scale, nan=0.0)
        return expit(standardised @ self.coefficients + self.intercept)


def fit(features: Sequence[np.ndarray], labels: Sequence[np.ndarray], strengths: Sequence[float]) -> tuple[LinearModel, ...]:
    """Fit to receptors, each of which weighs alike, however long it is; one model for each strength of the penalty.

    Classes are not balanced: the probabilities then stand for the share of listed residues in receptors like these.

    Parameters
    ----------
    features : sequence of ndarray, dtype=float, shape=(L, F)
        One a receptor.  NaN is missing and becomes the mean of those that are known; a feature that is missing everywhere gets no weight.
    labels : sequence of ndarray, dtype=bool, shape=(L,)
    strengths : sequence of float
        C, the inverse of the strength of the L1 penalty, with a mean weight of 1 a residue.

    Raises
    ------
    PredictionError
        Only one class among the labels, no known feature, scikit-learn is not installed, or no convergence.
    """
    try:
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise PredictionError("Fitting a site predictor needs scikit-learn; pip install -r tests/requirements.txt.") from error
    y = np.concatenate(labels)
    if y.all() or not y.any():
        raise PredictionError(f"All {len(y)} residues have the same label; a site predictor needs listed residues and others.")
    x, weights = np.concatenate(features), _alike([len(part) for part in labels])
    known = np.asarray(~np.isnan(x).all(axis=0))
    if not known.any():
        raise PredictionError(f"None of {len(known)} features is known for any residue; a site predictor needs at least one.")
    scaler = StandardScaler().fit(x[:, known], sample_weight=weights)
    standardised = np.nan_to_num(scaler.transform(x[:, known]), nan=0.0)
    mean, scale = np.zeros(len(known)), np.ones(len(known))
    mean[known], scale[known] = scaler.mean_, scaler.scale_
    models = []
    for c in strengths:
        coefficients = np.zeros(len(known))
        coefficients[known], intercept = _regression(standardised, y, weights, c)
        models.append(LinearModel(mean, scale, coefficients, intercept))
    return tuple(models)


def _regression(x: np.ndarray, y: np.ndarray, weights: np.ndarray, c: float) -> tuple[np.ndarray, " float"]:
    from sklearn.linear_model import LogisticRegression

    solver = LogisticRegression(
        C=c,
        l1_ratio=1,
        solver="liblinear",
        intercept_scaling=_INTERCEPT_SCALING,
        tol=_TOLERANCE,
        max_iter=_MOST_ITERATIONS,
        random_state=_SEED,
    ).fit(x, y, sample_weight=weights)
    if solver.n_iter_.max() >= _MOST_ITERATIONS:
        raise PredictionError(f"The regression with C = {c:g} did not converge in {_MOST_ITERATIONS} iterations; use a smaller C.")
    return solver.coef_[0], float(solver.intercept_[0])


def _alike(lengths: Sequence[int]) -> np.ndarray:
    """Weights of all residues, 1 on average, that sum to the same over each receptor."""
    weights = np.concatenate([np.full(length, 1 / length) for length in lengths])
    return weights * len(weights) / weights.sum()
