import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding.fold import fold_numbers
from allo_core.folding.shipped import templates
from allo_core.folding.template import nearest_template, thread
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein
from allo_core.structure.compare import rmsd, tm_score
from tests.structure.traces import shipped_trace


def test_a_receptor_with_a_structure_is_laid_on_its_own():
    protein = find_receptor("ADRB2").protein
    fold = thread(protein, "active")
    assert fold.identity == 1
    assert "its own experimental structure ADRB2" in fold.method
    assert tm_score(fold.xyz, np.where(fold.drawn[:, None], shipped_trace("3SN6"), np.nan)) > 0.9


def test_without_itself_the_nearest_other_receptor_is_taken():
    protein = find_receptor("ADRB2").protein
    fold = thread(protein, "active", without=["ADRB2"])
    assert fold.name.startswith("threaded on ADRB1 ")
    assert 0.6 < fold.identity < 0.9
    further = thread(protein, "active", without=["ADRB2", "ADRB1"])
    assert further.identity < fold.identity


def test_places_are_those_of_the_template_at_the_same_numbers():
    protein = find_receptor("GP173").protein
    numbers = fold_numbers(protein)
    template, identity = nearest_template(protein, numbers, "inactive")
    fold = thread(protein, "inactive")
    theirs = find_receptor(template.receptor).numbers
    assert fold.identity == identity < 0.4
    assert template.state == "inactive"
    there = {theirs.gpcrdb[index]: xyz for index, xyz in zip(template.index, template.xyz, strict=True)}
    for index in np.flatnonzero(fold.drawn):
        np.testing.assert_array_equal(fold.xyz[index], there[numbers.gpcrdb[index]])
    assert (np.isfinite(fold.confidence) == fold.drawn).all()
    assert not fold.drawn[[not number for number in numbers.gpcrdb]].any()


def test_identity_is_counted_at_generic_numbers():
    protein = find_receptor("GP173").protein
    numbers = fold_numbers(protein)
    template, identity = nearest_template(protein, numbers)
    other = find_receptor(template.receptor)
    letters = {number: letter for number, letter in zip(other.numbers.gpcrdb, other.protein.sequence, strict=True) if number}
    same = [letters[n] == letter for n, letter in zip(numbers.gpcrdb, protein.sequence, strict=True) if n in letters]
    assert identity == pytest.approx(np.mean(same))


def test_the_state_is_the_one_that_was_asked_for():
    protein = find_receptor("AA2AR").protein
    active, inactive = thread(protein, "active"), thread(protein, "inactive")
    assert "(active)" in active.name
    assert "(inactive)" in inactive.name
    assert rmsd(active.xyz, inactive.xyz) > 1


def test_nothing_to_thread_on_is_said_with_what_was_asked():
    with pytest.raises(FoldError, match="No receptor of class T has an experimental structure here"):
        thread(find_receptor("TA2R1").protein)
    frizzled = {one.receptor for one in templates() if one.receptor_class == "F"}
    with pytest.raises(FoldError, match=r"class F has an experimental structure in the active state .*; choose the other state"):
        thread(find_receptor("FZD1").protein, "active")
    with pytest.raises(FoldError, match=f"once {min(frizzled)} is left out"):
        thread(find_receptor("FZD1").protein, without=frizzled)
    with pytest.raises(FoldError, match="has no generic numbers"):
        thread(Protein("mine", "ACDEFGHIKLMNPQRSTVWY" * 10))
