"""No protein and no cluster on both sides, and every pair that is left out is counted."""

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction import splits
from allo_core.interaction.pairs import PairSet
from allo_core.interaction.splits import Split, by_cluster, by_pair, by_protein, protein_clusters, split_by
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import Protein
from tests.models.tiny import random_protein


def random_pairs(proteins: int = 40, pairs: int = 300, seed: int = 0, share: float = 0.3) -> PairSet:
    rng = np.random.default_rng(seed)
    members = tuple(Protein(f"p{number}", random_protein(30, number).sequence) for number in range(proteins))
    first, second = rng.integers(0, proteins, (2, pairs))
    return PairSet(members, first, second, (rng.random(pairs) < share).astype(np.int64))


def sides(split: Split, pairs: PairSet, fold: int) -> tuple[set[int], set[int]]:
    """Proteins that are learnt from, and that are tested."""
    found = []
    for rows in (split.train(fold), split.test(fold)):
        found.append(set(pairs.first[rows]) | set(pairs.second[rows]))
    return found[0], found[1]


def test_by_pair_every_pair_is_tested_once_and_labels_are_dealt_alike():
    pairs = random_pairs()
    split = by_pair(pairs)
    tested = np.concatenate([split.test(fold) for fold in range(5)])
    assert sorted(tested) == list(range(300))
    assert np.bincount(split.folds).tolist() == [60] * 5
    positive = [int(pairs.labels[split.test(fold)].sum()) for fold in range(5)]
    assert max(positive) - min(positive) <= 1
    for fold in range(5):
        assert sorted([*split.train(fold), *split.test(fold)]) == list(range(300))
        assert split.left_out(fold) == 0
    assert "both proteins of a tested pair may be among" in split.sentence


def test_by_protein_no_protein_is_on_both_sides():
    pairs = random_pairs()
    split = by_protein(pairs, 3)
    assert split.count == 3
    for fold in range(3):
        learnt, tested = sides(split, pairs, fold)
        assert tested
        assert not learnt & tested
        assert len(split.train(fold)) + len(split.test(fold)) + split.left_out(fold) == 300
        assert split.left_out(fold) > 0
    never = sum(int(one != other) for one, other in zip(split.first, split.second, strict=True))
    assert split.never_tested == never == int((split.folds == -1).sum())
    assert f"{300 - never} of 300 pairs are tested once, {never} never" in split.sentence


def test_one_sequence_with_two_names_is_one_protein():
    pairs = random_pairs(10, 60)
    twice = (*pairs.proteins[:9], Protein("twin", pairs.proteins[0].sequence))
    twins = PairSet(twice, pairs.first, pairs.second, pairs.labels)
    for seed in range(5):
        split = by_protein(twins, 3, seed)
        of = dict(zip([*twins.first, *twins.second], [*split.first, *split.second], strict=True))
        assert of[0] == of[9]


def test_proteins_without_a_sequence_are_told_by_their_names():
    pairs = random_pairs(10, 60)
    unknown = PairSet(tuple(Protein(one.name, "X") for one in pairs.proteins), pairs.first, pairs.second, pairs.labels)
    assert by_protein(unknown, 3).count == 3


def test_side_a_alone():
    receptor, partner = np.divmod(np.arange(80), 4)
    members = tuple(Protein(f"p{number}", random_protein(30, number).sequence) for number in range(24))
    pairs = PairSet(members, receptor, partner + 20, np.arange(80) % 2)
    split = by_protein(pairs, 4, side="A")
    for fold in range(4):
        learnt, tested = sides(split, pairs, fold)
        assert learnt & tested == {20, 21, 22, 23}
        assert len(split.test(fold)) == 20
    assert split.never_tested == 0
    assert "partners on side B are known from training" in split.sentence


def test_by_cluster_no_homologue_is_on_both_sides():
    pairs = random_pairs()
    clusters = np.arange(40) // 4
    split = by_cluster(pairs, clusters, 3)
    for fold in range(3):
        learnt, tested = (set(clusters[list(side)]) for side in sides(split, pairs, fold))
        assert tested
        assert not learnt & tested


@pytest.mark.parametrize("kind", ["pair", "protein"])
def test_a_seed_gives_one_split(kind):
    make = by_pair if kind == "pair" else by_protein
    pairs = random_pairs()
    one, same, other = make(pairs, 4, 1), make(pairs, 4, 1), make(pairs, 4, 2)
    assert np.array_equal(one.first, same.first)
    assert np.array_equal(one.second, same.second)
    assert not np.array_equal(one.first, other.first)


def test_clusters_of_receptors_and_of_others():
    entries = ("ADRB1", "ADRB2", "AA2AR", "OPSD")
    other = random_protein(200, 5)
    proteins = [*(receptors()[entry].protein for entry in entries), other, Protein("again", other.sequence)]
    one, two, three, four, five, six = protein_clusters(proteins)
    assert one == two
    assert five == six
    assert len({one, three, four, five}) == 4


def test_too_many_alignments_are_refused(monkeypatch):
    monkeypatch.setattr(splits, "MOST_ALIGNED", 2)
    with pytest.raises(PairError, match=r"3 proteins would be aligned with all others .* split by protein instead"):
        protein_clusters([random_protein(20, seed) for seed in range(3)])


def test_what_cannot_be_divided():
    one = Protein("one", "MKT")
    alone = PairSet((one, Protein("two", "MKT")), np.array([0, 0]), np.array([1, 1]), np.array([0, 1]))
    with pytest.raises(PairError, match="All 2 proteins are one protein"):
        by_protein(alone)
    with pytest.raises(PairError, match="All 2 proteins are one cluster of homologues"):
        by_cluster(alone, np.array([3, 3]))
    with pytest.raises(PairError, match="2 pairs cannot be divided into 5 folds"):
        by_pair(alone)
    with pytest.raises(PairError, match="divided into 1 folds"):
        by_pair(alone, 1)
    with pytest.raises(PairError, match="1 folds leave nothing to learn from"):
        by_protein(random_pairs(), 1)


def test_one_function_for_every_kind():
    entries = ("ADRB1", "ADRB2", "AA2AR", "OPSD", "CCR5", "MTR1A")
    proteins = tuple(receptors()[entry].protein for entry in entries)
    places = np.array([(a, b) for a in range(6) for b in range(a + 1, 6)])
    pairs = PairSet(proteins, places[:, 0], places[:, 1], np.arange(len(places)) % 2)
    assert np.array_equal(split_by("pair", pairs).first, by_pair(pairs).first)
    assert np.array_equal(split_by("protein", pairs).second, by_protein(pairs).second)
    by_homology = by_cluster(pairs, protein_clusters(proteins))
    assert np.array_equal(split_by("cluster", pairs).first, by_homology.first)
    assert by_homology.first[0] == by_homology.second[0]  # ADRB1 and ADRB2 are homologues
