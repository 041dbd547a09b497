"""Coverage equals a count of residues, and its chance levels find what is planted and nothing else."""

from itertools import combinations

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction.coverage import coverage_of, coverage_test, hit_rates, hypergeometric_p


def test_coverage_is_a_count():
    annotated = np.zeros((2, 7), dtype=bool)
    annotated[0, 2] = annotated[1, 4:6] = annotated[1, 2] = True
    found = coverage_of(annotated, [np.arange(0, 3), np.arange(3, 7), np.arange(0)])
    assert found[:, :2].tolist() == [pytest.approx([1 / 3, 0]), pytest.approx([1 / 3, 0.5]), pytest.approx([1 / 3, 0.5])]
    assert np.isnan(found[:, 2]).all()


def planted(proteins: int, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Proteins of which one stretch is annotated, and pairs of which the first choice is that stretch with some probability."""
    random = np.random.default_rng(seed)
    place = random.integers(10, size=proteins)
    coverage = np.eye(10)[place]
    owner = random.integers(proteins, size=(4 * proteins, 3))
    token = np.where(random.random(owner.shape) < share, place[owner], random.integers(10, size=owner.shape))
    return coverage, owner, token


def test_what_is_planted_is_found_and_chance_is_exact():
    coverage, owner, token = planted(60, 0.3)
    found = coverage_test(coverage, owner, token, draws=400)
    assert found.observed == pytest.approx(0.37, abs=0.05)
    assert found.turned == pytest.approx(0.1)  # one of ten
    assert found.low < 0.1 < found.high < found.observed
    assert found.p == pytest.approx(2 / 401)
    assert found.places_p == pytest.approx(2 / 401)


def test_p_is_even_where_nothing_is_planted():
    p = [coverage_test(*planted(20, 0.0, seed), draws=99, seed=seed).p for seed in range(120)]
    assert 0.3 < np.mean(p) < 0.75
    assert np.mean(np.array(p) <= 0.05) < 0.12


def test_proteins_and_not_pairs_are_counted():
    """One protein in a thousand pairs is one observation: turned, it is as high in one of ten cases."""
    coverage, owner, token = np.eye(10)[:1].repeat(2, axis=0), np.zeros((1000, 1), dtype=int), np.zeros((1000, 1), dtype=int)
    found = coverage_test(coverage, owner, token, draws=500)
    assert found.observed == 1
    assert 0.12 < found.p < 0.3


def test_the_place_in_the_chain_is_told_apart():
    """Middles are annotated in every protein, and chosen: more than other stretches, and no more than the same ones of other proteins."""
    coverage = np.tile(np.eye(10)[5], (30, 1))
    owner, token = np.arange(30)[:, None], np.full((30, 1), 5)
    found = coverage_test(coverage, owner, token, draws=200)
    assert found.p < 0.02
    assert found.places == 1
    assert found.places_p == 1


def test_stretches_without_residues_are_passed_over():
    coverage = np.array([[1.0, np.nan], [0.5, 0.0]])
    found = coverage_test(coverage, np.array([[0, 0], [1, 1]]), np.array([[0, 1], [0, 1]]), draws=20)
    assert found.observed == pytest.approx(0.5)
    with pytest.raises(PairError, match="None of the chosen"):
        coverage_test(coverage, np.array([[0]]), np.array([[1]]))


def test_the_same_seed_gives_the_same():
    assert coverage_test(*planted(10, 0.1), draws=50, seed=3) == coverage_test(*planted(10, 0.1), draws=50, seed=3)


def test_hit_rates_and_their_chance():
    random = np.random.default_rng(0)
    coverage, chosen = random.random((40, 6)), np.stack([random.permutation(6)[:3] for _ in range(40)])
    found = hit_rates(coverage, chosen, 0.7)
    covered = coverage >= 0.7
    assert found.ranks == pytest.approx([np.mean([covered[row, chosen[row, rank]] for row in range(40)]) for rank in range(3)])
    assert found.any_rank == pytest.approx(np.mean([covered[row, chosen[row]].any() for row in range(40)]))
    assert found.any_chance == pytest.approx(
        np.mean([np.mean([row[list(three)].any() for three in combinations(range(6), 3)]) for row in covered])
    )
    assert found.chance == pytest.approx(covered.mean())


def test_hypergeometric_p_counts_all_draws():
    covered, chosen = np.arange(10) % 3 == 0, np.array([0, 1, 3])
    draws = [covered[list(three)].sum() for three in combinations(range(10), 3)]
    assert hypergeometric_p(covered, chosen) == pytest.approx(np.mean(np.array(draws) >= 2))
    assert hypergeometric_p(np.zeros(10, dtype=bool), chosen) == 1
    stats = pytest.importorskip("scipy.stats")
    assert hypergeometric_p(covered, chosen) == pytest.approx(stats.hypergeom.sf(1, 10, 4, 3))
