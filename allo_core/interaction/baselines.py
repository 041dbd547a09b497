"""What pairs give away without a model of pairs: names, lengths, how often a partner interacts, and plain classifiers of the vectors.

Each function gives the probability of every pair from what is learnt in the other folds of a split; NaN for a pair that is never tested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import expit, logit

from allo_core.errors import Cancelled, ExtraError, PairError
from allo_core.interaction.pairs import PairInputs, PairSet
from allo_core.interaction.splits import Split
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = [
    "LENGTH_BINS",
    "Classifier",
    "fitted_probabilities",
    "homologue_probabilities",
    "identity_probabilities",
    "length_probabilities",
    "make_classifier",
    "partner_probabilities",
]

Classifier = Literal["logistic", "forest"]
Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]  # rows that are learnt from, rows that are tested -> probabilities of these

LENGTH_BINS = 20
_TREES = 200
_POWER = 4  # of the identity to a protein that is learnt from, by which its label weighs
_RATE_WEIGHT = 1e-9  # of the partner's rate, which counts where nothing in training is alike
# C of the L2 penalty is this over the number of features, fixed before anything was measured: 0.01 for 320 standardised features.
_STRENGTH = 3.2
_MOST_NUMBERS = 250_000_000  # of all pairs together, a gigabyte


def identity_probabilities(pairs: PairSet, split: Split) -> Float64[np.ndarray, " pairs"]:
    """What the names alone give: how much more often than others a protein is in pairs that interact, in training, for both proteins.

    The log-odds of a name in pairs that interact and in others, with pseudo-counts and less those of all pairs, summed over the two
    proteins; a name that is not in training says nothing.  It sees no sequence, so what it reaches is what the choice of pairs gives
    away.

    Parameters
    ----------
    pairs : PairSet
    split : Split

    Returns
    -------
    ndarray of float, shape=(pairs,)
    """
    names = np.arange(len(pairs.proteins))
    return _by_fold(pairs, split, lambda train, test: _log_odds(pairs, train, test, names))


def length_probabilities(pairs: PairSet, split: Split) -> Float64[np.ndarray, " pairs"]:
    """What the lengths of both proteins alone give: as `identity_probabilities`, for which of 20 equally filled bins a length is in.

    Parameters
    ----------
    pairs : PairSet
    split : Split

    Returns
    -------
    ndarray of float, shape=(pairs,)
    """
    lengths = np.array([len(protein) for protein in pairs.proteins])

    def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        known = lengths[np.concatenate([pairs.first[train], pairs.second[train]])]
        edges = np.quantile(known, np.arange(1, LENGTH_BINS) / LENGTH_BINS)
        return _log_odds(pairs, train, test, np.searchsorted(edges, lengths))

    return _by_fold(pairs, split, fit)


def partner_probabilities(pairs: PairSet, split: Split) -> Float64[np.ndarray, " pairs"]:
    """How often the protein on side B interacts in training, whatever stands on side A; the share of all pairs where it is not there.

    Parameters
    ----------
    pairs : PairSet
    split : Split

    Returns
    -------
    ndarray of float, shape=(pairs,)
    """

    def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        count, positive = (np.bincount(pairs.second[train], weights, len(pairs.proteins)) for weights in (None, pairs.labels[train]))
        rate = np.divide(positive, count, out=np.full(len(count), pairs.labels[train].mean()), where=count > 0)
        return rate[pairs.second[test]]

    return _by_fold(pairs, split, fit)


def homologue_probabilities(
    pairs: PairSet, split: Split, identities: Float[np.ndarray, "proteins proteins"]
) -> Float64[np.ndarray, " pairs"]:
    """What sequence identity alone gives: the labels of the same partner's pairs in training, weighed by how alike their proteins A are.

    A label weighs as the fourth power of the share of identical residues; where nothing is alike it is the partner's rate.

    Parameters
    ----------
    pairs : PairSet
    split : Split
    identities : ndarray of float, shape=(proteins, proteins)
        Of all proteins of ``pairs``; those on side B are not looked at.

    Returns
    -------
    ndarray of float, shape=(pairs,)
    """
    rate = partner_probabilities(pairs, split)

    def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        found = rate[test]
        for partner in np.unique(pairs.second[test]):
            own, asked = (rows[pairs.second[rows] == partner] for rows in (train, test))
            weight = identities[np.ix_(pairs.first[asked], pairs.first[own])] ** _POWER
            gained = weight @ pairs.labels[own] + _RATE_WEIGHT * rate[asked]
            found[pairs.second[test] == partner] = gained / (weight.sum(axis=1) + _RATE_WEIGHT)
        return found

    return _by_fold(pairs, split, fit)


def fitted_probabilities(
    inputs: PairInputs, split: Split, classifier: Classifier, by_partner: bool = False, seed: int = 0, cancel: CancelEvent | None = None
) -> Float64[np.ndarray, " pairs"]:
    """What scikit-learn's logistic regression (L2, standardised features) or random forest (200 trees) makes of the vectors.

    Parameters
    ----------
    inputs : PairInputs
    split : Split
    classifier : {"logistic", "forest"}
    by_partner : bool
        One classifier of side A for each protein on side B, where these are few; else one of all vectors of both, A before B.
    seed : int
        Of the forest.
    cancel : CancelEvent, optional
        Asked before each fit.

    Returns
    -------
    ndarray of float, shape=(pairs,)

    Raises
    ------
    ExtraError
        scikit-learn is not installed.
    PairError
        More numbers than a gigabyte.
    Cancelled
    """
    pairs = inputs.pairs
    tokens = inputs.sides[0] if by_partner else sum(inputs.sides)
    if len(pairs) * tokens * inputs.width > _MOST_NUMBERS:
        raise PairError(
            f"{len(pairs):,} pairs with {tokens} vectors of {inputs.width} numbers take too much memory; use fewer pairs or tokens."
        )

    def vectors(rows: np.ndarray) -> np.ndarray:
        found = inputs.first.vectors[pairs.first[rows]] if by_partner else inputs.batch(rows)
        return found.reshape(len(rows), -1)

    def fit(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        found = np.empty(len(test))
        for partner in np.unique(pairs.second[test]) if by_partner else [None]:
            if cancel is not None and cancel.is_set():
                raise Cancelled
            own, asked = (slice(None) if partner is None else pairs.second[rows] == partner for rows in (train, test))
            labels = pairs.labels[train][own]
            if len(np.unique(labels)) < 2:  # nothing to tell apart
                found[asked] = labels.mean() if len(labels) else pairs.labels[train].mean()
            else:
                model = make_classifier(classifier, tokens * inputs.width, seed).fit(vectors(train[own]), labels)
                found[asked] = model.predict_proba(vectors(test[asked]))[:, 1]
        return found

    return _by_fold(pairs, split, fit)


def make_classifier(classifier: Classifier, features: int, seed: int):
    """A classifier of scikit-learn before it is fitted; ExtraError where that is not installed.

    Parameters
    ----------
    classifier : {"logistic", "forest"}
        A pipeline of a scaler and a logistic regression with L2 penalty, or a random forest of 200 trees.
    features : int
        Numbers of a pair, by which the penalty grows.
    seed : int
        Of the forest.
    """
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ExtraError(f"The {classifier} baseline needs scikit-learn: pip install '.[pairs]'.") from error
    if classifier == "forest":
        return RandomForestClassifier(_TREES, random_state=seed, n_jobs=1)
    return make_pipeline(StandardScaler(), LogisticRegression(C=_STRENGTH / features, max_iter=2000))


def _by_fold(pairs: PairSet, split: Split, fit: Fit) -> np.ndarray:
    """Probabilities of each fold's pairs from those that it may be learnt from; NaN where there is nothing to learn from."""
    found = np.full(len(pairs), np.nan)
    for fold in range(split.count):
        train, test = split.train(fold), split.test(fold)
        if len(train) and len(test):
            found[test] = fit(train, test)
    return found


def _log_odds(pairs: PairSet, train: np.ndarray, test: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Probabilities from how often each key of a protein is in training pairs that interact, and in others."""
    labels = pairs.labels[train]
    share = np.clip(labels.mean(), 1e-6, 1 - 1e-6)
    sides = np.concatenate([key[pairs.first[train]], key[pairs.second[train]]])
    positive, negative = (np.bincount(sides, np.tile(labels == label, 2), key.max() + 1) for label in (1, 0))
    beyond = np.log((positive + 2 * share) / (negative + 2 * (1 - share))) - logit(share)
    beyond[positive + negative == 0] = 0  # not up to rounding, which would rank what nothing is known of
    # The level is that of all pairs: that of the training pairs would be the lower the more of those that are tested interact.
    level = logit(np.clip(pairs.labels.mean(), 1e-6, 1 - 1e-6))
    return expit(level + beyond[key[pairs.first[test]]] + beyond[key[pairs.second[test]]])
