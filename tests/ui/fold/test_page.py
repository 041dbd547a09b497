"""The page Fold without a browser: what it shows, what it says where something is missing, and the link."""

import pytest

from allo_core.protein.sequence import Protein
from allo_core.ui.fold.view import FoldView, from_query, to_query
from allo_core.ui.shared import inputs
from tests.ui.reading import open_page, said


def test_a_receptor_without_a_structure_shows_its_folds_and_what_to_expect():
    page = open_page("fold", {"protein": "P2RY1"})
    assert not page.exception
    table = page.dataframe[0].value
    assert len(table) == 6
    assert table.loc[0, "method"].startswith("threaded on P2RY1")
    assert "ESMFold" in said(page)  # how to get it, or what it takes
    assert "tm" not in table
    text = said(page)
    assert "no structure to judge by" in text
    assert "Expected TM-score 0.97" in text
    assert "0.9 is any class A receptor" in text


def test_a_structure_judges_every_fold_beside_the_average():
    page = open_page("fold", {"protein": "ADRB2", "structure": "4LDO", "fold": "fold-template-inactive", "by": "lddt", "residue": "D113"})
    assert not page.exception
    table = page.dataframe[0].value
    assert {"lddt", "gain_lddt", "tm", "gain_tm", "gdt_ts", "gdt_ha", "rmsd"} <= set(table)
    text = said(page)
    assert text.index("worse than the family average") < text.index("Expected TM-score")
    assert table["note"].str.contains("Structures of ADRB2 itself are in this fold").any()
    assert "D113" in text
    assert "family average" in text


def test_what_has_no_numbers_says_what_is_needed():
    page = open_page("fold", {"protein": inputs.keep_protein(Protein("mine", "MKVLAAGIVGLLLA" * 12))})
    assert not page.exception
    assert "No fold of mine can be drawn here" in said(page)


def test_the_link_brings_the_view_back():
    view = FoldView("P2RY1", sites=(51,), structure="", fold="fold-family-active", by="lddt", residue=100)
    assert from_query(to_query(view)) == (view, [])


@pytest.mark.parametrize("query", [{"fold": "fold-magic-any"}, {"by": "colour"}, {"residue": "D1 D2"}])
def test_what_a_link_may_not_say_is_named(query):
    _, notices = from_query({"protein": "P2RY1", **query})
    assert len(notices) == 1
    assert notices[0].startswith(f"The link's {next(iter(query))} was ignored")
