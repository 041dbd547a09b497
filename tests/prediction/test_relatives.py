"""Who is left out with whom: homologues as on the page Receptors, and one site under several names."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.family.members import Member
from allo_core.prediction.examples import site_examples
from allo_core.prediction.relatives import SAME_SITE, relatives, shared_positions
from allo_core.protein.homologues import homologue_clusters, identities

MADE = site_examples()
NAMES = [one.name for one in MADE]


def test_the_sodium_receptors_are_one_site_and_so_are_the_glutamate_ones():
    related = relatives(MADE)
    groups = {tuple(np.array(NAMES)[row].tolist()) for row in related}
    assert (related == related.T).all()
    assert related.diagonal().all()
    assert ("AA2AR", "DRD4", "OPRD") in groups
    assert ("GRM1", "GRM5") in groups
    assert sum(len(group) for group in groups) == len(MADE)  # each in one group


def test_homologues_are_those_of_the_page_receptors():
    members = [Member(one.name, one.protein, one.numbers, one.residues) for one in MADE]
    clusters = homologue_clusters(identities(members))
    assert clusters[NAMES.index("CCR5")] == clusters[NAMES.index("CCR9")]
    assert relatives(MADE)[clusters[:, None] == clusters].all()


def test_the_share_of_the_shorter_list():
    shared = shared_positions(MADE)
    at = {name: index for index, name in enumerate(NAMES)}
    assert shared[at["AA2AR"], at["OPRD"]] == pytest.approx(2 / 3)  # 2x50 and 3x39 of three
    assert shared[at["AA2AR"], at["DRD4"]] == 1
    assert shared[at["GRM1"], at["AA2AR"]] == 0  # numbers of another class
    for i, one in enumerate(MADE):
        for j, other in enumerate(MADE):
            if i != j and one.numbers.receptor_class == other.numbers.receptor_class:
                lists = [{e.numbers.gpcrdb[k] for k in e.residues} - {""} for e in (one, other)]
                assert shared[i, j] == len(lists[0] & lists[1]) / min(map(len, lists))


def test_the_rule_reads_residues_not_names():
    ccr5, p2ry1 = (next(one for one in MADE if one.name == name) for name in ("CCR5", "P2RY1"))
    assert not relatives([ccr5, p2ry1])[0, 1]
    place = {number: index for index, number in enumerate(p2ry1.numbers.gpcrdb)}
    there = tuple(sorted(place[ccr5.numbers.gpcrdb[k]] for k in ccr5.residues if ccr5.numbers.gpcrdb[k] in place))
    moved = replace(p2ry1, sites={"ligand contacts": there})
    assert relatives([ccr5, moved])[0, 1]
    half = replace(p2ry1, sites={"ligand contacts": there[:4] + tuple(place[n] for n in ("4x40", "4x41", "4x42", "4x43"))})
    assert shared_positions([ccr5, half])[0, 1] == SAME_SITE  # more than half, not half
    assert not relatives([ccr5, half])[0, 1]
    without = replace(ccr5, numbers=None)
    assert shared_positions([without, p2ry1])[0, 1] == 0
