"""What a head does over a whole set of receptors, and how likely that is by chance.

The statistic of a head is the weighted mean over receptors of its SNR, one weight a cluster of homologues.  Receptors are not
independent: homologues share columns.  So nothing is multiplied up from single p values; random sets are drawn for all receptors
together, and the statistic of each is compared with that of the real one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allo_core.attention.columns import Columns
from allo_core.attention.control import CONTROL_SITES, LEVEL, RandomSiteControl
from allo_core.attention.nulls import default_draws, q_values
from allo_core.attention.scores import check_draws
from allo_core.errors import ScoreError
from allo_core.family.coupled import CoupledDraws
from allo_core.family.members import Member, ReceptorSet
from allo_core.family.positions import PositionDraws, Universe, universe_of
from allo_core.protein.homologues import cluster_weights, homologue_clusters, identities

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Integer, Shaped

__all__ = ["FEW_RECEPTORS", "Consensus", "consensus"]

FEW_RECEPTORS = "few receptors"

_FEWEST_WEIGHT = 0.5  # of all weight, on receptors in which the head is tested


@dataclass(frozen=True, eq=False)
class Consensus:
    """Heads over a set of R receptors.

    Parameters
    ----------
    frame : DataFrame
        One row a head, layer by layer: layer, head, mean_snr (the statistic), mean_enrichment (weighted mean of w_S / mu), p_value,
        q_value, receptors (in how many it is tested), flags.  NaN and "few receptors" where receptors with less than half of the weight
        test the head.
    snr, enrichment : ndarray, dtype=float, shape=(R, layers * heads)
        Of each receptor; NaN where the head is not tested there (fewer than 10 arcs, or no spread over random sites).
    members : tuple of Member
    weights : ndarray, dtype=float, shape=(R,)
        They sum to 1.
    clusters : ndarray, dtype=int, shape=(R,)
        Homologues have the same number.
    control : RandomSiteControl
        How many heads pass (q < 0.05) for random sets of the same kind.
    layers, heads : int
    threshold : float
    draws, seed : int
    universe : Universe or None
        The generic positions that random sets are drawn from; None where each member has residues of its own.
    combined : ndarray, dtype=float64, shape=(layers * heads, P), or None
        What each of these positions receives in the mean over receptors, as `PositionDraws.combined`.
    """

    frame: pd.DataFrame
    snr: np.ndarray = field(repr=False)
    enrichment: np.ndarray = field(repr=False)
    members: tuple[Member, ...] = field(repr=False)
    weights: Float[np.ndarray, " R"] = field(repr=False)
    clusters: Integer[np.ndarray, " R"] = field(repr=False)
    control: RandomSiteControl
    layers: int
    heads: int
    threshold: float
    draws: int
    seed: int
    universe: Universe | None = field(default=None, repr=False)
    combined: Float[np.ndarray, "heads P"] | None = field(default=None, repr=False)

    @property
    def joint(self) -> bool:
        """True: random generic positions, the same in every receptor; False: random residues in each receptor, alike in homologues."""
        return self.universe is not None

    def grid(self, column: str) -> Shaped[np.ndarray, "layers heads"]:
        """One column of the frame as an ndarray, shape=(layers, heads)."""
        return self.frame[column].to_numpy().reshape(self.layers, self.heads)

    def passing(self) -> pd.DataFrame:
        """Rows of the heads with q < 0.05, the smallest first."""
        return self.frame[self.frame["q_value"] < LEVEL].sort_values(["q_value", "mean_snr"], ascending=[True, False])

    def best_head(self) -> tuple[int, int]:
        """(layer, head) of the smallest q, among equals of the highest mean SNR; (0, 0) where no head is tested."""
        row = self.frame.sort_values(["q_value", "mean_snr"], ascending=[True, False], na_position="last", kind="stable").iloc[0]
        return int(row["layer"]), int(row["head"])


def consensus(asked: ReceptorSet, columns: Sequence[Columns], draws: int | None = None, seed: int = 0) -> Consensus:
    """Combine the heads of one model over the members of a set.

    Parameters
    ----------
    asked : ReceptorSet
        With generic positions: B random sets of positions, matched by segment and conservation, each applied to all receptors.  Without:
        matched residues in each receptor, the same ones in homologues as far as they can be named alike.
    columns : sequence of Columns, length R
        Of each member, shape (layers, heads, L) with one threshold.
    draws : int, optional
        B; by default 20,000, or 40 a head if that is more.
    seed : int

    Raises
    ------
    ScoreError
        Columns that do not fit the members or each other, an impossible number of draws.
    """
    layers, heads, threshold = _check(asked, columns)
    check_draws(draws)
    count = default_draws(layers * heads) if draws is None else draws
    clusters = homologue_clusters(identities(asked.members))
    weights = cluster_weights(clusters)
    universe = combined = None
    if asked.positions:
        universe = universe_of(asked)
        random = PositionDraws(universe, columns, weights, count, seed)
        combined = random.combined
    else:
        random = CoupledDraws(asked.members, columns, weights, clusters, count, seed)
    snr = np.stack([score.snr for score in random.scores])
    enrichment = np.stack([score.enrichment for score in random.scores])
    enough = (np.isfinite(snr) * weights[:, None]).sum(axis=0) >= _FEWEST_WEIGHT
    p = np.where(enough, random.p_values(), np.nan)
    frame = pd.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), heads),
            "head": np.tile(np.arange(heads), layers),
            "mean_snr": np.where(enough, _mean(snr, weights), np.nan),
            "mean_enrichment": np.where(enough, _mean(enrichment, weights), np.nan),
            "p_value": p,
            "q_value": q_values(p),
            "receptors": np.isfinite(snr).sum(axis=0),
            "flags": np.where(enough, "", FEW_RECEPTORS),
        }
    )
    control = RandomSiteControl.of(random.passing(enough, LEVEL, CONTROL_SITES) if enough.any() else np.zeros(0))
    return Consensus(
        frame, snr, enrichment, asked.members, weights, clusters, control, layers, heads, threshold, count, seed, universe, combined
    )


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of each column over the rows that are not NaN; NaN where all are."""
    known = np.isfinite(values)
    share = (known * weights[:, None]).sum(axis=0)
    total = np.where(known, values * weights[:, None], 0).sum(axis=0)
    return np.divide(total, share, out=np.full(values.shape[1], np.nan), where=share > 0)


def _check(asked: ReceptorSet, columns: Sequence[Columns]) -> tuple[int, int, float]:
    if len(columns) != len(asked.members):
        raise ScoreError(f"There are columns of {len(columns)} receptors for {len(asked.members)} members.")
    if not columns:
        raise ScoreError("The set is empty; choose at least one receptor.")
    shapes = {np.shape(each.weights)[:-1] for each in columns}
    thresholds = {each.threshold for each in columns}
    if len(shapes) > 1 or len(thresholds) > 1 or len(next(iter(shapes))) != 2:
        raise ScoreError(f"The receptors were not run alike: heads {shapes}, thresholds {thresholds}; run them with one model.")
    for member, each in zip(asked.members, columns, strict=True):
        if np.shape(each.weights)[-1] != len(member.protein):
            raise ScoreError(f"{member.name} has {len(member.protein)} residues, its columns {np.shape(each.weights)[-1]}.")
    return *next(iter(shapes)), next(iter(thresholds))
