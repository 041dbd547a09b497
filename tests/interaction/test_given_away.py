"""What names and lengths give away of a set, beside chance, and in words."""

import numpy as np
import pytest

from allo_core.interaction.given_away import given_away
from allo_core.interaction.pairs import PairSet
from allo_core.protein.sequence import Protein


def made(lengths: bool) -> PairSet:
    """Pairs that interact are of the first twenty proteins, which are longer if ``lengths``."""
    rng = np.random.default_rng(0)
    sizes = [30 + 20 * (number < 20) if lengths else 30 for number in range(40)]
    proteins = tuple(Protein(f"p{number}", "".join(rng.choice(list("ACDEFGHIKL"), size))) for number, size in enumerate(sizes))
    labels = np.arange(400) % 2
    first, second = (rng.integers(0, 20, 400) + 20 * (1 - labels) for _ in range(2))
    return PairSet(proteins, first, second, labels)


def test_both_baselines_in_both_splits():
    found = given_away(made(lengths=True), count=3)
    assert [(row.baseline, row.split.kind) for row in found.rows] == [
        ("names", "pair"),
        ("names", "protein"),
        ("lengths", "pair"),
        ("lengths", "protein"),
    ]
    names, no_names, lengths, more_lengths = (row.metrics for row in found.rows)
    assert names.auc == lengths.auc == more_lengths.auc == 1
    assert no_names.auc == 0.5
    assert found.rows[0].tested == 400
    assert found.rows[1].tested == 400 - found.rows[1].split.never_tested
    assert found.rows[0].chance.accuracy == 0.5
    assert (found.in_positives, found.in_negatives, found.in_both) == (20, 20, 0)
    assert found.without == ""
    assert found.sentence.startswith("Names alone, without any sequence, reach accuracy 1.000 (chance 0.500) and AUC 1.000 (chance 0.5)")
    assert "AUC 0.500 where no protein is on both sides" in found.sentence


def test_lengths_that_are_all_alike_are_not_tested():
    found = given_away(made(lengths=False), count=3)
    assert {row.baseline for row in found.rows} == {"names"}
    assert found.without.startswith("lengths were not tested")


def test_what_is_not_defined_is_said():
    one = made(lengths=True)
    found = given_away(PairSet(one.proteins, one.first, one.second, np.ones(400, dtype=int)), count=3)
    assert found.rows[0].metrics.auc != pytest.approx(0.5)
    assert "AUC not defined where no protein" in found.sentence
