"""Residues that hang together in a network (Louvain, Blondel et al. 2008), and how far different seeds agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

from allo_core.learning.neighbours import adjusted_rand
from allo_core.networks.network import Network

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["SEEDS", "Communities", "communities_of"]

SEEDS = 10


@dataclass(frozen=True, eq=False)
class Communities:
    """The division with the highest modularity among those of all seeds.

    Parameters
    ----------
    of : ndarray, dtype=int, shape=(L,)
        Community of each residue, the largest is 0; -1 where it is not resolved.
    count : int
    modularity : float
    agreement : float
        Mean adjusted Rand index between this division and those of the other seeds: 1 if they are the same, 0 by chance.
    """

    of: Integer[np.ndarray, " L"] = field(repr=False)
    count: int
    modularity: float
    agreement: float


def communities_of(network: Network, seeds: int = SEEDS) -> Communities:
    """Louvain communities of a network; edges count by their conductance.

    Parameters
    ----------
    network : Network
    seeds : int
        Divisions that are made, with the seeds 0 to seeds - 1.
    """
    graph, weight = network.graph, "conductance" if network.weighted else None
    found = [nx.community.louvain_communities(graph, weight=weight, seed=seed) for seed in range(seeds)]
    quality = [nx.community.modularity(graph, groups, weight=weight) if graph.number_of_edges() else 0.0 for groups in found]
    best = int(np.argmax(quality))
    named = [_named(groups, network.length) for groups in found]
    nodes = network.nodes
    agreements = [adjusted_rand(named[best][nodes], other[nodes]) for seed, other in enumerate(named) if seed != best]
    return Communities(named[best], len(found[best]), float(quality[best]), float(np.mean(agreements)) if agreements else np.nan)


def _named(groups: list[set[int]], length: int) -> np.ndarray:
    of = np.full(length, -1)
    for number, group in enumerate(sorted(groups, key=lambda group: (-len(group), min(group)))):
        of[list(group)] = number
    return of
