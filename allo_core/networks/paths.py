"""The ways from one set of residues to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np

from allo_core.errors import NetworkError
from allo_core.networks.network import Network

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["AS_SHORT", "PATHS", "Ends", "Paths", "ends_of", "load_of", "mean_length", "paths_between"]

PATHS = 50
AS_SHORT = 1e-9  # of a length: what sums of the same lengths in another order may differ by
_FROM, _TO = -1, -2  # nodes before A and behind B


class Ends(NamedTuple):
    """Two sets within one part of a network, and what of them is left out.

    Parameters
    ----------
    first, second : tuple of int
        0-based, ascending.
    part : tuple of int
        All residues of that part.
    unresolved : tuple of int
        Residues of the sets that the structure does not show.
    elsewhere : tuple of int
        Residues of the sets in other parts of the network.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    part: tuple[int, ...]
    unresolved: tuple[int, ...]
    elsewhere: tuple[int, ...]


@dataclass(frozen=True)
class Paths:
    """The shortest ways from A to B.

    Parameters
    ----------
    ends : Ends
    mean : float
        Length of the shortest path, over all pairs of a residue of A and one of B.
    routes : tuple of tuple of int
        Simple paths, the shortest first, with one residue of A, one of B, and none of either between.
    lengths : tuple of float
        Of the routes.
    share : ndarray, dtype=float64, shape=(L,)
        Of the routes that go through each residue, ends included; NaN where a residue is not resolved.
    """

    ends: Ends
    mean: float
    routes: tuple[tuple[int, ...], ...]
    lengths: tuple[float, ...]
    share: Float64[np.ndarray, " L"] = field(repr=False)


def ends_of(network: Network, first: tuple[int, ...], second: tuple[int, ...]) -> Ends:
    """Where A and B lie: in the part of the network that holds most of both.

    Raises
    ------
    NetworkError
        A set without residues, or without resolved ones, or no part of the network that holds some of each.
    """
    resolved = set(network.nodes.tolist())
    for name, each in (("A", first), ("B", second)):
        if not each:
            raise NetworkError(f"Set {name} is empty; mark residues in A and in B for the paths between them.")
        if not resolved.intersection(each):
            raise NetworkError(f"None of the {len(each)} residues of set {name} is resolved in this structure; choose another structure.")
    part = max(network.components, key=lambda group: min(len({*group}.intersection(first)), len({*group}.intersection(second))))
    here = set(part)
    if not (here.intersection(first) and here.intersection(second)):
        raise NetworkError("No contact joins the part of the structure with A to the part with B, so there is no path between them.")
    both = {*first, *second}
    one, other = (tuple(sorted(here.intersection(each))) for each in (first, second))
    return Ends(one, other, part, tuple(sorted(both - resolved)), tuple(sorted(both & resolved - here)))


def mean_length(network: Network, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mean shortest path between sets [..., n] and [..., m] of residues, in the order in which they are given; shape (...)."""
    return network.distances[first[..., :, None], second[..., None, :]].mean(axis=(-2, -1))


def load_of(network: Network, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Share of the pairs of A [n] and B [m] with a shortest path through each residue, shape (L,); their own ends do not count."""
    distances = network.distances
    way = distances[np.ix_(first, second)]
    over = distances[first][:, None, :] + distances[second][None, :, :]  # n, m, L
    on = over <= way[:, :, None] * (1 + AS_SHORT)
    on[np.arange(len(first)), :, first] = False
    on[:, np.arange(len(second)), second] = False
    return on.mean(axis=(0, 1))


def paths_between(network: Network, ends: Ends, count: int = PATHS) -> Paths:
    """The shortest simple paths (Yen 1971, as networkx has it), as many as there are up to a number.

    Parameters
    ----------
    network : Network
    ends : Ends
        As from `ends_of`.
    count : int
    """
    weighted, routes, lengths = _with_ends(network, ends), [], []
    for route in islice(_routes(weighted), count):
        routes.append(tuple(route[1:-1]))
        lengths.append(float(sum(weighted[one][other]["length"] for one, other in pairwise(route))))
    share = np.full(network.length, np.nan)
    share[network.nodes] = 0
    for route in routes:
        share[list(route)] += 1 / len(routes)
    mean = float(mean_length(network, np.array(ends.first), np.array(ends.second)))
    return Paths(ends, mean, tuple(routes), tuple(lengths), share)


def _routes(graph: nx.DiGraph) -> Iterator[list[int]]:
    return nx.shortest_simple_paths(graph, _FROM, _TO, weight="length")


def _with_ends(network: Network, ends: Ends) -> nx.DiGraph:
    """The part of the network with a node before A and one behind B; nothing leads back into A, or out of B."""
    graph = network.graph.subgraph(ends.part).to_directed()
    graph = nx.DiGraph(graph)
    first, second = set(ends.first), set(ends.second)
    graph.remove_edges_from([(one, other) for one, other in graph.edges if other in first or one in second])
    graph.add_edges_from(((_FROM, one) for one in ends.first), length=0.0)
    graph.add_edges_from(((other, _TO) for other in ends.second), length=0.0)
    return graph
