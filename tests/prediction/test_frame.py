"""One frame for all classes, and what is carried over in it."""

import numpy as np
import pytest

from allo_core.library.receptors import find_receptor, receptors
from allo_core.prediction.frame import REFERENCES, place
from allo_core.prediction.memory import WIDTHS, ListedPlace, Remembered, recalled, remembered
from allo_core.protein.sequence import Protein


def placed(entry):
    found = place(find_receptor(entry).protein)
    assert found is not None
    return found


def nearest(entry, number):
    """The generic number of AA2AR whose residue lies nearest to one of another receptor, and the distance in Å."""
    here, there = placed(entry), placed("AA2AR")
    apart = np.linalg.norm(there.positions - here.positions[here.gpcrdb.index(number)], axis=1)
    apart[[not name for name in there.gpcrdb]] = np.nan
    at = int(np.nanargmin(apart))
    return there.gpcrdb[at], apart[at]


@pytest.mark.parametrize(
    ("entry", "number", "expected"),
    [
        ("GLP1R", "2x50", "2x43"),  # Wootten et al., Proc. Natl. Acad. Sci. 110, 5211 (2013)
        ("GLP1R", "3x50", "3x46"),
        ("GLP1R", "4x50", "4x50"),
        ("GLP1R", "5x50", "5x54"),
        ("SMO", "4x50", "4x50"),  # W4.50 is the same residue in both classes
        ("GRM5", "6x50", "6x49"),
    ],
)
def test_classes_lie_on_each_other_as_the_literature_has_it(entry, number, expected):
    found, apart = nearest(entry, number)
    helix, place_there = found.split("x")
    assert helix == expected.split("x")[0]
    assert abs(int(place_there[:2]) - int(expected.split("x")[1])) <= 1
    assert apart < 4


@pytest.mark.parametrize("entry", ["CCR5", "DRD4", "GPR52", "GRM1"])
def test_helices_of_one_class_lie_on_each_other(entry):
    here = placed(entry)
    there = placed(REFERENCES[here.receptor_class])
    pairs = [(here.gpcrdb.index(number), at) for at, number in enumerate(there.gpcrdb) if number.endswith("x50") and number in here.gpcrdb]
    apart = [np.linalg.norm(here.positions[i] - there.positions[j]) for i, j in pairs[:7]]
    assert np.median(apart) < 2.5


def test_without_numbers_or_a_reference_there_is_no_place():
    assert place(Protein("pasted", "ACDEFGHIKLMNPQRSTVWY" * 8)) is None
    taste = next(entry for entry, one in receptors().items() if one.receptor_class == "T" and one.numbers is not None)
    assert place(find_receptor(taste).protein) is None


def test_what_is_recalled_is_the_mean_gaussian():
    target = placed("CCR5")
    own = find_receptor("AA2AR")
    source = placed("AA2AR")
    residues = (51, 90, 279)  # D52 2x50, S91 3x39, N280 7x45
    found = recalled(remembered(source, residues), target)
    assert found.shape == (352, 3)
    points = [target.positions[target.gpcrdb.index(own.numbers.gpcrdb[index])] for index in residues]
    for j in (0, 75, 120, 300):
        for k, width in enumerate(WIDTHS):
            apart = [np.linalg.norm(target.positions[j] - point) for point in points]
            expected = np.mean([np.exp(-(d**2) / (2 * width**2)) for d in apart]) if np.isfinite(apart).all() else 0
            assert found[j, k] == pytest.approx(expected)
    assert found[:, 0].argmax() in [target.gpcrdb.index(number) for number in ("2x50", "3x39", "7x45")]


def test_without_a_number_or_in_another_class_space_decides():
    target = placed("CCR5")
    x, y, z = target.positions[100].tolist()
    for site in (Remembered("A", (ListedPlace("", x, y, z),)), Remembered("B", (ListedPlace("2x50", x, y, z),))):
        found = recalled(site, target)
        assert found[100] == pytest.approx([1, 1, 1])
        assert (found.argmax(axis=0) == 100).all()
    by_number = recalled(Remembered("A", (ListedPlace("2x50", x, y, z),)), target)
    assert (by_number.argmax(axis=0) == target.gpcrdb.index("2x50")).all()


def test_nothing_remembered_says_nothing_and_a_residue_without_a_position_is_near_nothing():
    target = placed("CCR5")
    assert (recalled(remembered(None, (1, 2)), target) == 0).all()
    missing = np.isnan(target.positions).any(axis=1)
    assert missing.any()
    assert (recalled(remembered(target, (51, 90)), target)[missing] == 0).all()
