import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding.family_average import family_average, fold_of_average
from allo_core.folding.shipped import class_average
from allo_core.library.receptors import find_receptor, receptors
from allo_core.protein.sequence import Protein
from allo_core.structure.compare import tm_score
from tests.structure.traces import shipped_trace


def test_every_numbered_receptor_of_class_a_has_a_fold_at_its_numbers():
    count = 0
    for receptor in receptors().values():
        if receptor.receptor_class != "A" or receptor.numbers is None or not any(receptor.numbers.gpcrdb):
            continue
        fold = family_average(receptor.protein)
        numbered = np.array([bool(number) for number in receptor.numbers.gpcrdb])
        assert not (fold.drawn & ~numbered).any(), "a residue without a number was invented"
        assert fold.drawn.sum() > 0.9 * numbered.sum()
        assert (np.isfinite(fold.confidence) == fold.drawn).all()
        assert (fold.confidence[fold.drawn] > 0).all()
        assert (fold.confidence[fold.drawn] <= 1).all()
        count += 1
    assert count == 281


def test_the_fold_is_right_handed_and_near_the_experiments_in_its_state():
    protein = find_receptor("ADRB2").protein
    reference = shipped_trace("3SN6")
    reference = np.where(family_average(protein).drawn[:, None], reference, np.nan)
    active, inactive = (tm_score(family_average(protein, state).xyz, reference) for state in ("active", "inactive"))
    assert active > 0.92
    assert active > inactive + 0.02


def test_confidence_is_lower_where_receptors_differ():
    protein = find_receptor("AA2AR").protein
    fold, numbers = family_average(protein), find_receptor("AA2AR").numbers
    assert fold.confidence[numbers.gpcrdb.index("3x50")] > fold.confidence[numbers.gpcrdb.index("1x29")]


def test_what_it_says_of_itself():
    protein = find_receptor("AA2AR").protein
    any_state, active = family_average(protein), family_average(protein, "active")
    assert "AlphaFold models of 221 receptors" in any_state.method
    assert "CC BY 4.0" in any_state.attribution
    assert "active experimental structures of 38 receptors" in active.method
    assert active.attribution == ""
    assert active.name == "family average of class A (active)"
    assert np.isnan(active.identity)


def test_a_variant_is_laid_on_by_the_numbers_of_its_receptor():
    protein = find_receptor("AA2AR").protein
    changed = Protein("mine", "A" + protein.sequence[1:100] + "W" + protein.sequence[101:])
    np.testing.assert_array_equal(family_average(changed).xyz[5:95], family_average(protein).xyz[5:95])


def test_sequences_without_numbers_and_short_ones_are_refused():
    with pytest.raises(FoldError, match="mine has no generic numbers"):
        family_average(Protein("mine", "ACDEFGHIKLMNPQRSTVWY" * 10))
    whole = find_receptor("AA2AR").protein
    end = Protein("tail", whole.sequence[290:])
    with pytest.raises(FoldError, match=r"places 20 residues of tail, and 50 are needed"):
        family_average(end)


def test_an_average_that_may_be_a_mirror_image_is_refused():
    protein, average = find_receptor("AA2AR").protein, class_average("A", "any")
    flat = type(average)(average.positions, np.where(np.isfinite(average.mean), 10.0, np.nan), average.sd, average.receptors)
    with pytest.raises(FoldError, match="may be a mirror image"):
        fold_of_average(protein, flat, None)
