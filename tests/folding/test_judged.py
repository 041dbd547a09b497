import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding.family_average import family_average
from allo_core.folding.fold import fold_numbers
from allo_core.folding.judged import judge
from allo_core.folding.template import thread
from allo_core.library.receptors import find_receptor
from tests.structure.traces import shipped_trace

PROTEIN = find_receptor("ADRB2").protein


def test_numbered_residues_alone_are_judged():
    reference = shipped_trace("3SN6")
    numbered = [bool(number) for number in fold_numbers(PROTEIN).gpcrdb]
    found = judge(family_average(PROTEIN, "active"), reference)
    assert found.residues == (np.isfinite(reference[:, 0]) & numbered).sum()
    elsewhere = np.where(np.array(numbered)[:, None], reference, 0.0)
    assert judge(family_average(PROTEIN, "active"), elsewhere) == found
    assert found.drawn <= found.residues
    assert 0.85 < found.tm < 1


def test_a_fold_on_the_structure_itself_is_perfect():
    found = judge(thread(PROTEIN, "active"), shipped_trace("3SN6"))
    assert found.tm > 0.99
    assert found.rmsd < 0.02


def test_a_structure_of_a_few_residues_judges_nothing():
    reference = shipped_trace("3SN6").copy()
    reference[60:] = np.nan
    with pytest.raises(FoldError, match=r"shows \d+ residues of ADRB2 with generic numbers, and 50 are needed"):
        judge(family_average(PROTEIN), reference)
