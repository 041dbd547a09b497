"""All that is said of the network of one structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from allo_core.analysis.covariates import BURIED_WITHIN
from allo_core.errors import NetworkError
from allo_core.networks.centrality import MEASURES, Measure, centrality, highest
from allo_core.networks.communities import Communities, communities_of
from allo_core.networks.network import Network, network_of
from allo_core.networks.path_null import PathNull, path_null
from allo_core.networks.paths import Paths, ends_of, paths_between
from allo_core.networks.points import RULES, Points, Rule, points_of
from allo_core.networks.stability import REPEATS, Stability, stability_of
from allo_core.structure.geometry import neighbour_counts
from allo_core.structure.mapping import StructureMap
from allo_core.structure.read import Structure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["NetworkReport", "SetPaths", "network_report"]

_FEWEST = 3  # residues of a network


@dataclass(frozen=True, eq=False)
class SetPaths:
    """The paths from A to B, and them beside pocket pairs (in words why not)."""

    paths: Paths
    null: PathNull | str


@dataclass(frozen=True, eq=False)
class NetworkReport:
    """The network of one structure, its central residues, and what they are worth.

    Parameters
    ----------
    structure : str
        Name of the structure; text from outside.
    points : Points
    network : Network
    weights : str
        Whose attention the edges are weighted by; "" for none.
    values : dict of measure -> ndarray, dtype=float64, shape=(L,)
    stability : dict of measure -> Stability
    repeats : int
        Of moved coordinates.
    left_out : dict of rule -> str
        Rules by which stability could not be asked, and why.
    communities : Communities
    burial : ndarray, dtype=float64, shape=(L,)
        Other CB (CA of glycine) within 10 Å; NaN where not resolved.
    to_centre : ndarray, dtype=float64, shape=(L,)
        Å from the middle of the resolved residues.
    between : SetPaths or str or None
        From A to B; in words why there are none, None where they were not asked for.
    """

    structure: str
    points: Points
    network: Network
    weights: str
    values: dict[Measure, Float64[np.ndarray, " L"]] = field(repr=False)
    stability: dict[Measure, Stability] = field(repr=False)
    repeats: int
    left_out: dict[Rule, str]
    communities: Communities
    burial: Float64[np.ndarray, " L"] = field(repr=False)
    to_centre: Float64[np.ndarray, " L"] = field(repr=False)
    between: SetPaths | str | None = None

    def explained_by(self, measure: Measure) -> tuple[float, float]:
        """Spearman's rank correlation of a measure with the distance to the centre, and with burial."""
        nodes = self.network.nodes
        values = self.values[measure][nodes]
        return _rank_correlation(values, self.to_centre[nodes]), _rank_correlation(values, self.burial[nodes])

    def kept(self, measure: Measure) -> float:
        """Mean share of the repeats in which a residue of the highest 15 % stays there; NaN without repeats.  By chance: 0.15."""
        return float(self.stability[measure].under_noise[highest(self.values[measure])].mean())

    def kept_by(self, measure: Measure) -> dict[Rule, float]:
        """The same for each other rule: share of the highest residues that are the highest there, too."""
        top = highest(self.values[measure])
        return {rule: float(found[top].mean()) for rule, found in self.stability[measure].by_rule.items()}


def network_report(
    structure: Structure,
    mapping: StructureMap,
    length: int,
    rule: Rule = "heavy",
    sets: tuple[tuple[int, ...], tuple[int, ...]] | None = None,
    attention: Float[np.ndarray, "L L"] | None = None,
    weights: str = "",
    repeats: int = REPEATS,
    seed: int = 0,
    step: Callable[[int, int], None] | None = None,
) -> NetworkReport:
    """The network of a structure and all that is said of it.

    Parameters
    ----------
    structure : Structure
    mapping : StructureMap
    length : int
        L, the length of the protein.
    rule : {"heavy", "ca", "cb"}
    sets : (tuple of int, tuple of int), optional
        A and B, 0-based: the paths between them.
    attention : ndarray, dtype=float, shape=(L, L), optional
        By which edges are weighted: row looks at column.
    weights : str
        Whose attention that is.
    repeats : int
        Of moved coordinates.
    seed : int
    step : callable(done, total), optional
        Told how many networks of the stability are done.

    Raises
    ------
    NetworkError
        A structure that the rule cannot be asked of.
    StructureError
        The map is that of another structure.
    """
    points = points_of(structure, mapping, length, rule)
    network = network_of(points, attention)
    if len(network.nodes) < _FEWEST or not len(network.edges.pairs):
        raise NetworkError(f"{structure.name} has no network: {len(network.nodes)} residues and {len(network.edges.pairs)} edges.")
    others, left_out = {}, {}
    for other in RULES:
        if other != rule and repeats:
            try:
                others[other] = points_of(structure, mapping, length, other)
            except NetworkError as error:
                left_out[other] = str(error)
    between = None if sets is None else _between(network, points, *sets, seed)
    values: dict[Measure, np.ndarray] = {measure: centrality(network, measure) for measure in MEASURES}
    stability = stability_of(points, others, list(MEASURES), attention, repeats, seed, step)
    places = points.places
    return NetworkReport(
        structure.name, points, network, weights, values, stability, repeats, left_out, communities_of(network),
        neighbour_counts(places, BURIED_WITHIN), np.linalg.norm(places - np.nanmean(places, axis=0), axis=1), between,
    )  # fmt: skip


def _between(network: Network, points: Points, first: tuple[int, ...], second: tuple[int, ...], seed: int) -> SetPaths | str:
    try:
        paths = paths_between(network, ends_of(network, first, second))
    except NetworkError as error:
        return str(error)
    return SetPaths(paths, path_null(network, points, paths, seed=seed))


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < _FEWEST or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return np.nan
    return float(spearmanr(one[known], other[known]).statistic)
