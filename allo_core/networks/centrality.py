"""How central each residue of a network is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import networkx as nx
import numpy as np

from allo_core.networks.network import Network

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64

__all__ = ["MEASURES", "TOP", "Measure", "centrality", "highest"]

Measure = Literal["betweenness", "closeness", "current flow", "degree"]

MEASURES: dict[Measure, str] = {
    "betweenness": "pairs of residues whose shortest path goes through it (Freeman 1977), shared among paths that are as short",
    "closeness": "inverse of the mean path to all others (of its own part of the network, times that part's share)",
    "current flow": "mean current through it between all pairs (Newman 2005): every way counts, not the shortest alone",
    "degree": "residues that it touches",
}

TOP = 0.15  # share of residues that count as the highest, as in the notebook contact_graphs of jdlg-42/GPCRAllostericAnalysis


def centrality(network: Network, measure: Measure) -> Float64[np.ndarray, " L"]:
    """One measure of every residue, ndarray, dtype=float64, shape=(L,); NaN where it is not resolved.

    Betweenness and current flow are not normalised.  Current flow is that within a part of the network; a part of fewer than three
    residues has none (0).
    """
    graph, weight = network.graph, "length" if network.weighted else None
    if measure == "degree":
        found = dict(graph.degree())
    elif measure == "closeness":
        found = nx.closeness_centrality(graph, distance=weight)
    elif measure == "betweenness":
        found = nx.betweenness_centrality(graph, normalized=False, weight=weight)
    else:
        found = _current_flow(network)
    values = np.full(network.length, np.nan)
    values[list(found)] = list(found.values())
    return values


def _current_flow(network: Network) -> dict[int, float]:
    found: dict[int, float] = {}
    conductance = "conductance" if network.weighted else None
    for part in network.components:
        if len(part) < 3:
            found |= dict.fromkeys(part, 0.0)
        else:
            own = network.graph.subgraph(part)
            found |= nx.current_flow_betweenness_centrality(own, normalized=False, weight=conductance, solver="full")
    return found


def highest(values: Float[np.ndarray, " L"], share: float = TOP) -> Bool[np.ndarray, " L"]:
    """Residues above the 85th percentile (one less than ``share``), ndarray, dtype=bool, shape=(L,)."""
    with np.errstate(invalid="ignore"):
        return values > np.nanquantile(values, 1 - share)
