"""The page Fold without a browser: what it shows, what it says where something is missing, and the link."""

import numpy as np
import pytest

from allo_core.folding import kept_heads
from allo_core.folding.folded_structure import FoldedStructure
from allo_core.protein.sequence import Protein
from allo_core.ui.fold.view import FoldView, from_query, to_query
from allo_core.ui.shared import inputs
from tests.ui.reading import mirror_of, open_page, said


@pytest.fixture(autouse=True)
def without_a_head(monkeypatch, tmp_path):
    """No head ships, so that what the page says does not depend on one."""
    monkeypatch.setattr(kept_heads, "DATA", tmp_path)


def folded(protein):
    positions = np.random.default_rng(0).normal(0, 20, (len(protein), 37, 3)).astype(np.float32)
    return FoldedStructure(protein, positions, np.full(len(protein), 80, np.float32), 0.5, 4, False, "0" * 64, 1.0)


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
    text = said(page)
    assert "No fold of mine can be drawn at once" in text
    assert "ESMFold" in text
    assert "distance head" in text, "without a head that ships it is said how to get one"


def test_folds_of_models_are_shown_of_a_protein_without_numbers(monkeypatch):
    protein = Protein("mine", "MKVLAAGIVGLLLA" * 12)
    monkeypatch.setattr("allo_core.ui.fold.results.kept_esmfold", lambda asked: folded(asked))
    page = open_page("fold", {"protein": inputs.keep_protein(protein)})
    assert not page.exception
    table = page.dataframe[0].value
    assert list(table["method"]) == ["ESMFold"]
    assert "How good it is was not tested: experiments of 0 receptors without generic numbers" in said(page)


def test_heads_to_remove_are_read_and_what_is_none_is_said():
    page = open_page("fold", {"protein": "P2RY4", "removed": "4.1 3.6"})
    assert not page.exception
    field = mirror_of(page.text_input, "fold_removed")
    assert field.value == "3.6,4.1"
    assert [button.label for button in page.button if button.key == "removed_folds"] == [
        "Fold without these 2 heads and without random ones"
    ]
    field.set_value("99.1").run()
    assert "There is no head 99.1" in said(page)
    assert mirror_of(page.text_input, "fold_removed").value == "99.1"


def test_the_link_brings_the_view_back():
    view = FoldView("P2RY1", sites=(51,), structure="", fold="fold-family-active", by="lddt", residue=100, removed="3.6,4.1")
    assert from_query(to_query(view)) == (view, [])


@pytest.mark.parametrize("query", [{"fold": "fold-magic-any"}, {"by": "colour"}, {"residue": "D1 D2"}, {"removed": "head"}])
def test_what_a_link_may_not_say_is_named(query):
    _, notices = from_query({"protein": "P2RY1", **query})
    assert len(notices) == 1
    assert notices[0].startswith(f"The link's {next(iter(query))} was ignored")
