"""The residue interaction network of the structure that Explore shows: what the worker is asked for, and what of it is drawn."""

from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np

from allo_core.analysis.track import Values
from allo_core.attention.head import heads_in_words
from allo_core.figures.colours import value_ceiling
from allo_core.models.registry import get_spec
from allo_core.networks.centrality import Measure
from allo_core.networks.network import mean_attention
from allo_core.networks.points import Rule
from allo_core.networks.report import NetworkReport, SetPaths, network_report
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import Report
from allo_core.runs.extract import step as tell
from allo_core.runs.maps import AttentionMaps
from allo_core.storage.cancel import CancelEvent
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.view import View
from allo_core.ui.shared.jobs import Load, Outcome
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.worker import job_of

__all__ = ["NETWORK", "NetworkRequest", "central_values", "contacts_of", "report_of", "request_of", "route_of"]

NETWORK = "network"  # the track
_STAGE = "Network"


@dataclass(frozen=True)
class NetworkRequest:
    """The network of a structure; the value is a NetworkReport.

    Parameters
    ----------
    protein : Protein
    structure, chain : str
        Key of the structure, and the author's chain that is shown.
    rule : {"heavy", "ca", "cb"}
    sets : (tuple of int, tuple of int) or None
        A and B, where both are marked.
    attention : str
        Key of the run whose heads weight the edges; "" where all are alike.
    heads : tuple of (layer, head)
        Whose mean weights the edges.
    loaded : LoadedStructure
    maps : AttentionMaps or None
    """

    protein: Protein
    structure: str
    chain: str
    rule: Rule
    sets: tuple[tuple[int, ...], tuple[int, ...]] | None
    attention: str
    heads: tuple[tuple[int, int], ...]
    loaded: LoadedStructure = field(compare=False, repr=False)
    maps: AttentionMaps | None = field(compare=False, repr=False)

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Compute it; errors as for `network_report`, Cancelled, and StoreError for attention that was damaged meanwhile."""
        matrix, name = None, ""
        if self.maps is not None:
            matrix = mean_attention(self.maps, self.heads)
            name = f"{get_spec(self.maps.meta.model_id).label}, {heads_in_words(self.heads)}"
        found = network_report(
            self.loaded.structure, self.loaded.mapping, len(self.protein), self.rule, self.sets, matrix, name,
            step=partial(tell, _STAGE, step, cancel),
        )  # fmt: skip
        return Outcome((), found)


def request_of(view: View, protein: Protein, loaded: LoadedStructure, result: Result | None) -> NetworkRequest:
    """What a view asks of the structure that it shows."""
    sets = (view.sites, view.sites_b) if view.sites and view.sites_b else None
    heads = _heads(view, result)
    maps = result.maps if heads and result is not None else None
    key = "" if maps is None else maps.meta.key
    return NetworkRequest(protein, loaded.key, loaded.mapping.chain, view.contacts, sets, key, heads, loaded, maps)


def _heads(view: View, result: Result | None) -> tuple[tuple[int, int], ...]:
    """The heads that weight the edges; none where all are alike, or no head passes."""
    if result is None or view.edges == "alike":
        return ()
    if view.edges == "head":
        return (result.head,)
    passing = result.scores.passing()
    return tuple(zip(passing["layer"].tolist(), passing["head"].tolist(), strict=True))


def report_of(view: View, protein: Protein, loaded: LoadedStructure | None, result: Result | None) -> NetworkReport | None:
    """The network of what a view shows; None where it was not computed in this session."""
    if loaded is None:
        return None
    job = job_of(request_of(view, protein, loaded, result))
    found = None if job is None else job.outcome.value
    return found if isinstance(found, NetworkReport) else None


def central_values(report: NetworkReport | None, measure: Measure, length: int) -> Values:
    """A measure of every residue, on a scale that ends at the 98th percentile."""
    if report is None:
        return Values.none(length, measure, "not computed yet; the tab Network below does it")
    values = report.values[measure]
    known = values[np.isfinite(values)]
    ceiling, ceiling_name = value_ceiling(known)
    floor = float(known.min())
    if 0 < floor < ceiling:
        return Values(values, measure, ceiling, ceiling_name, floor=floor, floor_name="smallest")
    return Values(values, measure, ceiling, ceiling_name)


def route_of(report: NetworkReport | None) -> list[tuple[int, int]]:
    """The steps of one shortest route from A to B; empty where there is none."""
    if report is None or not isinstance(report.between, SetPaths):
        return []
    return list(pairwise(report.between.paths.routes[0]))


def contacts_of(report: NetworkReport) -> list[tuple[int, int]]:
    """The contacts of a network, without the bonds of the chain."""
    edges = report.network.edges
    return [(int(one), int(other)) for one, other in edges.pairs[~edges.bonded]]
