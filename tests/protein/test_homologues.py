"""Homologues and their weights."""

import numpy as np
import pytest

from allo_core.family.members import Member, positions_set
from allo_core.library.receptors import find_receptor
from allo_core.protein.homologues import cluster_weights, homologue_clusters, identities
from tests.family.made_sets import copy_of


@pytest.fixture(scope="module")
def some():
    wanted = ["ADRB1", "ADRB2", "AA1R", "AA2AR", "OPSD", "CCR5", "ACM2"]
    members = {member.name: member for member in positions_set("2x50").members}
    return [members[name] for name in wanted]


def test_identity_at_generic_positions_is_that_of_an_alignment(some):
    """Both leave out loops that cannot be aligned; they differ by what they count of the rest."""
    table = identities(some)
    bare = identities([Member(member.name, member.protein, None, member.sites) for member in some])
    assert table == pytest.approx(table.T)
    assert np.diag(table) == pytest.approx(1)
    np.testing.assert_allclose(table, bare, atol=0.12)
    names = [member.name for member in some]
    assert table[names.index("ADRB1"), names.index("ADRB2")] > 0.6
    assert table[names.index("AA1R"), names.index("AA2AR")] > 0.5
    assert table[names.index("OPSD"), names.index("CCR5")] < 0.3


def test_clusters_and_weights(some):
    table = identities(some)
    clusters = homologue_clusters(table)
    assert clusters[0] == clusters[1]
    assert clusters[2] == clusters[3]
    assert len(set(clusters.tolist())) == 5
    weights = cluster_weights(clusters)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == pytest.approx(weights[1]) == pytest.approx(weights[4] / 2)


def test_single_linkage_and_the_strict_bound():
    table = np.array([[1, 0.5, 0.1], [0.5, 1, 0.41], [0.1, 0.41, 1]])
    assert len(set(homologue_clusters(table).tolist())) == 1
    table[1, 2] = table[2, 1] = 0.4  # identity above 40 %, not at it
    assert homologue_clusters(table)[1] != homologue_clusters(table)[2]


def test_copies_and_other_classes(some):
    copies = [some[0], copy_of(some[0], "copy"), copy_of(some[0], "near copy", mutations=20)]
    table = identities(copies)
    assert table[0, 1] == 1
    assert 0.9 < table[0, 2] < 1
    other = find_receptor("GLP1R")
    glp1r = Member("GLP1R", other.protein, other.numbers, (1,))
    assert identities([some[0], glp1r])[0, 1] == 0
    unnumbered = Member("GLP1R", other.protein, None, (1,))
    assert identities([some[0], unnumbered])[0, 1] < 0.4  # aligned
