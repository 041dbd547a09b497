"""Networks against counts by hand, scipy and networkx on another route, and the null on pairs that are random."""

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from allo_core.analysis.subject import Subject
from allo_core.attention.head import heads_in_words
from allo_core.attention.pairs_like import pairs_like
from allo_core.errors import NetworkError, StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.models.language_model import load_model
from allo_core.networks.centrality import MEASURES, centrality, highest
from allo_core.networks.communities import communities_of
from allo_core.networks.difference import difference_of
from allo_core.networks.edges import Edges, edges_of, moved
from allo_core.networks.network import Network, lengths_of, mean_attention, network_of
from allo_core.networks.path_null import PathNull, path_null
from allo_core.networks.paths import ends_of, load_of, paths_between
from allo_core.networks.points import RULES, points_of
from allo_core.networks.report import SetPaths, network_report
from allo_core.networks.stability import stability_of
from allo_core.networks.verdict import completeness, network_verdict, path_sentence, route_sentence
from allo_core.runs.extract import extract_attention
from allo_core.structure.mapping import map_structure
from allo_core.structure.polymer import is_heavy
from allo_core.structure.read import read_structure

PROTEIN = find_receptor("AA2AR").protein
SITES = Subject.of(PROTEIN).sites
LIGAND = SITES["orthosteric site (adenosine)"]
INTERFACE = SITES["G protein interface"]


@pytest.fixture(scope="module")
def structure():
    return read_structure(shipped_structure("8FYN").path)


@pytest.fixture(scope="module")
def mapping(structure):
    return map_structure(structure, PROTEIN)


@pytest.fixture(scope="module")
def points(structure, mapping):
    return {rule: points_of(structure, mapping, len(PROTEIN), rule) for rule in RULES}


def made(pairs, length, lengths=None):
    pairs = np.array(sorted(pairs))
    edges = Edges(pairs, np.ones(len(pairs), dtype=int), np.zeros(len(pairs), dtype=bool))
    weights = np.ones(len(pairs)) if lengths is None else np.array(lengths, dtype=float)
    return Network("ca", length, np.arange(length), edges, weights, lengths is not None)


def betweenness_by_hand(network):
    """All shortest paths of all pairs, counted."""
    graph, total = nx.Graph(network.edges.pairs.tolist()), np.zeros(network.length)
    for one, other in combinations(sorted(graph), 2):
        ways = list(nx.all_shortest_paths(graph, one, other))
        for way in ways:
            for residue in way[1:-1]:
                total[residue] += 1 / len(ways)
    return total


@pytest.mark.parametrize("seed", range(3))
def test_betweenness_and_distances_of_a_small_graph(seed):
    generator = np.random.default_rng(seed)
    pairs = {(i, i + 1) for i in range(11)} | {tuple(sorted(generator.choice(12, 2, replace=False).tolist())) for _ in range(9)}
    network = made(pairs, 12)
    assert centrality(network, "betweenness") == pytest.approx(betweenness_by_hand(network))
    hops = dict(nx.all_pairs_shortest_path_length(network.graph))
    assert network.distances.tolist() == [[hops[i][j] for j in range(12)] for i in range(12)]
    assert centrality(network, "closeness") == pytest.approx(11 / network.distances.sum(axis=1))


def test_current_flow_counts_every_way():
    """Two ways of unlike length between 0 and 3: the current divides as the inverse of their lengths (Ohm), the shortest path does not."""
    network = made([(0, 1), (1, 3), (0, 2), (2, 4), (3, 4)], 5)
    flow = centrality(network, "current flow")
    laplacian = nx.laplacian_matrix(network.graph, nodelist=range(5)).toarray().astype(float)
    potential, expected = np.linalg.pinv(laplacian), np.zeros(5)
    for source, target in combinations(range(5), 2):
        voltage = potential[:, source] - potential[:, target]
        for residue in set(range(5)) - {source, target}:
            expected[residue] += sum(abs(voltage[residue] - voltage[other]) for other in network.graph[residue]) / 2
    assert flow == pytest.approx(expected)
    assert flow[2] > 0


@pytest.mark.parametrize("rule", RULES)
def test_contacts_are_those_of_all_pairs_of_atoms(structure, mapping, points, rule):
    found, one = edges_of(points[rule]), points[rule]
    apart = cdist(one.positions, one.positions)
    close = (apart <= RULES[rule].farthest) & (apart >= RULES[rule].nearest)
    first, second = np.nonzero(close)
    wanted = {(int(i), int(j)) for i, j in zip(one.residue[first], one.residue[second], strict=True) if j - i >= RULES[rule].apart}
    assert {tuple(pair) for pair in found.pairs[found.atoms > 0].tolist()} == wanted
    assert len(wanted) > 1_000
    assert found.bonded.sum() == (295 if RULES[rule].bonds else 0)
    heavy = int((is_heavy(structure.atoms) & (structure.atoms.chain_id == mapping.chain) & ~structure.atoms.hetero).sum())
    assert rule != "heavy" or 0.8 * heavy <= len(one.positions) <= heavy


