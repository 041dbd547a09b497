"""A random forest over the latent vectors of pairs, and which tokens it uses: Tree SHAP and Gini importance.

Values are arrays [pairs, tokens, latent], so that what a token is given cannot be mistaken for that of another; names join them at the end.
Tree SHAP: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from allo_core.errors import ExtraError, PairError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Float64, Integer

__all__ = ["BACKGROUND", "LARGEST_MISS", "Forest", "ForestValues", "fit_forest", "tree_shap"]

BACKGROUND = 200  # pairs of the training that values are compared with, as published
LARGEST_MISS = 2e-6  # of a probability, between the sum of values and what the forest says
_TREES, _LEAF = 100, 2


@dataclass(frozen=True, eq=False)
class Forest:
    """A fitted forest.

    Parameters
    ----------
    classifier : sklearn.ensemble.RandomForestClassifier
        Of two classes.
    gini : ndarray, dtype=float64, shape=(tokens,)
        Share of the decrease of impurity in training that each token's numbers give; they sum to 1.
    """

    classifier: Any = field(repr=False)
    gini: Float64[np.ndarray, " tokens"]

    def probabilities(self, features: Float32[np.ndarray, "pairs tokens latent"]) -> Float64[np.ndarray, " pairs"]:
        """Of class 1."""
        return self.classifier.predict_proba(features.reshape(len(features), -1))[:, 1]


@dataclass(frozen=True, eq=False)
class ForestValues:
    """SHAP values of the probability of some pairs.

    Parameters
    ----------
    values : ndarray, dtype=float64, shape=(pairs, tokens, latent)
    expected : float
        What they add to: the forest's mean over the background, or over its training.
    miss : float
        The largest difference between their sum and a forest's probability.
    """

    values: Float64[np.ndarray, "pairs tokens latent"] = field(repr=False)
    expected: float
    miss: float

    @property
    def signed(self) -> Float64[np.ndarray, "pairs tokens"]:
        """What each token adds to the probability of its pair, or takes from it."""
        return self.values.sum(axis=2)

    @property
    def magnitude(self) -> Float64[np.ndarray, " tokens"]:
        """Mean of the absolute values over pairs and latent numbers."""
        return np.abs(self.values).mean(axis=(0, 2))


def fit_forest(
    features: Float32[np.ndarray, "pairs tokens latent"], labels: Integer[np.ndarray, " pairs"], seed: int = 0, trees: int = _TREES
) -> Forest:
    """Fit a forest to pairs: 100 trees, two pairs in a leaf at least.

    Parameters
    ----------
    features : ndarray, dtype=float32, shape=(pairs, tokens, latent)
        Tokens of A, then those of B.
    labels : ndarray, dtype=int, shape=(pairs,)
        0 or 1.
    seed : int
    trees : int

    Raises
    ------
    ExtraError
        scikit-learn is not installed.
    PairError
        All pairs have one label.
    """
    try:
        from sklearn.ensemble import RandomForestClassifier
    except ImportError as error:
        raise ExtraError("A random forest needs scikit-learn: pip install '.[pairs]'.") from error
    if len(np.unique(labels)) < 2:
        raise PairError(f"All {len(labels)} pairs have one label, so a forest has nothing to tell apart; give pairs of both.")
    classifier = RandomForestClassifier(trees, min_samples_leaf=_LEAF, random_state=seed, n_jobs=1)
    classifier.fit(features.reshape(len(features), -1), labels)
    return Forest(classifier, classifier.feature_importances_.reshape(features.shape[1:]).sum(axis=1))


def tree_shap(
    forest: Forest,
    features: Float32[np.ndarray, "pairs tokens latent"],
    background: Float32[np.ndarray, "rows tokens latent"] | None = None,
) -> ForestValues:
    """SHAP values of a forest's probabilities.

    Parameters
    ----------
    forest : Forest
    features : ndarray, dtype=float32, shape=(pairs, tokens, latent)
        Of the pairs that are explained.
    background : ndarray, dtype=float32, shape=(rows, tokens, latent), optional
        Pairs of the *training* that they are compared with (interventional); by default the training's numbers in each leaf
        (path dependent), which is faster.

    Raises
    ------
    ExtraError
        shap is not installed.
    PairError
        The values do not sum to the forest's probabilities.
    """
    try:
        import shap
    except ImportError as error:
        raise ExtraError("Tree SHAP needs shap: pip install '.[pairs]'.") from error
    flat = features.reshape(len(features), -1)
    if background is None:
        explainer = shap.TreeExplainer(forest.classifier)
    else:
        explainer = shap.TreeExplainer(forest.classifier, background.reshape(len(background), -1), feature_perturbation="interventional")
    values = np.asarray(explainer.shap_values(flat))[..., 1]
    expected = float(np.asarray(explainer.expected_value)[1])
    miss = float(np.abs(values.sum(axis=1) + expected - forest.probabilities(features)).max())
    if not miss <= LARGEST_MISS:
        raise PairError(f"SHAP values miss the forest's probability by {miss:.1e} (at most {LARGEST_MISS:.0e}): they are not shown.")
    return ForestValues(values.reshape(features.shape), expected, miss)
