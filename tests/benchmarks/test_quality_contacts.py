"""Contacts on maps whose answer is known."""

import numpy as np
import pytest
from _quality_contacts import ENTRIES, Target, contact_precision, contact_targets, folds
from _quality_models import untrained

from allo_core.attention.contacts import pairs_of
from allo_core.library.receptors import find_receptor
from allo_core.protein.contacts import CB_CONTACT
from tests.benchmarks.small import SMALL
from tests.models.tiny import random_protein


def made_targets():
    """Three receptors, one of them with two structures; residues i and i + 10 touch."""
    targets = []
    for seed, (entry, receptor) in enumerate({"1AAA": "A", "2AAA": "A", "3BBB": "B", "4CCC": "C"}.items()):
        length = 40
        cb = np.random.default_rng(seed).normal(scale=100, size=(length, 3))
        cb[10:20] = cb[:10] + 1
        targets.append(Target(entry, receptor, random_protein(length, seed=ord(receptor)), cb))
    return targets


def test_no_receptor_is_both_fitted_and_tested():
    targets = made_targets()
    parts = folds(targets)
    assert [[target.entry for target in test] for _, test in parts] == [["1AAA", "2AAA"], ["3BBB"], ["4CCC"]]
    for fit, test in parts:
        assert not {target.receptor for target in fit} & {target.receptor for target in test}
        assert len(fit) + len(test) == 4


def test_a_head_that_sees_contacts_is_found_on_the_other_receptors(monkeypatch):
    targets = made_targets()

    def attention(_row, protein):
        maps = np.random.default_rng(0).random((8, len(protein), len(protein)), dtype=np.float32) / 100
        maps[5, np.arange(10), np.arange(10, 20)] = 1
        return maps

    monkeypatch.setattr("_quality_contacts.attention_maps", attention)
    results = contact_precision(untrained(SMALL), targets)
    near = [result for result in results if result.separation == 6]
    assert len(near) == 8
    for result in near:
        assert result.values[2] == 1  # 8 of 40 / 5 pairs
        assert result.values[0] >= 0.25  # all 10 of 40
        assert result.random == pytest.approx(10 / (34 * 35 / 2), abs=0.01)
        assert result.detail in ("layer 1, head 1", "1 heads") or result.method == "regression"


def test_the_untrained_model_is_near_chance_on_made_contacts():
    results = contact_precision(untrained(SMALL), made_targets())
    assert {(r.entry, r.method, r.separation) for r in results} == {
        (target.entry, method, separation) for target in made_targets() for method in ("best head", "regression") for separation in (6, 24)
    }
    assert np.mean([r.values[0] for r in results if r.separation == 6]) < 0.2


def test_the_four_structures(shared):
    targets = contact_targets(shared / "data" / "structures")
    assert {target.entry: target.receptor for target in targets} == ENTRIES
    for target in targets:
        assert target.cb.shape == (len(find_receptor(target.receptor).protein), 3)
        assert 250 < target.resolved < 350
        first, second, contact = pairs_of(target.cb, 6, CB_CONTACT)
        assert (second - first).min() == 6
        # Residues of a fold of this size touch about as many others as it has residues.
        assert target.resolved < contact.sum() < 2 * target.resolved
