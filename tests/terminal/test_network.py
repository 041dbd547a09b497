"""The command `network`, equal to what the public functions give."""

import csv
import io

import networkx as nx
import numpy as np
import pytest

from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.networks.centrality import centrality
from allo_core.networks.network import network_of
from allo_core.networks.points import points_of
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.terminal.commands import run

PROTEIN = find_receptor("AA2AR").protein


def expected(rule):
    structure = read_structure(shipped_structure("8FYN").path)
    return network_of(points_of(structure, map_structure(structure, PROTEIN), len(PROTEIN), rule))


def test_tables_and_graphml(tmp_path, capsys):
    nodes, edges, graph = tmp_path / "nodes.csv", tmp_path / "edges.csv", tmp_path / "out.graphml"
    code, said, _ = run(
        "network", "AA2AR", "--structure", "8FYN", "--rule", "ca", "--from", "orthosteric site (adenosine)", "--to", "G protein interface",
        "--repeats", "1", "--csv", nodes, "--edges-csv", edges, "--graphml", graph, capsys=capsys,
    )  # fmt: skip
    assert code == 0
    assert said.startswith("The path from A to B")
    assert "pocket pairs at that distance" in said.splitlines()[0]
    network = expected("ca")
    rows = list(csv.DictReader(io.StringIO(nodes.read_text())))
    found = np.array([float(row["betweenness"] or "nan") for row in rows])
    assert found == pytest.approx(centrality(network, "betweenness"), nan_ok=True, rel=1e-5)
    assert {row["structure"] for row in rows} == {"8FYN"}
    pairs = [(int(row["first"]), int(row["second"])) for row in csv.DictReader(io.StringIO(edges.read_text()))]
    assert pairs == [(PROTEIN.number(one), PROTEIN.number(other)) for one, other in network.edges.pairs.tolist()]
    read = nx.read_graphml(graph, node_type=int)
    assert {tuple(sorted(edge)) for edge in read.edges} == set(pairs)
    assert read.nodes[PROTEIN.number(int(network.nodes[5]))]["betweenness"] == pytest.approx(found[network.nodes[5]], rel=1e-5)


def test_two_structures(shared, tmp_path, capsys):
    other = shared / "data/structures/5G53.pdb.gz"
    if not other.is_file():
        pytest.skip("5G53 is not among the structures at hand")
    table = tmp_path / "difference.csv"
    code, said, _ = run(
        "network", "AA2AR", "--structure", "8FYN", "--repeats", "0", "--against", other, "--against-csv", table, capsys=capsys
    )
    assert code == 0
    (line,) = [line for line in said.splitlines() if line.startswith("From 8FYN to")]
    assert "88 are lost and 79 gained" in line
    assert len(list(csv.DictReader(io.StringIO(table.read_text())))) == 167


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rule", "atoms"], "--rule 'atoms' is not one of: heavy, ca, cb."),
        (["--from", "D52"], "Paths need both ends: give --from SITES and --to SITES."),
        (["--repeats", "-1"], "--repeats -1 is not a number from 0 to 1,000."),
        (["--against-csv", "x.csv"], "--against-csv needs another structure; name it with --against."),
        (["--head", "9"], "'9' names no head"),
        (["--csv", "/nowhere/x.csv"], "/nowhere/x.csv: the folder does not exist."),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys):
    code, _, error = run("network", "AA2AR", "--structure", "8FYN", *arguments, capsys=capsys)
    assert code == 2
    assert message in error
    assert error.count("\n") == 1


def test_no_structure(tmp_path, capsys):
    code, _, error = run("network", "AA2AR", "--structure", tmp_path / "none.pdb", capsys=capsys)
    assert code == 2
    assert "no such file" in error
