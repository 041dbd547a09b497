"""Which contacts two structures of one protein do not share, and whose centrality differs, beside what moved coordinates do to each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import NetworkError
from allo_core.networks.centrality import centrality
from allo_core.networks.edges import Edges, edges_of, moved
from allo_core.networks.network import Network, lengths_of
from allo_core.networks.points import Points

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float64, Integer

__all__ = ["NetworkDifference", "difference_of"]

_REPEATS = 10
_FEWEST_SHARED = 50
_BEYOND = 2.0  # standard deviations under noise


@dataclass(frozen=True, eq=False)
class NetworkDifference:
    """From one structure to another, over the residues that both show.

    Parameters
    ----------
    shared : ndarray, dtype=int, shape=(n,)
        Residues that both show, 0-based.
    kept : int
        Contacts that both have.
    gained, lost : ndarray, dtype=int, shape=(k, 2)
        Contacts that the second alone, or the first alone, has.
    by_noise : float
        Contacts that change when the residues of one structure move by 0.3 Å, mean over both: what a difference has to exceed.
    change : ndarray, dtype=float64, shape=(L,)
        Betweenness in the second minus that in the first; NaN where a residue is not in both.
    spread : ndarray, dtype=float64, shape=(L,)
        Standard deviation of that difference under the same noise.
    """

    shared: Integer[np.ndarray, " n"] = field(repr=False)
    kept: int
    gained: Integer[np.ndarray, "k 2"] = field(repr=False)
    lost: Integer[np.ndarray, "m 2"] = field(repr=False)
    by_noise: float
    change: Float64[np.ndarray, " L"] = field(repr=False)
    spread: Float64[np.ndarray, " L"] = field(repr=False)

    @property
    def beyond_noise(self) -> Bool[np.ndarray, " L"]:
        """Residues whose betweenness changes by more than two standard deviations of noise; 5 % do by chance."""
        with np.errstate(invalid="ignore"):
            return np.abs(self.change) > _BEYOND * self.spread

    @property
    def sentence(self) -> str:
        """The difference beside what noise alone does."""
        changed, beyond = len(self.gained) + len(self.lost), int(self.beyond_noise.sum())
        return (
            f"Of {self.kept + len(self.lost):,} contacts between the {len(self.shared)} residues that both show, {len(self.lost)} are lost "
            f"and {len(self.gained)} gained; moving the residues of one structure by 0.3 Å alone changes {self.by_noise:.0f}, so "
            f"{max(changed - self.by_noise, 0):.0f} of the {changed} are more than noise. The betweenness of {beyond} residues changes by "
            f"more than two standard deviations of noise ({0.05 * len(self.shared):.0f} by chance)."
        )


def difference_of(first: Points, second: Points, repeats: int = _REPEATS, seed: int = 0) -> NetworkDifference:
    """Compare two structures of one protein by the same rule, unweighted.

    Parameters
    ----------
    first, second : Points
    repeats : int
        Of moved coordinates, for each.
    seed : int

    Raises
    ------
    NetworkError
        Other rules or lengths, or fewer than 50 residues in both.
    """
    if first.rule != second.rule or len(first) != len(second):
        raise NetworkError("Two structures are compared by one rule on one sequence; name the same protein and rule for both.")
    shared = np.intersect1d(first.nodes, second.nodes)
    if len(shared) < _FEWEST_SHARED:
        raise NetworkError(f"The structures show {len(shared)} residues in common, and {_FEWEST_SHARED} are needed to compare networks.")
    one, other = (_within(points, shared) for points in (first, second))
    before, after = _contacts(edges_of(one)), _contacts(edges_of(other))
    noise, spread, generator = [], np.zeros(len(first)), np.random.default_rng(seed)
    for points, own in ((one, before), (other, after)):
        between = []
        for _ in range(repeats):
            edges = edges_of(moved(points, generator))
            noise.append(len(own ^ _contacts(edges)))
            between.append(_betweenness(points, edges))
        spread += np.var(between, axis=0, ddof=1)
    change = _betweenness(other, edges_of(other)) - _betweenness(one, edges_of(one))
    gained, lost = _pairs(after - before), _pairs(before - after)
    return NetworkDifference(shared, len(before & after), gained, lost, float(np.mean(noise)), change, np.sqrt(spread))


def _within(points: Points, shared: np.ndarray) -> Points:
    inside = np.isin(points.residue, shared)
    bonds = points.bonds[np.isin(points.bonds, shared).all(axis=1)]
    return replace(points, positions=points.positions[inside], residue=points.residue[inside], nodes=shared, bonds=bonds)


def _contacts(edges: Edges) -> set[tuple[int, int]]:
    return {(one, other) for one, other in edges.pairs[~edges.bonded].tolist()}


def _pairs(contacts: set[tuple[int, int]]) -> np.ndarray:
    return np.array(sorted(contacts), dtype=np.int64).reshape(-1, 2)


def _betweenness(points: Points, edges: Edges) -> np.ndarray:
    return centrality(Network(points.rule, len(points), points.nodes, edges, lengths_of(edges, None)), "betweenness")
