"""Scores of every head for one set of marked residues; the definitions stand in docs, the symbols are w_S, c, n, L, mu, sigma."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from allo_core.attention.columns import Columns, check_positions
from allo_core.attention.draws import BoundedCache, RandomSites, digest, draw_sites
from allo_core.attention.nulls import (
    FEWEST_ARCS,
    Null,
    benjamini_hochberg,
    check_null,
    default_draws,
    encode_strata,
    exceedance_p,
    moments,
    passing_random_sites,
    published_moments,
    smallest_q,
)
from allo_core.errors import ScoreError

__all__ = ["COLUMN_SINK", "FEW_ARCS", "FEW_RESIDUES", "HeadScores", "RandomSiteControl", "random_site_control", "score_heads"]

FEW_ARCS = "few arcs"
FEW_RESIDUES = "few residues"
COLUMN_SINK = "column sink"

_FEWEST_RESIDUES = 3
_LARGEST_SHARE = 0.6  # of w_S, on one residue
_SINK_SHARE = 0.5  # of all attention, on two columns
_CONTROL_SITES = 200

_control_cache = BoundedCache(1 << 20)


@dataclass(frozen=True)
class HeadScores:
    """Scores of all heads.

    Parameters
    ----------
    frame : DataFrame
        One row a head, layer by layer: layer, head, impact, impact_count, impact_arcs, enrichment, snr, p_value, q_value, n_arcs,
        residues_hit, flags (reasons joined by "; ", empty if there are none), attention_on_site (w_S), expected (mu).  Enrichment, SNR, p
        and q are NaN where w_S or sigma is 0; q also for heads with fewer than 10 arcs, which are not tested.
    layers, heads : int
    null : {"uniform", "matched", "published"}
        What expected, enrichment, snr, p_value and q_value refer to.
    threshold : float
    sites : tuple of int
        The marked residues, 0-based.
    draws : int
        B; 0 for the published null.
    seed : int
    smallest_q : float
        Smallest q that one head alone can reach; NaN where no head is tested.
    """

    frame: pd.DataFrame
    layers: int
    heads: int
    null: Null
    threshold: float
    sites: tuple[int, ...]
    draws: int
    seed: int
    smallest_q: float

    @property
    def n_sites(self) -> int:
        """n, the number of marked residues."""
        return len(self.sites)

    def grid(self, column: str) -> np.ndarray:
        """One column of the frame as an ndarray, shape=(layers, heads)."""
        return self.frame[column].to_numpy().reshape(self.layers, self.heads)

    def passing(self, q: float = 0.05) -> pd.DataFrame:
        """Rows of the heads with a q value below `q`, flagged or not, the smallest first."""
        return self.frame[self.frame["q_value"] < q].sort_values(["q_value", "snr"], ascending=[True, False])


class RandomSiteControl(NamedTuple):
    """How many heads pass for random sites of the same kind: median and 95th percentile over `n_sites` random sites."""

    median: float
    percentile_95: float
    n_sites: int


def score_heads(
    columns: Columns,
    sites: Iterable[int],
    null: Null = "uniform",
    strata: Iterable[Hashable] | None = None,
    draws: int | None = None,
    seed: int = 0,
) -> HeadScores:
    """Score every head for the marked residues.

    Parameters
    ----------
    columns : Columns
        Of shape (layers, heads, L).  With columns of some queries A the scores are the coupling from A to the sites.
    sites : iterable of int
        0-based marked residues.
    null : {"uniform", "matched", "published"}
        uniform: residues drawn from all L; matched: within `strata`; published: mu and sigma over unmarked residues, without p and q.
    strata : iterable of hashable, length L, optional
        For the matched null only: the stratum of each residue.
    draws : int, optional
        B; by default 20,000, or 40 a head if that is more.
    seed : int
        Of the draws.

    Raises
    ------
    ScoreError
        Nothing marked, a residue that does not exist, an unknown null, strata that do not fit.
    """
    weights, arcs, marked, random_setting = _prepare(columns, sites, null, strata)
    on_site = weights[:, marked].sum(axis=1)
    mu, sigma = published_moments(weights, marked) if null == "published" else moments(weights, *random_setting)
    n_arcs = arcs.sum(axis=1)
    defined = (on_site > 0) & (sigma > 0)
    p, q = np.full(len(weights), np.nan), np.full(len(weights), np.nan)
    tested = _tested(n_arcs, sigma)
    count = 0
    if null != "published":
        count = _draw_count(draws, len(weights))
        if (sigma > 0).any():
            p, q = _p_and_q(weights, on_site, tested, draw_sites(*random_setting, count, seed))
    layers, heads = columns.weights.shape[:2]
    frame = pd.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), heads),
            "head": np.tile(np.arange(heads), layers),
            **_impacts(weights, arcs, marked, columns.threshold),
            "enrichment": _ratio(on_site, mu, defined),
            "snr": _ratio(on_site - mu, sigma, defined),
            "p_value": np.where(defined, p, np.nan),
            "q_value": np.where(defined, q, np.nan),
            "n_arcs": n_arcs,
            "residues_hit": (weights[:, marked] > 0).sum(axis=1),
            "flags": _flags(weights, n_arcs, marked),
            "attention_on_site": on_site,
            "expected": mu,
        }
    )
    best = smallest_q(int(tested.sum()), count) if count else float("nan")
    return HeadScores(frame, layers, heads, null, columns.threshold, tuple(marked.tolist()), count, seed, best)


def random_site_control(
    columns: Columns,
    sites: Iterable[int],
    null: Null = "uniform",
    strata: Iterable[Hashable] | None = None,
    draws: int | None = None,
    seed: int = 0,
    level: float = 0.05,
) -> RandomSiteControl:
    """How many heads pass (q < `level`) when random residues of the same kind are marked instead.

    200 of the draws are scored against all of them.  The other parameters are those of `score_heads`.

    Raises
    ------
    ScoreError
        As `score_heads`, and for the published null, which has no p values.
    """
    if null == "published":
        raise ScoreError("The published null has no p values, so no head can pass; choose uniform or matched.")
    weights, arcs, _, random_setting = _prepare(columns, sites, null, strata)
    _, sigma = moments(weights, *random_setting)
    tested = _tested(arcs.sum(axis=1), sigma)
    if not tested.any():
        return RandomSiteControl(0.0, 0.0, 0)
    random_sites = draw_sites(*random_setting, _draw_count(draws, len(weights)), seed)
    key = (digest(weights), tested.tobytes(), random_sites.key, level)
    passing = _control_cache.get(key, lambda: passing_random_sites(weights, tested, random_sites, level, _CONTROL_SITES))
    return RandomSiteControl(float(np.median(passing)), float(np.percentile(passing, 95)), len(passing))


def _prepare(columns: Columns, sites: Iterable[int], null: str, strata: Iterable[Hashable] | None):
    """(weights [heads, L], arcs [heads, L], marked residues, (stratum of each residue, residues drawn from each stratum))."""
    check_null(null)
    shape = np.shape(columns.weights)
    if len(shape) != 3:
        raise ScoreError(f"Scores need columns of the shape (layers, heads, L), not {shape}.")
    marked = check_positions(sites, shape[-1], "site")
    if null == "matched" and strata is None:
        raise ScoreError("The matched null needs a stratum for each residue; choose uniform where no generic numbers are known.")
    codes = encode_strata(strata if null == "matched" else None, shape[-1])
    counts = np.bincount(codes[marked], minlength=codes.max() + 1)
    return columns.weights.reshape(-1, shape[-1]), columns.arcs.reshape(-1, shape[-1]), marked, (codes, counts)


def _tested(n_arcs: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    return (n_arcs >= FEWEST_ARCS) & (sigma > 0)


def _draw_count(draws: int | None, heads: int) -> int:
    count = default_draws(heads) if draws is None else int(draws)
    if count < 1:
        raise ScoreError(f"{draws} random draws give no p value; use at least 1.")
    return count


def _p_and_q(weights: np.ndarray, on_site: np.ndarray, tested: np.ndarray, random_sites: RandomSites) -> tuple[np.ndarray, np.ndarray]:
    # A head without attention on the site has p = 1.  It stays among the tested heads: which heads are tested must not depend on the site.
    p = exceedance_p(weights, on_site, random_sites)
    q = np.full(len(p), np.nan)
    q[tested] = benjamini_hochberg(p[tested])
    return p, q


def _impacts(weights: np.ndarray, arcs: np.ndarray, marked: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    on_site, total, n_arcs = weights[:, marked].sum(axis=1), weights.sum(axis=1), arcs.sum(axis=1)
    countable = (n_arcs > 0) & (threshold > 0)
    return {
        "impact": _ratio(on_site, total, total > 0),
        "impact_count": _ratio(on_site, n_arcs, countable),
        "impact_arcs": _ratio(arcs[:, marked].sum(axis=1), n_arcs, countable),
    }


def _flags(weights: np.ndarray, n_arcs: np.ndarray, marked: np.ndarray) -> list[str]:
    on_site = weights[:, marked]
    few_residues = ((on_site > 0).sum(axis=1) < _FEWEST_RESIDUES) | (on_site.max(axis=1) > _LARGEST_SHARE * on_site.sum(axis=1))
    total = weights.sum(axis=1)
    heaviest = -np.partition(-weights, min(1, weights.shape[1] - 1), axis=1)[:, :2].sum(axis=1)
    sink = (total > 0) & (heaviest >= _SINK_SHARE * total)
    reasons = ((FEW_ARCS, n_arcs < FEWEST_ARCS), (FEW_RESIDUES, few_residues), (COLUMN_SINK, sink))
    return ["; ".join(reason for reason, applies in reasons if applies[head]) for head in range(len(weights))]


def _ratio(numerator: np.ndarray, denominator: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=where)
