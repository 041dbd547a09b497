"""Scores of every head for one set of marked residues; the definitions stand in docs, the symbols are w_S, c, n, L, mu, sigma."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allo_core.attention.columns import Columns, check_positions
from allo_core.attention.control import LEVEL, RandomSiteControl, random_site_control
from allo_core.attention.draws import RandomSites, draw_sites
from allo_core.attention.nulls import (
    FEWEST_ARCS,
    Null,
    check_null,
    codes_of,
    default_draws,
    exceedance_p,
    q_values,
    smallest_q,
)
from allo_core.attention.standard import Standard, standardise
from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Shaped

__all__ = [
    "COLUMN_SINK",
    "FEWEST_RESIDUES",
    "FEW_ARCS",
    "FEW_RESIDUES",
    "MOST_DRAWS",
    "HeadScores",
    "check_draws",
    "score_heads",
]

FEW_ARCS = "few arcs"
FEW_RESIDUES = "few residues"
COLUMN_SINK = "column sink"
MOST_DRAWS = 1_000_000  # those of a site of 100 residues take 200 MB

FEWEST_RESIDUES = 3
_LARGEST_SHARE = 0.6  # of w_S, on one residue
_SINK_SHARE = 0.5  # of all attention, on two columns


def _no_control() -> None:
    """Of scores without p values."""


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
    n_tested : int
        Heads that take part in the q values: at least 10 arcs, and random sites differ.  0 for the published null.
    make_control : callable() -> RandomSiteControl or None
        How `control` is worked out.
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
    n_tested: int
    make_control: Callable[[], RandomSiteControl | None] = field(default=_no_control, repr=False, compare=False)

    @property
    def control(self) -> RandomSiteControl | None:
        """How many heads pass for random sites of the same kind; None under the published null, which has no p values.

        Worked out when it is first asked for, from the draws and moments of the scores.
        """
        # Not a cached_property: until Python 3.12 all scores would wait for one another.
        if "_control" not in self.__dict__:
            self.__dict__["_control"] = self.make_control()
        return self.__dict__["_control"]

    @property
    def n_sites(self) -> int:
        """n, the number of marked residues."""
        return len(self.sites)

    def grid(self, column: str) -> Shaped[np.ndarray, "layers heads"]:
        """One column of the frame as an ndarray, shape=(layers, heads)."""
        return self.frame[column].to_numpy().reshape(self.layers, self.heads)

    def passing(self, q: float = LEVEL) -> pd.DataFrame:
        """Rows of the heads with a q value below `q`, flagged or not, the smallest first."""
        return self.frame[self.frame["q_value"] < q].sort_values(["q_value", "snr"], ascending=[True, False])

    def first_head(self) -> tuple[int, int]:
        """(layer, head) to look at first: that which passes with the smallest q, an unflagged one where there is one; else `best_head`."""
        passing = self.passing()
        if not len(passing):
            return self.best_head()
        unflagged = passing[passing["flags"] == ""]
        row = (unflagged if len(unflagged) else passing).iloc[0]
        return int(row["layer"]), int(row["head"])

    def best_head(self) -> tuple[int, int]:
        """(layer, head) of the unflagged head of highest enrichment; of the one with most arcs where no such score is defined."""
        defined = self.frame[(self.frame["flags"] == "") & self.frame["enrichment"].notna()]
        row = defined.loc[defined["enrichment"].idxmax()] if len(defined) else self.frame.loc[self.frame["n_arcs"].idxmax()]
        return int(row["layer"]), int(row["head"])


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
        B, at most 1,000,000; by default 20,000, or 40 a head if that is more.
    seed : int
        Of the draws.

    Raises
    ------
    ScoreError
        Nothing marked, a residue that does not exist, an unknown null, strata that do not fit, an impossible number of draws.
    """
    return _scores(_prepare(columns, sites, null, strata, draws, seed))


def check_draws(draws: int | None) -> None:
    """ScoreError unless `draws` is None (as many as the heads need) or from 1 to `MOST_DRAWS`."""
    if draws is None or 1 <= draws <= MOST_DRAWS:
        return
    reason = "give no p value" if draws < 1 else "are too many"
    raise ScoreError(f"{draws} random draws {reason}; use 1 to {MOST_DRAWS:,}.")


@dataclass(frozen=True)
class _Prepared:
    """What scores and control both need, checked: columns [heads, L], moments and tested heads [heads], and the draws.

    ``random_sites`` is None where there is nothing to compare with: under the published null, and where no head has a spread;
    ``drawn`` is what they were drawn from: strata of the residues, and how many of each.
    """

    columns: Columns
    weights: np.ndarray
    n_arcs: np.ndarray
    marked: np.ndarray
    null: Null
    standard: Standard
    count: int
    seed: int
    random_sites: RandomSites | None
    drawn: tuple[np.ndarray, np.ndarray] | None = None


