"""One family left out: who is on which side, and areas that are known beforehand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from allo_core.errors import PairError
from allo_core.interaction import new_families as module
from allo_core.interaction.coupling_table import coupling_pairs, families
from allo_core.interaction.new_families import family_split, new_families, other_families, score_new_families


def test_a_family_is_on_one_side_and_receptors_are_on_both():
    split, pairs = family_split(), coupling_pairs()
    for fold in range(4):
        train, test = split.train(fold), split.test(fold)
        assert len(train) + len(test) == len(pairs)
        assert set(pairs.second[train]).isdisjoint(pairs.second[test])
        assert set(pairs.first[train]) == set(pairs.first[test])


def test_what_else_a_receptor_couples_to():
    labels = coupling_pairs().labels.reshape(-1, 4)
    found = other_families().reshape(-1, 4)
    for receptor in range(0, 251, 50):
        for family in range(4):
            others = [labels[receptor, other] for other in range(4) if other != family]
            assert found[receptor, family] == pytest.approx(np.mean(others))


def test_areas_are_those_of_scikit_learn_and_the_answer_itself_has_one():
    labels = coupling_pairs().labels.reshape(-1, 4)
    said = np.random.default_rng(0).random(labels.shape)
    found = score_new_families({"random": said.ravel(), "answer": labels.ravel().astype(float)}, np.arange(251))
    random, answer = found.rows
    assert random.areas == pytest.approx([roc_auc_score(labels[:, at], said[:, at]) for at in range(4)], abs=1e-3)
    assert answer.areas == (1.0,) * 4
    assert "random: 0, answer: 4" in found.sentence


def test_what_ships():
    found = new_families()
    assert found.families == tuple(family.name for family in families())
    assert {"ESM2_AMPS", "its other families (no sequence)"} <= {row.name for row in found.rows}
    labels = coupling_pairs().labels.reshape(-1, 4)
    own = next(row for row in found.rows if row.name.startswith("its other"))
    known = other_families().reshape(-1, 4)
    assert own.areas == pytest.approx([roc_auc_score(labels[:, at], known[:, at]) for at in range(4)], abs=1e-3)
    for row in found.rows:
        assert all(0 <= low <= area <= high <= 1 for low, area, high in zip(row.low, row.areas, row.high, strict=True))


def test_a_damaged_file_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FILE", tmp_path / "none.json")
    new_families.cache_clear()
    with pytest.raises(PairError, match="missing or damaged"):
        new_families()
    new_families.cache_clear()
