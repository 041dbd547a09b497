"""What becomes of marks when another protein is opened."""

from dataclasses import replace

import pytest

from allo_core.library.receptors import find_receptor
from allo_core.protein.numbering import carried_over
from allo_core.ui.explore.view import View, starting_view
from allo_core.ui.protein.marks import with_marks_of
from allo_core.ui.protein.view import offered_sites


def opened(before: View, protein: str) -> tuple[View, str]:
    return with_marks_of(before, protein)


def numbered(entry: str, residues) -> list[str]:
    numbers = find_receptor(entry).numbers
    return [numbers.gpcrdb[index] for index in residues]


def test_residues_go_to_the_same_generic_numbers():
    source, target = find_receptor("AA2AR").numbers, find_receptor("CXCR4").numbers
    marks = tuple(index for index, number in enumerate(source.gpcrdb) if number in {"2x50", "3x50", "6x48", "7x50"})
    carried = carried_over(marks, source, target)
    assert numbered("CXCR4", carried) == ["2x50", "3x50", "6x48", "7x50"]
    assert carried_over(carried, target, source) == marks
    assert carried_over([411], source, target) == ()  # no number
    assert carried_over(marks, source, find_receptor("GLP1R").numbers) == ()  # another class, other places


def test_own_marks_are_carried_and_counted():
    before = starting_view("AA2AR")
    own = (*before.sites[:4], 411)  # S412, at the end of the C-terminus, has no number
    view, told = opened(replace(before, sites=own, name_a="mine"), "CXCR4")
    assert numbered("CXCR4", view.sites) == numbered("AA2AR", own[:4])
    assert told == "Set A: 4 of 5 residues carried over by generic number. Without a counterpart: S412."
    assert view.name_a == "mine"


def test_a_site_of_the_library_becomes_that_of_the_other_receptor():
    view, told = opened(starting_view("AA2AR"), "CXCR4")
    assert view.sites == offered_sites("CXCR4")["sodium pocket"]
    assert told == ""


def test_set_b_and_the_measure_stay():
    before = replace(starting_view("AA2AR"), sites_b=offered_sites("AA2AR")["G protein interface"], measure="AB", marking="B")
    view, told = opened(before, "CCR5")
    assert (view.measure, view.marking) == ("AB", "B")
    assert set(numbered("CCR5", view.sites_b)) <= set(numbered("AA2AR", before.sites_b))
    assert told.startswith(f"Set B: {len(view.sites_b)} of 5 residues carried over")
    back, _ = opened(view, "AA2AR")
    assert back.measure == "AB"


@pytest.mark.parametrize(("protein", "told"), [("GLP1R", "the receptors are of class A and B"), ("OPSB", "OPSB has no generic numbers")])
def test_where_nothing_can_be_carried_the_first_site_stands_and_it_is_said(protein, told):
    before = replace(starting_view("AA2AR"), sites=(51,), sites_b=(60,), measure="BA")
    view, said = opened(before, protein)
    assert told in said
    assert (view.sites, view.sites_b, view.measure) == (starting_view(protein).sites, (), "A")
