import numpy as np
import pytest

from allo_core.folding.compared import average_beside, compare_folds, compare_residues
from allo_core.folding.family_average import family_average
from allo_core.folding.offers import fold_called
from allo_core.library.receptors import find_receptor

PROTEIN = find_receptor("P2RY1").protein
NAMES = ("fold-template-any", "fold-family-any", "fold-template-active")


@pytest.fixture(scope="module")
def folds():
    return {name: fold_called(name, PROTEIN) for name in NAMES}


def test_gains_are_over_the_average_of_the_same_state_and_a_loss_stands_first(folds):
    reference = folds["fold-template-any"].xyz
    found = compare_folds(folds, reference)
    own, average, other = (found[name] for name in NAMES)
    assert own.judged.lddt == pytest.approx(1)
    assert own.gain_lddt == pytest.approx(1 - own.average.lddt)
    assert own.average == average.judged
    assert average.average is None
    assert np.isnan(average.gain_tm)
    assert other.gain_tm == pytest.approx(other.judged.tm - other.average.tm)
    assert other.average != average.judged  # the active one
    turned = compare_folds({NAMES[0]: folds[NAMES[0]]}, folds["fold-family-any"].xyz)[NAMES[0]]
    assert turned.gain_lddt < 0
    assert turned.sentence.startswith("It is worse than the family average by lDDT")


def test_what_flatters_a_fold_is_said(folds):
    own = folds["fold-template-any"]
    found = compare_folds({"own": own}, own.xyz, own.sources[1])["own"]
    assert "is the template itself" in found.itself
    assert "numbers flatter it" in compare_folds({"own": own}, own.xyz)["own"].itself


def test_residues_lie_where_the_structure_has_them_after_any_motion(folds):
    fold = folds["fold-template-any"]
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    reference = fold.xyz @ turn.T + 7
    reference[10:60] = np.nan
    found = compare_residues(fold, reference)
    both = np.isfinite(reference[:, 0])
    assert np.allclose(found.distance[both], 0, atol=1e-6)
    assert np.allclose(found.placed[both], reference[both], atol=1e-6)
    assert np.isnan(found.lddt[10:60]).all()
    assert np.isnan(found.distance[10:60]).all()


def test_the_average_that_has_to_be_beaten_falls_back_to_any_state():
    fold = fold_called("fold-template-inactive", find_receptor("GLP1R").protein)  # class B has no average of the inactive state
    average = average_beside(fold)
    assert average is not None
    assert average.name == family_average(find_receptor("GLP1R").protein).name
    assert average_beside(average) is None