@pytest.mark.parametrize(
    ("entry", "receptor", "residues", "edges", "residue", "betweenness"),
    [("2YDO", "AA2AR", 309, 1_200, 26, 3368.2), ("2R4R", "ADRB2", 216, 763, 121, 2256.4)],
)
def test_the_published_notebook(shared, entry, receptor, residues, edges, residue, betweenness):
    """The highest betweenness of jdlg-42/GPCRAllostericAnalysis, contact_graphs."""
    files = sorted(Path(shared, "data/structures").glob(f"{entry}.*"))
    if not files:
        pytest.skip(f"{entry}, the entry of the published notebook, is not among the structures at hand")
    protein, structure = find_receptor(receptor).protein, read_structure(files[0])
    network = network_of(points_of(structure, map_structure(structure, protein), len(protein), "ca"))
    values = centrality(network, "betweenness")
    assert (len(network.nodes), len(network.edges.pairs)) == (residues, edges)
    assert protein.number(int(np.nanargmax(values))) == residue
    assert np.nanmax(values) == pytest.approx(betweenness, abs=0.1)


def test_attention_shortens_edges_in_either_direction(points):
    attention = np.zeros((len(PROTEIN), len(PROTEIN)))
    edges = edges_of(points["heavy"])
    (one, other), (third, fourth) = edges.pairs[10], edges.pairs[20]
    attention[other, one] = 0.5
    attention[third, fourth] = 1.0
    lengths = lengths_of(edges, attention)
    assert lengths[10] == pytest.approx(-np.log(0.5 + 1e-4))
    assert lengths[20] == 1e-3
    assert lengths[0] == pytest.approx(-np.log(1e-4))
    network = network_of(points["heavy"], attention)
    assert network.weighted
    assert len(network.edges.pairs) == len(edges.pairs)
    weighted = nx.single_source_dijkstra_path_length(network.graph, int(one), weight="length")
    assert network.distances[one, list(weighted)] == pytest.approx(list(weighted.values()))


def test_noise_moves_residues_as_bodies_and_chance_keeps_15_percent(points):
    one = moved(points["heavy"], np.random.default_rng(1))
    steps = one.positions - points["heavy"].positions
    assert steps.std() == pytest.approx(0.3, abs=0.02)
    assert np.allclose(steps[points["heavy"].residue == 51], steps[points["heavy"].residue == 51][0])
    found = stability_of(points["heavy"], {"ca": points["ca"]}, ["betweenness", "degree"], repeats=4)["betweenness"]
    top = highest(centrality(network_of(points["heavy"]), "betweenness"))
    resolved = np.isfinite(found.under_noise)
    assert resolved.sum() == 297
    assert found.under_noise[resolved].mean() == pytest.approx(0.15, abs=0.01)
    assert 0.5 < found.under_noise[top].mean() < 0.9
    assert 0.2 < found.by_rule["ca"][top].mean() < 0.7


def test_random_pairs_are_no_short_cuts(points):
    """Pocket pairs that are no more than random are as short as random ones: the share is spread from 0 to 1."""
    network = network_of(points["heavy"])
    places = np.where(np.isin(np.arange(len(PROTEIN)), network.nodes)[:, None], points["heavy"].places, np.nan)
    pairs = pairs_like(np.array(LIGAND), np.array(INTERFACE), places, 400, seed=7)
    shares = []
    for pair in range(0, 400, 80):
        first, second = (tuple(each[pair].tolist()) for each in pairs)
        null = path_null(network, points["heavy"], paths_between(network, ends_of(network, first, second), 1), 100)
        assert isinstance(null, PathNull)
        shares.append(null.as_short)
    assert 0.3 < np.mean(shares) < 0.7
    assert np.mean(np.array(shares) < 0.05) <= 0.2


def test_orthosteric_site_to_g_protein_interface_is_no_short_cut(structure, mapping):
    report = network_report(structure, mapping, len(PROTEIN), sets=(LIGAND, INTERFACE), repeats=0)
    between = report.between
    assert isinstance(between, SetPaths)
    assert between.paths.mean == pytest.approx(6.32, abs=0.01)
    assert isinstance(between.null, PathNull)
    assert between.null.as_short > 0.2
    assert between.null.correlation > 0.9
    assert path_sentence(report).startswith("The path from A to B (mean 6.32 steps) is no short cut:")
    assert "was not tested" in network_verdict(report, "betweenness")
    assert "297 of 412 residues" in completeness(report)
    assert "28% of the protein is missing" in completeness(report)
    assert all(np.isnan(found.under_noise).all() for found in report.stability.values())
    centre, burial = report.explained_by("betweenness")
    assert centre < -0.5
    assert burial > 0.5
    routes = between.paths.routes
    graph = report.network.graph
    assert len(set(routes)) == 50
    assert all(graph.has_edge(one, other) for route in routes for one, other in pairwise(route))
    assert all(route[0] in LIGAND and route[-1] in INTERFACE for route in routes)
    assert not {*LIGAND, *INTERFACE} & {residue for route in routes for residue in route[1:-1]}
    assert between.paths.lengths[0] == report.network.distances[np.ix_(LIGAND, INTERFACE)].min()
    assert list(between.paths.lengths) == sorted(between.paths.lengths)
    assert route_sentence(between, PROTEIN.label).startswith("Shortest route: ")


