"""Scores of every head for one set of marked residues; the definitions stand in docs, the symbols are w_S, c, n, L, mu, sigma."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allo_core.attention.columns import Columns, check_positions
from allo_core.attention.control import CONTROL_SITES, LEVEL, RandomSiteControl, random_site_control
from allo_core.attention.draws import RandomSites, draw_sites
from allo_core.attention.flags import COLUMN_SINK, FEW_ARCS, FEW_RESIDUES, FEWEST_RESIDUES, flags, impacts
from allo_core.attention.nulls import (
    Null,
    check_null,
    codes_of,
    default_draws,
    exceedance_p,
    q_values,
    smallest_q,
)
from allo_core.attention.pockets import FEWEST_PLACES, MOST_POCKETS
from allo_core.attention.standard import Standard, standardise
from allo_core.errors import ScoreError

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Shaped

    from allo_core.attention.site_rank import SiteRank

__all__ = [
    "COLUMN_SINK",
    "FEWEST_RESIDUES",
    "FEW_ARCS",
    "FEW_RESIDUES",
    "MOST_DRAWS",
    "HeadScores",
    "check_draws",
    "score_before_places",
    "score_heads",
    "with_places",
]

MOST_DRAWS = 1_000_000  # those of a site of 100 residues take 200 MB


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
    null : {"uniform", "matched", "pocket", "published"}
        What expected, enrichment, snr, p_value and q_value refer to; under the pocket null p and q alone are of places like the site, the
        others of residues of the same strata.
    threshold : float
    sites : tuple of int
        The marked residues, 0-based.
    draws : int
        B; 0 for the published null, and where there is no place like the site.
    seed : int
    smallest_q : float
        Smallest q that one head alone can reach; NaN where no head is tested, or p is the tail of a fitted distribution.
    n_tested : int
        Heads that take part in the q values: at least 10 arcs, and random sites differ.  0 without draws.
    make_control : callable() -> RandomSiteControl or None
        How `control` is worked out.
    pending : bool
        p and q among places are still to be worked out.
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
    pending: bool = False

    @property
    def control(self) -> RandomSiteControl | None:
        """How many heads pass for random sites of the same kind; None without p values, and under the pocket null, whose rank tells it.

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
        The pocket null needs to know where the residues lie: `score_before_places`.
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
    if check_null(null) == "pocket":
        raise ScoreError("The pocket null compares with places like the site, which columns do not know; use analysis.answer.")
    return _scores(_prepare(columns, sites, null, strata, draws, seed))


def score_before_places(columns: Columns, sites: Iterable[int], strata: Iterable[Hashable] | None, seed: int = 0) -> HeadScores:
    """The same under the pocket null, p and q still pending: `with_places` puts them in.

    Parameters
    ----------
    columns, sites
        As for `score_heads`.
    strata : iterable of hashable, length L, or None
        Within which expected, enrichment and SNR are taken; None for the whole sequence.
    seed : int
        Of the places.

    Raises
    ------
    ScoreError
        Nothing marked, a residue that does not exist, or strata that do not fit.
    """
    return replace(_scores(_prepare(columns, sites, "pocket", strata, None, seed)), pending=True)


def with_places(scores: HeadScores, rank: SiteRank | None) -> HeadScores:
    """Pending scores with p and q of places like the site; where there is no such place (None) no head is tested."""
    if rank is None:
        return replace(scores, pending=False)
    defined, tested = scores.frame["snr"].notna(), int(rank.tested.sum())
    frame = scores.frame.assign(p_value=np.where(defined, rank.p_value, np.nan), q_value=np.where(defined, rank.q_value, np.nan))
    best = max(smallest_q(tested, rank.n_places), 1 / (1 + CONTROL_SITES)) if rank.kind == "pocket" and tested else float("nan")
    return replace(scores, frame=frame, draws=rank.n_places, smallest_q=best, n_tested=tested, pending=False)


def check_draws(draws: int | None, null: Null = "uniform") -> None:
    """ScoreError unless `draws` is None (as many as the heads need), or from 1 to `MOST_DRAWS`, for pockets from 60 to `MOST_POCKETS`."""
    fewest, most = (FEWEST_PLACES, MOST_POCKETS) if null == "pocket" else (1, MOST_DRAWS)
    if draws is None or fewest <= draws <= most:
        return
    what = "pockets" if null == "pocket" else "random draws"
    reason = "are too many" if draws > most else "are too few" if draws > 0 else "give no p value"
    raise ScoreError(f"{draws} {what} {reason}; use {fewest} to {most:,}.")


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
    if codes is None or null == "pocket":
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
            **impacts(weights, columns.arcs.reshape(-1, length), marked, columns.threshold),
            "enrichment": standard.enrichment(defined),
            "snr": standard.snr(defined),
            "p_value": np.where(defined, p, np.nan),
            "q_value": np.where(defined, q, np.nan),
            "n_arcs": prepared.n_arcs,
            "residues_hit": (weights[:, marked] > 0).sum(axis=1),
            "flags": flags(weights, prepared.n_arcs, marked),
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