def _prepare(
    columns: Columns, sites: Iterable[int], null: Null, strata: Iterable[Hashable] | None, draws: int | None, seed: int
) -> _Prepared:
    check_null(null)
    check_draws(draws)
    shape = np.shape(columns.weights)
    if len(shape) != 3:
        raise ScoreError(f"Scores need columns of the shape (layers, heads, L), not {shape}.")
    marked = check_positions(sites, shape[-1], "site")
    codes = codes_of(null, strata, shape[-1])
    weights = columns.weights.reshape(-1, shape[-1])
    n_arcs = columns.arcs.reshape(-1, shape[-1]).sum(axis=1)
    standard = standardise(weights, marked, codes, n_arcs)
    if codes is None:
        return _Prepared(columns, weights, n_arcs, marked, null, standard, 0, seed, None)
    count = default_draws(len(weights)) if draws is None else draws
    counts = np.bincount(codes[marked], minlength=codes.max() + 1)
    if not (standard.sigma > 0).any():
        return _Prepared(columns, weights, n_arcs, marked, null, standard, count, seed, None)
    random_sites = draw_sites(codes, counts, count, seed)
    return _Prepared(columns, weights, n_arcs, marked, null, standard, count, seed, random_sites, (codes, counts))


def _scores(prepared: _Prepared) -> HeadScores:
    columns, weights, marked, standard = prepared.columns, prepared.weights, prepared.marked, prepared.standard
    defined = (standard.on_site > 0) & (standard.sigma > 0)
    p, q = _p_and_q(prepared)
    layers, heads, length = columns.weights.shape
    frame = pd.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), heads),
            "head": np.tile(np.arange(heads), layers),
            **_impacts(weights, columns.arcs.reshape(-1, length), marked, columns.threshold),
            "enrichment": standard.enrichment(defined),
            "snr": standard.snr(defined),
            "p_value": np.where(defined, p, np.nan),
            "q_value": np.where(defined, q, np.nan),
            "n_arcs": prepared.n_arcs,
            "residues_hit": (weights[:, marked] > 0).sum(axis=1),
            "flags": _flags(weights, prepared.n_arcs, marked),
            "attention_on_site": standard.on_site,
            "expected": standard.mu,
        }
    )
    tested = int(standard.tested.sum()) if prepared.count else 0
    best = smallest_q(tested, prepared.count) if prepared.count else float("nan")
    sites = tuple(marked.tolist())
    control = _no_control if not prepared.count else _Control(weights, standard.tested, prepared.drawn, prepared.count, prepared.seed)
    return HeadScores(frame, layers, heads, prepared.null, columns.threshold, sites, prepared.count, prepared.seed, best, tested, control)


@dataclass(frozen=True, eq=False)
class _Control:
    """What the control needs and nothing more, since scores are kept for long: not the draws, which are drawn again from their seed."""

    weights: np.ndarray
    tested: np.ndarray
    drawn: tuple[np.ndarray, np.ndarray] | None
    count: int
    seed: int

    def __call__(self) -> RandomSiteControl:
        random_sites = None if self.drawn is None else draw_sites(*self.drawn, self.count, self.seed)
        return random_site_control(self.weights, self.tested, random_sites)


def _p_and_q(prepared: _Prepared) -> tuple[np.ndarray, np.ndarray]:
    on_site, tested = prepared.standard.on_site, prepared.standard.tested
    p = np.full(len(on_site), np.nan)
    if prepared.random_sites is not None:
        # A head without attention on the site has p = 1.  It stays among the tested heads: which are tested must not depend on the site.
        p = exceedance_p(prepared.weights, on_site, prepared.random_sites)
    return p, q_values(np.where(tested, p, np.nan))


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
    few_residues = ((on_site > 0).sum(axis=1) < FEWEST_RESIDUES) | (on_site.max(axis=1) > _LARGEST_SHARE * on_site.sum(axis=1))
    total = weights.sum(axis=1)
    heaviest = -np.partition(-weights, min(1, weights.shape[1] - 1), axis=1)[:, :2].sum(axis=1)
    sink = (total > 0) & (heaviest >= _SINK_SHARE * total)
    reasons = ((FEW_ARCS, n_arcs < FEWEST_ARCS), (FEW_RESIDUES, few_residues), (COLUMN_SINK, sink))
    return ["; ".join(reason for reason, applies in reasons if applies[head]) for head in range(len(weights))]


def _ratio(numerator: np.ndarray, denominator: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=where)
