import pytest

from allo_core.errors import FoldError
from allo_core.folding.offers import first_fold, fold_called, offered_folds
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import Protein

PROTEIN = find_receptor("P2RY1").protein


def test_what_is_offered_is_named_and_rated_and_can_be_drawn():
    offered = offered_folds(PROTEIN)
    assert next(iter(offered)) == "fold-template-any"  # on its own experiment, which does not ship as a structure
    assert len(offered) == 6
    for name, said in offered.items():
        fold = fold_called(name, PROTEIN)
        assert said.startswith(f"{fold.name} · CA trace")
        assert "expected TM-score 0." in said
    assert "100% identical" in offered["fold-template-any"]


def test_what_cannot_be_drawn_is_not_offered():
    assert list(offered_folds(find_receptor("TA2R1").protein)) == ["fold-family-any"]
    assert "quality not tested" in offered_folds(find_receptor("TA2R1").protein)["fold-family-any"]
    assert offered_folds(Protein("mine", "ACDEFGHIKLMNPQRSTVWY" * 10)) == {}


@pytest.mark.parametrize("name", ["", "fold", "fold-family", "fold-family-open", "fold-magic-any", "fold-family-any-more", "AF-P47900-F1"])
def test_other_names_are_refused(name):
    with pytest.raises(FoldError, match="names no fold"):
        fold_called(name, PROTEIN)


@pytest.mark.parametrize(
    ("entry", "name"),
    [("P2RY1", "fold-template-any"), ("GP173", "fold-family-any"), ("TA2R1", "fold-family-any")],
)
def test_what_a_receptor_without_a_structure_opens_with(entry, name):
    """Threaded where half of the residues are identical, the average below, and where there is nothing to thread on."""
    protein = find_receptor(entry).protein
    assert first_fold(protein) == name
    if "template" in name:
        assert fold_called(name, protein).identity >= 0.5


def test_a_sequence_without_numbers_opens_with_no_fold():
    assert first_fold(Protein("mine", "ACDEFGHIKLMNPQRSTVWY" * 10)) == ""
