"""Whether methods agree on which tokens matter, beside models that learnt shuffled labels and beside rankings drawn at random.

Two methods may rank tokens alike because of what the tokens are (their length, the size of their vectors) whatever the labels say.  So the
rank correlations (Spearman) of several seeds stand beside those of as many models with shuffled labels: only what exceeds these is owed to
what was learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["Agreement", "agreement", "agreement_sentence", "rank_correlations"]

_LEVEL = 0.05
_FEWEST = 3  # tokens, seeds


@dataclass(frozen=True, eq=False)
class Agreement:
    """Rank correlations among methods, over tokens.

    Parameters
    ----------
    methods : tuple of str
    tokens, seeds : int
    real, control : ndarray, dtype=float64, shape=(methods, methods)
        Means over seeds, of labels as they are and shuffled; between two methods those of one seed, on the diagonal those of one method
        with different seeds.  NaN for a method without values.
    p : ndarray, dtype=float64, shape=(methods, methods)
        One-sided, exact: that the seeds of both kinds would divide so if shuffling changed nothing; NaN on the diagonal, where pairs of
        seeds are not independent.
    mean, control_mean : float
        Over pairs of methods.
    mean_p : float
        As ``p``, of the mean over pairs of methods.
    """

    methods: tuple[str, ...]
    tokens: int
    seeds: int
    real: "Float64[np.ndarray, 'methods methods']" = field(repr=False)
    control: "Float64[np.ndarray, 'methods methods']" = field(repr=False)
    p: "Float64[np.ndarray, 'methods methods']" = field(repr=False)
    mean: float
    control_mean: float
    mean_p: float

    @property
    def deviation(self) -> float:
        """Of the correlation of two rankings drawn at random, whose expectation is 0."""
        return float(1 / np.sqrt(self.tokens - 1))


def agreement(
    methods: Sequence[str],
    real: "Float[np.ndarray, 'methods seeds tokens']",
    control: "Float[np.ndarray, 'methods seeds tokens']",
) -> Agreement:
    """Compare how methods rank tokens with real labels and with shuffled ones.

    Parameters
    ----------
    methods : sequence of str, length methods
    real, control : ndarray, dtype=float, shape=(methods, seeds, tokens)
        Importance by models of several seeds, without signs; NaN for a method that was not asked or has none.

    Raises
    ------
    PairError
        Fewer than two methods with values, or fewer than three tokens or seeds.
    """
    known = np.isfinite(real).all(axis=(1, 2)) & np.isfinite(control).all(axis=(1, 2))
    if known.sum() < 2 or min(real.shape[1:]) < _FEWEST:
        raise PairError(
            f"{int(known.sum())} methods have values for {real.shape[2]} tokens and {real.shape[1]} seeds; agreement needs at least "
            f"2 methods, {_FEWEST} tokens and {_FEWEST} seeds."
        )
    both = [rank_correlations(values) for values in (real, control)]
    p = np.full((len(methods), len(methods)), np.nan)
    pairs = list(combinations(np.flatnonzero(known).tolist(), 2))
    as_is, shuffled = (np.array([_by_seed(correlations, *pair) for pair in pairs]) for correlations in both)
    for at, (one, other) in enumerate(pairs):
        p[one, other] = p[other, one] = _exact_p(as_is[at], shuffled[at])
    together = _exact_p(as_is.mean(axis=0), shuffled.mean(axis=0))
    means = float(as_is.mean()), float(shuffled.mean())
    return Agreement(tuple(methods), real.shape[2], real.shape[1], _means(both[0]), _means(both[1]), p, *means, together)


def rank_correlations(values: "Float[np.ndarray, 'methods seeds tokens']") -> "Float64[np.ndarray, 'methods seeds methods seeds']":
    """Spearman's correlation over tokens of each method and seed with each other; NaN where one has no values or all are alike.

    Parameters
    ----------
    values : ndarray, dtype=float, shape=(methods, seeds, tokens)
    """
    from scipy.stats import rankdata  # takes 0.7 s to import

    methods, seeds, tokens = values.shape
    flat = values.reshape(-1, tokens)
    ranks = np.full(flat.shape, np.nan)
    known = np.isfinite(flat).all(axis=1)
    ranks[known] = rankdata(flat[known], axis=1)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # all alike: 0 / 0
        unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return (unit @ unit.T).reshape(methods, seeds, methods, seeds)


def agreement_sentence(found: Agreement) -> str:
    """Whether methods agree beyond models with shuffled labels; first if they do not."""
    pairs = np.isfinite(found.p).sum() // 2
    wide = 1.96 * found.deviation / np.sqrt(pairs * found.seeds)
    numbers = (
        f"their rank correlation over {found.tokens} tokens is {found.mean:.2f} (mean of {pairs} pairs of methods, {found.seeds} seeds), "
        f"{found.control_mean:.2f} with shuffled labels (p {found.mean_p:.2g}), 0 ± {wide:.2f} for rankings drawn at random"
    )
    if not found.mean_p < _LEVEL:
        return f"The methods do not agree on which tokens matter more than they do when labels are shuffled: {numbers}."
    if found.mean <= wide:
        return f"The methods do not agree on which tokens matter more than rankings drawn at random do: {numbers}."
    return f"The methods agree on which tokens matter, beyond shuffled labels: {numbers}."


def _means(correlations: np.ndarray) -> np.ndarray:
    """Between methods the mean over equal seeds, of a method with itself that over different ones."""
    count, seeds = correlations.shape[:2]
    found = np.einsum("asbs->ab", correlations) / seeds
    for method in range(count):
        own = correlations[method, :, method]
        found[method, method] = own[~np.eye(seeds, dtype=bool)].mean()
    return found


def _by_seed(correlations: np.ndarray, one: int, other: int) -> np.ndarray:
    """Of two methods, those of each seed [seeds]."""
    return np.diagonal(correlations[one, :, other])


def _exact_p(real: np.ndarray, control: np.ndarray) -> float:
    """The share of ways to divide the seeds of both kinds that give the real ones as high a sum, or a higher one."""
    every = np.concatenate([real, control])
    if not np.isfinite(every).all():
        return float("nan")
    sums = np.array([every[list(rows)].sum() for rows in combinations(range(len(every)), len(real))])
    return float((sums >= real.sum() - 1e-12).mean())
