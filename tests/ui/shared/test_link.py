"""How links are written."""

from allo_core.library.receptors import find_receptor
from allo_core.ui.shared.link import explore_link, head_in_link, residues_in_link

A2A = find_receptor("AA2AR").protein


def test_a_link_to_explore():
    link = explore_link("AA2AR", A2A, (51, 90), {"model": "antiberty", "threshold": "0.3", "head": head_in_link((3, 6))})
    assert link == "/?protein=AA2AR&sites=D52%2CS91&model=antiberty&threshold=0.3&head=3.6"
    assert explore_link("AA2AR", A2A, (), {}) == "/?protein=AA2AR&sites="


def test_residues_and_heads():
    assert residues_in_link(A2A, (51, 90, 279)) == "D52,S91,N280"
    assert head_in_link((0, 19)) == "0.19"
