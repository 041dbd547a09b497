"""A residue interaction network as tables and as GraphML."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from allo_core.export.tables import cell, printable, residue_columns
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the terminal's errors need not wait for networkx
    import pandas as pd

    from allo_core.networks.difference import NetworkDifference
    from allo_core.networks.report import NetworkReport

__all__ = ["difference_csv", "difference_frame", "graphml", "network_edges_csv", "network_frame", "network_nodes_csv"]


def network_frame(report: NetworkReport, protein: Protein, numbers: ResidueNumbers | None) -> pd.DataFrame:
    """A row for each residue of the sequence; what is not resolved or not tested is NaN.

    Of each measure: its value, in which share of the repeats under noise the residue is among the highest 15 %, and of the other rules.
    Where paths were asked for: the share of the routes through the residue, the share of pairs of ends with a shortest path through it,
    the mean of that in pocket pairs at the same distance, and the share of these in which it is as large.
    """
    import numpy as np
    import pandas as pd

    resolved = np.isin(np.arange(len(protein)), report.network.nodes)
    columns = residue_columns(protein, numbers) | {"resolved": resolved}
    for measure, values in report.values.items():
        name, stability = measure.replace(" ", "_"), report.stability[measure]
        columns |= {name: values, f"{name}_highest_under_noise": stability.under_noise}
        if stability.by_rule:
            columns[f"{name}_highest_by_other_rules"] = np.mean(list(stability.by_rule.values()), axis=0)
    columns["community"] = pd.Series(report.communities.of, dtype="Int64").where(resolved)
    columns |= {"neighbours_within_10_A": report.burial, "A_to_centre": report.to_centre}
    between = report.between
    if between is not None and not isinstance(between, str):
        columns["share_of_routes"] = between.paths.share
        if not isinstance(between.null, str):
            null = between.null
            loads = (null.load, null.usual_load, null.as_loaded)
            names = ("share_of_shortest", "share_of_shortest_in_pocket_pairs", "pocket_pairs_with_as_much")
            columns |= {name: np.where(resolved, load, np.nan) for name, load in zip(names, loads, strict=True)}
    return pd.DataFrame(columns)


def network_nodes_csv(report: NetworkReport, protein: Protein, numbers: ResidueNumbers | None) -> str:
    """CSV text of `network_frame`; the last columns, protein, structure, rule and weights, are the same in every row."""
    settings = {
        "protein": cell(protein.name),
        "structure": cell(report.structure),
        "rule": report.network.rule,
        "weights": cell(report.weights),
    }
    return network_frame(report, protein, numbers).assign(**settings).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def network_edges_csv(report: NetworkReport, protein: Protein) -> str:
    """CSV text of all edges: UniProt numbers and letters, chain bond or contact, pairs of atoms in contact, length."""
    import pandas as pd

    edges = report.network.edges
    first, second = edges.pairs[:, 0].tolist(), edges.pairs[:, 1].tolist()
    return pd.DataFrame(
        {
            "first": [protein.number(index) for index in first],
            "second": [protein.number(index) for index in second],
            "first_residue": [protein.sequence[index] for index in first],
            "second_residue": [protein.sequence[index] for index in second],
            "kind": ["chain bond" if bonded else "contact" for bonded in edges.bonded],
            "atom_pairs": edges.atoms,
            "length": report.network.lengths,
            "protein": cell(protein.name),
            "structure": cell(report.structure),
            "rule": report.network.rule,
        }
    ).to_csv(index=False, lineterminator="\n", float_format="%.6g")


def graphml(report: NetworkReport, protein: Protein, numbers: ResidueNumbers | None) -> bytes:
    """GraphML of the network, as Cytoscape, Gephi and networkx read it; nodes are UniProt numbers.

    Text from outside is made printable, and escaped by networkx's writer of XML.
    """
    import networkx as nx

    frame, network = network_frame(report, protein, numbers), report.network
    graph = nx.Graph(protein=printable(protein.name), structure=printable(report.structure), rule=network.rule, weights=report.weights)
    left_out = ("number", "resolved")
    for index in network.nodes.tolist():
        known = {str(name): value for name, value in frame.iloc[index].dropna().items() if name not in left_out}
        graph.add_node(protein.number(index), **{name: value if isinstance(value, str) else float(value) for name, value in known.items()})
    edges = network.edges
    for (one, other), atoms, bonded, length in zip(
        edges.pairs.tolist(), edges.atoms.tolist(), edges.bonded.tolist(), network.lengths.tolist(), strict=True
    ):
        graph.add_edge(protein.number(one), protein.number(other), atom_pairs=atoms, chain_bond=bonded, length=length)
    file = BytesIO()
    nx.write_graphml(graph, file)
    return file.getvalue()


def difference_frame(found: NetworkDifference, protein: Protein) -> pd.DataFrame:
    """A row for each contact that is gained or lost, with the change of betweenness of both residues and its spread under noise."""
    import pandas as pd

    rows = [(what, one, other) for what, pairs in (("gained", found.gained), ("lost", found.lost)) for one, other in pairs.tolist()]
    first, second = [row[1] for row in rows], [row[2] for row in rows]
    return pd.DataFrame(
        {
            "contact": [row[0] for row in rows],
            "first": [protein.number(index) for index in first],
            "second": [protein.number(index) for index in second],
            "first_betweenness_change": found.change[first],
            "first_spread": found.spread[first],
            "second_betweenness_change": found.change[second],
            "second_spread": found.spread[second],
        }
    )


def difference_csv(found: NetworkDifference, protein: Protein) -> str:
    """CSV text of `difference_frame`."""
    return difference_frame(found, protein).to_csv(index=False, lineterminator="\n", float_format="%.6g")
