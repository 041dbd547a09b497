"""Edges as a graph, and how long each is: all alike, or short where a head looks along it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from allo_core.networks.edges import Edges, edges_of
from allo_core.networks.points import Points, Rule

if TYPE_CHECKING:  # the app need not wait for it
    from collections.abc import Sequence

    from jaxtyping import Float, Float64, Integer

    from allo_core.runs.maps import AttentionMaps

__all__ = ["LEAST_ATTENTION", "Network", "lengths_of", "mean_attention", "network_of"]

LEAST_ATTENTION = 1e-4  # added to attention before the logarithm, so that an edge without any is long and not endless
_SHORTEST = 1e-3  # of an edge with all of the attention, where the logarithm would be 0 or below


@dataclass(frozen=True, eq=False)
class Network:
    """Residues (0-based places in a sequence of length L) and their edges.

    Parameters
    ----------
    rule : {"heavy", "ca", "cb"}
    length : int
        L.
    nodes : ndarray, dtype=int, shape=(n,)
        Resolved residues, ascending.
    edges : Edges
    lengths : ndarray, dtype=float64, shape=(E,)
        How long each edge is: 1, or -log of attention.
    weighted : bool
        Whether lengths come from attention.
    """

    rule: Rule
    length: int
    nodes: Integer[np.ndarray, " n"] = field(repr=False)
    edges: Edges = field(repr=False)
    lengths: Float64[np.ndarray, " E"] = field(repr=False)
    weighted: bool = False

    @cached_property
    def graph(self) -> nx.Graph:
        """Nodes are residues; edges have ``length`` and ``conductance``, its inverse."""
        graph = nx.Graph()
        graph.add_nodes_from(self.nodes.tolist())
        for (one, other), length in zip(self.edges.pairs.tolist(), self.lengths.tolist(), strict=True):
            graph.add_edge(one, other, length=length, conductance=1 / length)
        return graph

    @cached_property
    def components(self) -> tuple[tuple[int, ...], ...]:
        """Residues that edges join, the largest group first."""
        parts = [tuple(sorted(group)) for group in nx.connected_components(self.graph)]
        return tuple(sorted(parts, key=lambda part: (-len(part), part)))

    @cached_property
    def distances(self) -> Float64[np.ndarray, "L L"]:
        """Length of the shortest path between any two residues, ndarray, dtype=float64, shape=(L, L); inf where there is none."""
        one, other = self.edges.pairs.T
        matrix = csr_array((self.lengths, (one, other)), shape=(self.length, self.length))
        return shortest_path(matrix, directed=False, unweighted=not self.weighted)


def network_of(points: Points, attention: Float[np.ndarray, "L L"] | None = None) -> Network:
    """The network of the points by their rule.

    Parameters
    ----------
    attention : ndarray, dtype=float, shape=(L, L), optional
        Row looks at column; only what lies on an edge counts.
    """
    edges = edges_of(points)
    return Network(points.rule, len(points), points.nodes, edges, lengths_of(edges, attention), attention is not None)


def lengths_of(edges: Edges, attention: Float[np.ndarray, "L L"] | None) -> Float64[np.ndarray, " E"]:
    """Length of each edge, ndarray, dtype=float64, shape=(E,): 1, or ``-log(max(a_ij, a_ji) + 1e-4)``, at least 0.001."""
    if attention is None:
        return np.ones(len(edges.pairs))
    one, other = edges.pairs.T
    along = np.maximum(attention[one, other], attention[other, one]).astype(np.float64)
    return np.maximum(-np.log(along + LEAST_ATTENTION), _SHORTEST)


def mean_attention(maps: AttentionMaps, heads: Sequence[tuple[int, int]]) -> Float64[np.ndarray, "L L"]:
    """The mean of the attention of some heads, ndarray, dtype=float64, shape=(L, L); StoreError where the run is damaged."""
    total = np.zeros(maps.shape[-2:])
    for head in heads:
        total += maps[head]
    return total / len(heads)