def test_load_counts_pairs_with_a_shortest_path():
    network = made([(0, 1), (1, 2), (2, 3), (1, 4), (4, 3), (5, 6)], 7)
    assert load_of(network, np.array([0]), np.array([3])).tolist() == [0, 1, 1, 0, 1, 0, 0]
    assert load_of(network, np.array([0, 2]), np.array([3])).tolist() == [0, 0.5, 0.5, 0, 0.5, 0, 0]


def test_sets_that_have_no_path():
    network = made([(0, 1), (1, 2), (3, 4), (4, 5)], 7)
    network = replace(network, nodes=np.arange(6))
    with pytest.raises(NetworkError, match="No contact joins"):
        ends_of(network, (0, 1), (4, 5))
    with pytest.raises(NetworkError, match="None of the 1 residues of set B is resolved"):
        ends_of(network, (0,), (6,))
    with pytest.raises(NetworkError, match="Set A is empty"):
        ends_of(network, (), (1,))
    ends = ends_of(network, (0, 6, 3), (2,))
    assert (ends.first, ends.second, ends.unresolved, ends.elsewhere) == ((0,), (2,), (6,), (3,))
    assert paths_between(network, ends).routes == ((0, 1, 2),)
    assert np.isfinite(centrality(network, "current flow")[:6]).all()


def test_one_residue_in_a_set(structure, mapping):
    report = network_report(structure, mapping, len(PROTEIN), sets=(LIGAND[:1], INTERFACE[:1]), repeats=0)
    assert isinstance(report.between, SetPaths)
    assert isinstance(report.between.null, PathNull)
    assert 0 < report.between.null.as_short <= 1


def test_sets_that_the_structure_does_not_show(structure, mapping):
    tail = (len(PROTEIN) - 2, len(PROTEIN) - 1)
    report = network_report(structure, mapping, len(PROTEIN), sets=(tail, INTERFACE), repeats=0)
    assert path_sentence(report) == "None of the 2 residues of set A is resolved in this structure; choose another structure."


@pytest.mark.parametrize("names", [("CA",), ("N", "CA", "C", "O")])
def test_a_trace_has_contacts_of_ca_alone(structure, mapping, names):
    """As a file such traces are refused when they are read; made in memory they come here."""
    bare = replace(structure, atoms=structure.atoms[np.isin(structure.atoms.atom_name, names)])
    trace = map_structure(bare, PROTEIN)
    for rule in ("heavy", "cb"):
        with pytest.raises(NetworkError, match="shows a side chain at 0 of"):
            points_of(bare, trace, len(PROTEIN), rule)
    report = network_report(bare, trace, len(PROTEIN), "ca", repeats=1)
    assert len(report.network.nodes) == len(network_of(points_of(structure, mapping, len(PROTEIN), "ca")).nodes)
    assert set(report.left_out) == {"heavy", "cb"}


def test_the_map_of_another_structure(structure):
    other = read_structure(shipped_structure("3SN6").path)
    with pytest.raises(StructureError, match="does not belong"):
        points_of(structure, map_structure(other, find_receptor("ADRB2").protein), len(PROTEIN), "ca")


def test_communities_of_two_clumps():
    clumps = [*combinations(range(6), 2), *combinations(range(6, 12), 2), (5, 6)]
    found = communities_of(made(clumps, 13))
    assert found.of[:6].tolist() == [found.of[0]] * 6
    assert found.of[6:12].tolist() == [found.of[6]] * 6
    assert found.count == 3  # the residue without an edge is alone
    assert found.agreement == 1


def test_a_structure_does_not_differ_from_itself(points):
    same = difference_of(points["heavy"], points["heavy"], repeats=2)
    assert not len(same.gained)
    assert not len(same.lost)
    assert same.by_noise > 10
    assert not same.beyond_noise.any()
    cut = points["heavy"]
    without = replace(cut, positions=cut.positions[cut.residue != 241], residue=cut.residue[cut.residue != 241])
    found = difference_of(points["heavy"], without, repeats=2)
    graph = network_of(points["heavy"]).graph
    assert len(found.lost) == sum(abs(other - 241) > 1 for other in graph[241])
    assert not len(found.gained)
    assert found.change[241] < 0
    with pytest.raises(NetworkError, match="one rule"):
        difference_of(points["heavy"], points["ca"])


def test_every_measure_is_of_resolved_residues(points):
    network = network_of(points["cb"])
    for measure in MEASURES:
        assert np.flatnonzero(np.isfinite(centrality(network, measure))).tolist() == network.nodes.tolist()


def test_the_mean_of_heads(own_home):
    maps = extract_attention(load_model("antiberty", device="cpu"), PROTEIN)
    assert mean_attention(maps, [(3, 6), (0, 1)]) == pytest.approx((maps[3, 6].astype(float) + maps[0, 1]) / 2)
    assert heads_in_words([(3, 6)]) == "layer 3, head 6"
    assert heads_in_words([(3, 6), (0, 1)]) == "mean of 2 heads (3.6, 0.1)"
