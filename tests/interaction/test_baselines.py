"""Baselines learn in training folds alone, give away what they should, and nothing else."""

import builtins
import threading

import numpy as np
import pytest

from allo_core.errors import Cancelled, ExtraError, PairError
from allo_core.interaction import baselines
from allo_core.interaction.baselines import (
    fitted_probabilities,
    homologue_probabilities,
    identity_probabilities,
    length_probabilities,
    partner_probabilities,
)
from allo_core.interaction.metrics import pair_metrics
from allo_core.interaction.pairs import PairInputs, PairSet, TokenVectors
from allo_core.interaction.splits import Split, by_pair, by_protein
from allo_core.protein.sequence import Protein


def members(count: int) -> tuple[Protein, ...]:
    rng = np.random.default_rng(1)
    return tuple(Protein(f"p{number}", "".join(rng.choice(list("ACDEFGHIKL"), 20 + number))) for number in range(count))


def given_away(seed: int = 0, proteins: int = 60, pairs: int = 600) -> PairSet:
    """Pairs that interact come from the first half of the proteins, the others from the second, as in the published sets."""
    rng = np.random.default_rng(seed)
    labels = np.arange(pairs) % 2
    half = proteins // 2
    first, second = (rng.integers(0, half, pairs) + np.where(labels == 1, 0, half) for _ in range(2))
    return PairSet(members(proteins), first, second, labels)


def measured(pairs: PairSet, found: np.ndarray):
    there = ~np.isnan(found)
    return pair_metrics(pairs.labels[there], found[there])


def test_names_tell_everything_by_pair_and_nothing_by_protein():
    pairs = given_away()
    assert measured(pairs, identity_probabilities(pairs, by_pair(pairs))).accuracy == 1
    split = by_protein(pairs, 3)
    found = identity_probabilities(pairs, split)
    assert np.isnan(found).sum() == split.never_tested > 0
    assert set(found[~np.isnan(found)]) == {0.5}
    assert measured(pairs, found).auc == 0.5


def test_the_log_odds_of_names_by_hand():
    """Fold 1 is tested: training has (0, 1) interacting twice and (0, 2) not."""
    pairs = PairSet(members(4), np.array([0, 0, 0, 0, 1]), np.array([1, 1, 2, 3, 3]), np.array([1, 1, 0, 0, 1]))
    fold = np.array([0, 0, 0, 1, 1])
    split = Split("pair", "both", 2, fold, fold)
    found = identity_probabilities(pairs, split)
    share, whole = 2 / 3, 3 / 5

    def beyond(positive: int, negative: int) -> float:
        return np.log((positive + 2 * share) / (negative + 2 * (1 - share))) - np.log(share / (1 - share))

    level = np.log(whole / (1 - whole))
    expected = [level + beyond(2, 1) + beyond(0, 0), level + beyond(2, 0) + beyond(0, 0)]
    assert beyond(0, 0) == pytest.approx(0)
    assert found[3:] == pytest.approx(1 / (1 + np.exp(-np.array(expected))))


def test_lengths_tell_where_lengths_differ():
    pairs = given_away()  # the second half is longer
    assert measured(pairs, length_probabilities(pairs, by_protein(pairs, 3))).auc > 0.95


def test_a_partner_has_its_rate_in_training():
    pairs = PairSet(members(6), np.array([0, 1, 2, 3, 0, 1]), np.array([4, 4, 4, 4, 5, 5]), np.array([1, 1, 0, 1, 0, 0]))
    fold = np.array([0, 0, 0, 1, 1, 1])
    found = partner_probabilities(pairs, Split("pair", "both", 2, fold, fold))
    assert found[3] == pytest.approx(2 / 3)
    assert found[4:] == pytest.approx(2 / 3)  # a partner that is not in training: the share of all pairs there
    assert found[:3] == pytest.approx(1)


def test_homologues_lend_their_labels():
    pairs = PairSet(members(6), np.array([0, 1, 2, 3]), np.array([5, 5, 5, 5]), np.array([1, 0, 1, 0]))
    fold = np.array([0, 0, 1, 1])
    alike = np.zeros((6, 6))
    alike[2, 0], alike[2, 1] = 0.8, 0.4
    found = homologue_probabilities(pairs, Split("cluster", "A", 2, fold, fold), alike)
    assert found[2] == pytest.approx(0.8**4 / (0.8**4 + 0.4**4))
    assert found[3] == pytest.approx(0.5)  # nothing in training is like it: the partner's rate


@pytest.mark.parametrize("classifier", ["logistic", "forest"])
@pytest.mark.parametrize("by_partner", [False, True])
def test_classifiers_find_what_is_in_the_vectors_and_nothing_in_noise(classifier, by_partner, monkeypatch):
    monkeypatch.setattr(baselines, "_TREES", 30)
    rng = np.random.default_rng(0)
    receptor, partner = np.divmod(np.arange(240), 2)
    vectors = rng.normal(size=(122, 2, 4)).astype(np.float32)
    told = (vectors[receptor, 1, 0] * np.where(partner == 0, 1, -1) > 0).astype(np.int64)
    cut = TokenVectors(("a", "b"), vectors)
    for labels, low, high in ((told, 0.85 if by_partner else 0.4, 1), (rng.permutation(told), 0.3, 0.7)):
        pairs = PairSet(members(122), receptor, partner + 120, labels)
        split = by_protein(pairs, 4, side="A")
        found = fitted_probabilities(PairInputs(pairs, cut, cut), split, classifier, by_partner)
        assert low < measured(pairs, found).auc <= high
        assert np.array_equal(found, fitted_probabilities(PairInputs(pairs, cut, cut), split, classifier, by_partner))


def test_one_label_in_training_gives_its_rate():
    pairs = PairSet(members(6), np.array([0, 1, 2, 3]), np.array([5, 5, 5, 5]), np.array([1, 1, 1, 0]))
    fold = np.array([0, 0, 1, 1])
    cut = TokenVectors(("a",), np.random.default_rng(0).normal(size=(6, 1, 3)).astype(np.float32))
    found = fitted_probabilities(PairInputs(pairs, cut, cut), Split("pair", "both", 2, fold, fold), "logistic", by_partner=True)
    assert found[2:].tolist() == [1, 1]


def test_it_can_be_cancelled_and_does_not_fill_the_memory(monkeypatch):
    pairs = given_away(pairs=40)
    cut = TokenVectors(("a",), np.zeros((60, 1, 2), dtype=np.float32))
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        fitted_probabilities(PairInputs(pairs, cut, cut), by_pair(pairs), "logistic", cancel=stop)
    monkeypatch.setattr(baselines, "_MOST_NUMBERS", 100)
    with pytest.raises(PairError, match="40 pairs with 2 vectors of 2 numbers take too much memory"):
        fitted_probabilities(PairInputs(pairs, cut, cut), by_pair(pairs), "logistic")


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *rest)

    pairs = given_away(pairs=40)
    cut = TokenVectors(("a",), np.zeros((60, 1, 2), dtype=np.float32))
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ExtraError, match=r"The logistic baseline needs scikit-learn: pip install '\.\[pairs\]'"):
        fitted_probabilities(PairInputs(pairs, cut, cut), by_pair(pairs), "logistic")
