from dataclasses import replace

from allo_core.folding.head_worth import ModelExpectation
from allo_core.folding.ranges import Range

HIGH, LOW = Range(0.8, 0.9, 0.95), Range(0.7, 0.8, 0.9)


def expectation(tm=LOW, lddt=LOW, average_tm=HIGH, average_lddt=HIGH, receptors=22):
    return ModelExpectation("A", receptors, "AlphaFold models", "that it had not learnt from", tm, lddt, average_tm, average_lddt)


def test_what_it_loses_stands_first():
    assert expectation().sentence.startswith("Worse than the family average by TM-score and lDDT. Expected TM-score 0.80 (0.70 to 0.90)")
    assert expectation(lddt=HIGH).sentence.startswith("Worse than the family average by TM-score. ")
    assert expectation(tm=HIGH, lddt=HIGH).sentence.startswith("Expected TM-score 0.90 (0.80 to 0.95) and lDDT")
    assert expectation(tm=HIGH, lddt=HIGH).lost == ()
    assert "where the family average reaches 0.90 (0.80 to 0.95)" in expectation().sentence
    assert "22 receptors of class A that it had not learnt from, against AlphaFold models" in expectation().sentence


def test_too_few_are_no_test():
    few = expectation(None, None, None, None, 2)
    assert few.lost == ()
    assert few.sentence == ("How good it is was not tested: 2 held-out receptors of class A can judge such a fold here, and 5 are needed.")
    nobody = replace(few, receptor_class="", receptors=0)
    assert nobody.sentence == "How good it is was not tested: every held-out receptor has generic numbers, and this protein has none."
