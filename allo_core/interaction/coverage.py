"""How much of the stretches that a model points out is annotated, beside what other stretches of the same proteins would be.

A stretch's coverage is the share of its residues that a type annotates; one residue counts.  Pairs share proteins, and neighbouring
stretches are alike, so chance turns each protein's annotation as a whole, the same way in all of its pairs: stretch k is given the coverage
of stretch k + s, the last one followed by the first.  Ends of chains are annotated less than middles, so a second chance level gives each
protein the annotation of another one: what remains above it is no matter of the place in the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64, Integer

__all__ = ["ANY_TYPE", "DRAWS", "CoverageTest", "HitRates", "coverage_of", "coverage_test", "hit_rates", "hypergeometric_p"]

ANY_TYPE = "any type"
DRAWS = 2000


@dataclass(frozen=True)
class CoverageTest:
    """Mean coverage of chosen stretches beside two chance levels, all as shares.

    Parameters
    ----------
    observed : float
    turned : float
        The mean over all stretches of the proteins that were chosen from.
    low, high : float
        95 % of the turned annotations lie between.
    p : float
        Two-sided, over turned annotations; each protein is turned as a whole.
    places : float
        The mean with annotations of other proteins, at the same places.
    places_p : float
        Two-sided, over annotations given to other proteins.
    """

    observed: float
    turned: float
    low: float
    high: float
    p: float
    places: float
    places_p: float


@dataclass(frozen=True)
class HitRates:
    """How often a stretch of each rank is covered to a threshold, beside chance.

    Parameters
    ----------
    ranks : tuple of float
        Share of lists whose first, second ... stretch is.
    chance : float
        The share of all stretches in these lists that are: what each rank would have.
    any_rank, any_chance : float
        The share of lists in which at least one is; the same for stretches drawn without replacement (hypergeometric).
    """

    ranks: tuple[float, ...]
    chance: float
    any_rank: float
    any_chance: float


def coverage_of(
    annotated: "Bool[np.ndarray, 'types L']", tokens: "Sequence[Integer[np.ndarray, '...']]"
) -> "Float64[np.ndarray, 'rows tokens']":
    """The share of each stretch's residues that each type annotates, and in the last row that any does; NaN for a stretch without residues.

    Parameters
    ----------
    annotated : ndarray, dtype=bool, shape=(types, L)
    tokens : sequence of ndarray of int
        Residues of each stretch, 0-based.

    Returns
    -------
    ndarray, dtype=float64, shape=(types + 1, tokens)
    """
    rows = np.vstack([annotated, annotated.any(axis=0)])
    return np.stack([rows[:, token].mean(axis=1) if len(token) else np.full(len(rows), np.nan) for token in tokens], axis=1)


def coverage_test(
    coverage: "Float[np.ndarray, 'proteins tokens']",
    owner: "Integer[np.ndarray, 'lists k']",
    token: "Integer[np.ndarray, 'lists k']",
    draws: int = DRAWS,
    seed: int = 0,
) -> CoverageTest:
    """Compare the coverage of chosen stretches with chance, protein by protein.

    Parameters
    ----------
    coverage : ndarray, dtype=float, shape=(proteins, tokens)
        Of one type; NaN for stretches without residues, which are passed over.
    owner, token : ndarray, dtype=int, shape=(lists, k)
        The protein and the stretch in it of each choice.
    draws : int
        Of each kind of chance.
    seed : int

    Raises
    ------
    PairError
        No choice has a stretch with residues.
    """
    random = np.random.default_rng(seed)
    used, local = np.unique(owner, return_inverse=True)
    values, local = coverage[used], local.reshape(owner.shape)
    chosen = values[local, token]
    if not np.isfinite(chosen).any():
        raise PairError("None of the chosen stretches has residues, so that nothing can be covered; give other lists.")
    observed = float(np.nanmean(chosen))
    count, tokens = values.shape
    mean = np.nanmean if np.isnan(values).any() else np.mean  # the first takes five times as long
    turned = np.array([mean(values[local, (token + random.integers(tokens, size=count)[local]) % tokens]) for _ in range(draws)])
    places = np.array([mean(values[random.permutation(count)[local], token]) for _ in range(draws)])
    low, high = np.quantile(turned, [0.025, 0.975])
    expected = float(np.nanmean(np.nanmean(values, axis=1)[local][np.isfinite(chosen)]))
    by_turning, by_place = _two_sided(observed, turned), _two_sided(observed, places)
    return CoverageTest(observed, expected, float(low), float(high), by_turning, float(places.mean()), by_place)


def hit_rates(coverage: "Float[np.ndarray, 'lists tokens']", chosen: "Integer[np.ndarray, 'lists k']", threshold: float) -> HitRates:
    """How often chosen stretches are covered at least to a threshold.

    Parameters
    ----------
    coverage : ndarray, dtype=float, shape=(lists, tokens)
        Of all stretches of each list; NaN is not covered.
    chosen : ndarray, dtype=int, shape=(lists, k)
        Best first.
    threshold : float
        0.5 for half of the residues.
    """
    covered = coverage >= threshold
    hits = np.take_along_axis(covered, chosen, axis=1)
    tokens, k = covered.shape[1], chosen.shape[1]
    none = [comb(tokens - int(count), k) / comb(tokens, k) for count in covered.sum(axis=1)]
    return HitRates(tuple(hits.mean(axis=0).tolist()), float(covered.mean()), float(hits.any(axis=1).mean()), float(1 - np.mean(none)))


def hypergeometric_p(covered: "Bool[np.ndarray, ' tokens']", chosen: "Integer[np.ndarray, ' k']") -> float:
    """The probability that so many stretches drawn without replacement are covered as among the chosen ones, or more (exact)."""
    tokens, k, there = len(covered), len(chosen), int(covered.sum())
    ways = sum(comb(there, hits) * comb(tokens - there, k - hits) for hits in range(int(covered[chosen].sum()), k + 1))
    return ways / comb(tokens, k)


def _two_sided(observed: float, drawn: np.ndarray) -> float:
    """Twice the smaller share of draws that reach the value, itself counted; never above 1."""
    tie = 1e-12
    return min(1.0, 2 * (1 + min((drawn >= observed - tie).sum(), (drawn <= observed + tie).sum())) / (1 + len(drawn)))
