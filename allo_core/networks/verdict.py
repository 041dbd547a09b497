"""What the network of a structure says, in sentences; what speaks against it stands first."""

from collections.abc import Callable

import numpy as np

from allo_core.attention.control import LEVEL
from allo_core.networks.centrality import TOP, Measure, highest
from allo_core.networks.edges import NOISE
from allo_core.networks.path_null import PathNull
from allo_core.networks.points import RULES
from allo_core.networks.report import NetworkReport, SetPaths

__all__ = ["completeness", "network_verdict", "path_sentence", "rank_sentence", "route_sentence"]

_MOST_NAMED = 8


def network_verdict(report: NetworkReport, measure: Measure) -> str:
    """One paragraph: the paths beside their null, where A and B were asked for, then what the ranks are worth."""
    return " ".join(filter(None, (path_sentence(report), rank_sentence(report, measure))))


def path_sentence(report: NetworkReport) -> str:
    """The path from A to B beside pocket pairs at the same distance; "" where it was not asked for."""
    between = report.between
    if between is None:
        return ""
    if isinstance(between, str):
        return between
    paths, unit = between.paths, "" if report.network.weighted else " steps"
    if isinstance(between.null, str):
        return f"The mean path from A to B ({paths.mean:.2f}{unit}) is compared with nothing: {between.null}."
    null = between.null
    there = f"of {null.pairs:,} pocket pairs at that distance ({null.distance:.0f} Å; their mean path {null.mean:.2f}{unit})"
    if null.as_short >= LEVEL:
        return f"The path from A to B (mean {paths.mean:.2f}{unit}) is no short cut: {null.as_short:.0%} {there} are as short or shorter."
    return (
        f"The path from A to B (mean {paths.mean:.2f}{unit}) is shorter than expected: {_percent(null.as_short)} {there} are as short or "
        "shorter. That is topology of one static structure, no evidence of a signal."
    )


def _percent(share: float) -> str:
    return f"{share:.1%}" if share else "none"


def rank_sentence(report: NetworkReport, measure: Measure) -> str:
    """How far a measure is burial, and how many of its highest residues stay so."""
    centre, burial = report.explained_by(measure)
    count = int(highest(report.values[measure]).sum())
    name = measure.capitalize()
    mostly = "mostly burial" if abs(burial) >= 0.5 or abs(centre) >= 0.5 else "partly burial"
    said = f"{name} is {mostly} (rank correlation {burial:.2f} with neighbours within 10 Å, {centre:.2f} with the distance to the centre)."
    if not report.repeats:
        return f"{said} Whether its {count} highest residues stay so was not tested."
    rules = "; ".join(f"{share:.0%} by {RULES[rule].label}" for rule, share in report.kept_by(measure).items())
    return (
        f"{said} Of its {count} highest residues {report.kept(measure):.0%} stay among the highest {TOP:.0%} when every residue moves by "
        f"{NOISE} Å{f', {rules}' if rules else ''} (chance: {TOP:.0%})."
    )


def route_sentence(between: SetPaths, label: Callable[[int], str]) -> str:
    """The shortest route by name, and how many are as short; ``label`` names a residue."""
    paths = between.paths
    as_short = int(np.isclose(paths.lengths, paths.lengths[0]).sum())
    route = " - ".join(label(index) for index in paths.routes[0])
    more = f"{as_short}{' or more' if as_short == len(paths.lengths) else ''} are as short, so none is the path"
    said = f"Shortest route: {route} ({more if as_short > 1 else 'no other is as short'})."
    if isinstance(between.null, PathNull):
        said += f" Over pairs of residues, path and distance correlate with {between.null.correlation:.2f}."
    left = [(paths.ends.unresolved, "not resolved"), (paths.ends.elsewhere, "in another part of the network")]
    return " ".join([said, *(f"Left out, {why}: {_named(residues, label)}." for residues, why in left if residues)])


def _named(residues: tuple[int, ...], label: Callable[[int], str]) -> str:
    shown = ", ".join(label(index) for index in residues[:_MOST_NAMED])
    return shown if len(residues) <= _MOST_NAMED else f"{shown} and {len(residues) - _MOST_NAMED} more"


def completeness(report: NetworkReport) -> str:
    """Rule, residues, edges and parts of the network, and what of the protein is missing."""
    network = report.network
    contacts = int((~network.edges.bonded).sum())
    parts = [len(part) for part in network.components]
    bonds = f" and {int(network.edges.bonded.sum())} chain bonds" if RULES[network.rule].bonds else ""
    said = (
        f"{report.structure}, {RULES[network.rule].label}: {len(network.nodes)} of {network.length} residues, {contacts:,} contacts"
        f"{bonds}, edges {f'weighted by {report.weights}' if network.weighted else 'all alike'}."
    )
    if len(parts) > 1:
        said += f" {len(parts)} parts of {', '.join(map(str, parts[:_MOST_NAMED]))} residues that no edge joins."
    if len(network.nodes) < 0.8 * network.length:
        said += f" {1 - len(network.nodes) / network.length:.0%} of the protein is missing, so these are not the numbers of the whole."
    communities = report.communities
    said += (
        f" {communities.count} communities, modularity {communities.modularity:.2f}; seeds agree with adjusted Rand index "
        f"{communities.agreement:.2f} (0: chance)."
    )
    return " ".join([said, *report.left_out.values()])
