import pytest

from allo_core.errors import FoldError
from allo_core.folding.judged import Judgement
from allo_core.folding.kept_heads import own_head
from allo_core.folding.removed_folds import RemovedFolds, kept_removed_folds, random_removals, removed_folds
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from tests.folding.test_model_fold import PROTEIN, folder, passes, shipped

__all__ = ["folder", "passes"]  # fixtures

SPEC = get_spec(DEFAULT_MODEL)
REMOVED = ((1, 2), (2, 0))


def test_random_removals_are_others_and_the_same_every_time():
    drawn = random_removals(SPEC, REMOVED)
    assert len(set(drawn)) == 3
    assert all(len(set(heads)) == 2 and not set(heads) & set(REMOVED) for heads in drawn)
    assert drawn == random_removals(SPEC, REMOVED)
    every = tuple((layer, head) for layer in range(SPEC.layers) for head in range(SPEC.heads))
    with pytest.raises(FoldError, match="remove fewer"):
        random_removals(SPEC, every[1:])


def test_all_five_are_computed_once_and_found_again(folder, passes, tmp_path, monkeypatch):
    shipped(folder, tmp_path)
    of_tiny_model = (((0, 0),), ((0, 1),), ((2, 0),))  # it has fewer layers than the default model
    monkeypatch.setattr("allo_core.folding.removed_folds.random_removals", lambda spec, removed: of_tiny_model)
    assert kept_removed_folds(PROTEIN, ((1, 2),)) is None
    steps = []
    found = removed_folds(PROTEIN, ((1, 2),), head=own_head(folder), progress=lambda what, done, most: steps.append(what))
    assert len(passes) == 5
    assert "Fold 5 of 5: drawing the fold" in steps
    assert list(found.folds)[:2] == ["all heads", "without 1.2"]
    kept = kept_removed_folds(PROTEIN, ((1, 2),))
    assert kept is not None
    assert list(kept.folds) == list(found.folds)
    assert len(passes) == 5
    beside = found.beside_whole()
    assert beside["all heads"].tm == pytest.approx(1)
    assert "does not change the fold more than random removals" in found.sentence(beside), "the stand-in head gives one fold for all"


@pytest.mark.parametrize(
    ("tm", "lddt", "says"),
    [
        (0.5, 0.5, "changes the fold more than each of 3 random removals of as many heads"),
        (0.5, 0.95, "by TM-score, not by lDDT"),
        (0.95, 0.5, "by lDDT, not by TM-score"),
        (0.95, 0.95, "does not change the fold more"),
    ],
)
def test_the_sentence_is_by_the_lowest_of_the_random_ones(tm, lddt, says):
    rows = [(1.0, 1.0), (tm, lddt), (0.8, 0.8), (0.9, 0.9), (0.85, 0.85)]
    beside = {str(at): Judgement(100, 100, one, 1.0, 1.0, two, 0.0, True) for at, (one, two) in enumerate(rows)}
    found = RemovedFolds(REMOVED, None, None, {})
    told = found.sentence(beside)
    assert told.startswith("Removing 1.2,2.0 ")
    assert says in told
    assert "against 0.800 to 0.900" in told
    assert ("one removal in 4" in told) == ("not change" not in told)
