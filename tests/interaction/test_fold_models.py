"""No pair is asked of a model that has seen it, its proteins or its homologues."""

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction import fold_models
from allo_core.interaction.fold_models import fold_rows, train_folds
from allo_core.interaction.learn import predict_logits
from allo_core.interaction.learning_settings import LearningSettings, published_settings
from allo_core.interaction.splits import by_pair, by_protein
from tests.interaction.planted import planted, small_model

QUICK = LearningSettings(learning_rate=3e-3, batch=32, epochs=2)
INPUTS = planted()


@pytest.mark.parametrize("side", ["both", "A"])
def test_learnt_validating_and_tested_pairs_share_no_protein(side):
    split = by_protein(INPUTS.pairs, 5, side=side)
    for fold in range(split.count):
        members = []
        for rows in fold_rows(split, fold, QUICK):
            proteins = set(INPUTS.pairs.first[rows])
            members.append(proteins if side == "A" else proteins | set(INPUTS.pairs.second[rows]))
        assert all(members)
        assert not members[0] & members[1]
        assert not members[0] & members[2]
        assert not members[1] & members[2]


def test_as_published_the_tested_pairs_validate():
    split = by_pair(INPUTS.pairs)
    train, validation, test = fold_rows(split, 2, published_settings("amps"))
    assert np.array_equal(validation, test)
    assert len(train) + len(test) == len(INPUTS.pairs)


def test_every_pair_is_asked_of_the_model_of_its_fold():
    split, told = by_protein(INPUTS.pairs, 4, side="A"), []
    found = train_folds(INPUTS, split, small_model(), QUICK, progress=lambda fold, epoch: told.append(fold))
    assert len(found.tested) == len(INPUTS.pairs)
    assert told == [0, 0, 1, 1, 2, 2, 3, 3]
    for fold, learnt in found.learnt.items():
        rows = split.test(fold)
        assert np.array_equal(found.logits[rows], predict_logits(learnt.model, INPUTS, rows))


def test_pairs_of_two_folds_have_no_logit():
    split = by_protein(INPUTS.pairs, 4)
    found = train_folds(INPUTS, split, small_model(), QUICK)
    assert 0 < split.never_tested == np.isnan(found.logits).sum() == len(INPUTS.pairs) - len(found.tested)


def test_finished_folds_are_not_learnt_again(tmp_path, monkeypatch):
    split = by_protein(INPUTS.pairs, 4, side="A")
    whole = train_folds(INPUTS, split, small_model(), QUICK, tmp_path)
    told = []
    again = train_folds(INPUTS, split, small_model(), QUICK, tmp_path, lambda fold, epoch: told.append(fold))
    assert told == []
    assert np.array_equal(again.logits, whole.logits)


def test_shuffled_labels_teach_nothing(monkeypatch):
    """Of pairs whose labels were dealt anew, no model tells those that it has not seen apart."""
    from allo_core.learning.metrics import areas

    inputs = planted(proteins=60, pairs=600)
    inputs.pairs.labels[:] = np.random.default_rng(0).permutation(inputs.pairs.labels)
    found = train_folds(inputs, by_pair(inputs.pairs, 3), small_model(), LearningSettings(learning_rate=3e-3, batch=32, epochs=6))
    # Standard error of an area with 300 of each: 0.024.
    assert abs(areas(inputs.pairs.labels == 1, found.logits).auroc - 0.5) < 0.1


def test_two_folds_are_too_few_but_as_published():
    split = by_pair(INPUTS.pairs, 2)
    with pytest.raises(PairError, match="2 folds are too few"):
        train_folds(INPUTS, split, small_model(), QUICK)
    settings = LearningSettings(learning_rate=3e-3, batch=32, epochs=1, keep="last")
    assert len(fold_models.train_folds(INPUTS, split, small_model(), settings).tested) == len(INPUTS.pairs)
