"""What the comparison with random sites costs, in numbers of an answer and in words."""

import re

import numpy as np
import pytest

from allo_core.analysis.answer import Answer, answer_from_columns
from allo_core.analysis.power import power_in_full
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import Columns
from allo_core.attention.power import Needed
from allo_core.library.receptors import find_receptor

A2A = Subject.of(find_receptor("AA2AR").protein)
POCKET = A2A.sites["sodium pocket"]
CLAUSE = r"a single head would need \d\.\d times the expected attention \(median of 6 heads{}\)"


def asked(sites=POCKET, null="matched", factor=1.0, draws=2000, heads=6, **rest):
    """Random columns of some heads, in the first of which the site weighs more."""
    weights = np.random.default_rng(0).gamma(0.5, size=(1, heads, 412))
    weights[0, 0, list(sites)] *= factor
    question = Question(A2A, sites, null=null, draws=draws, **rest)
    return answer_from_columns(question, Columns(weights, np.ones(weights.shape, dtype=int), 0.3))


def test_the_overlap_of_the_library_sites():
    """Against the counts of their strata, residue by residue."""
    known = {("AA2AR", "sodium pocket"): 0.2953, ("GPBAR", "second INT-777 site"): 0.424, ("GPR52", "side pocket"): 0.444}
    for (entry, site), share in known.items():
        subject = Subject.of(find_receptor(entry).protein)
        strata, marked = subject.numbers.strata(), subject.sites[site]
        direct = sum(sum(strata[j] == strata[i] for j in marked) / strata.count(strata[i]) for i in marked) / len(marked)
        columns = Columns(np.ones((1, 1, len(subject.protein))), np.ones((1, 1, len(subject.protein)), dtype=int), 0.3)
        answered = answer_from_columns(Question(subject, marked, null="matched"), columns)
        assert answered.overlap == pytest.approx(direct) == pytest.approx(share, abs=1e-3)
    assert asked(null="uniform").overlap == pytest.approx(16 / 412)


def test_without_p_there_is_no_cost():
    published = asked(null="published")
    assert (published.overlap, published.needed, published.needed_among_places) == (None, None, None)
    assert power_in_full(published, always=True) == ""
    few = asked(sites=POCKET[:2])
    assert power_in_full(few, always=True) == ""


def test_where_no_head_passes_it_is_said():
    answered = asked()
    assert not len(answered.scores.passing())
    assert not len(answered.pockets.passing)
    assert f"{answered.needed_among_places.median:.1f} times" in power_in_full(answered)
    quartiles = r", quartiles \d\.\d to \d\.\d"
    told = (
        r"30% of a random matched site is the marked site itself, which costs power\. "
        rf"Against random residues: {CLAUSE.format(quartiles)}\. Among places like the site: {CLAUSE.format(quartiles)}\."
    )
    assert re.fullmatch(told, power_in_full(answered))
    assert re.fullmatch(told.replace("30%", r"29\.5%"), power_in_full(answered, always=True))


def test_where_a_head_passes_it_is_told_on_request_alone():
    answered = asked(factor=8)
    assert len(answered.scores.passing()) == len(answered.pockets.passing) == 1
    assert power_in_full(answered) == "30% of a random matched site is the marked site itself, which costs power."
    assert power_in_full(answered, always=True).count("a single head would need") == 2
    assert power_in_full(asked(null="uniform", factor=8)) == ""
    assert power_in_full(asked(null="uniform"), always=True).startswith("3.9% of a random site is the marked site itself. Against")


def test_a_coupling_is_told_of_random_residues():
    coupling = asked(b=POCKET, measure="AB", sites=(100, 104, 200, 230))
    assert coupling.needed_among_places is None
    assert "Against random residues: a single head would need" in power_in_full(coupling)
    assert "Among places" not in power_in_full(coupling)


def test_draws_that_are_too_few_and_heads_that_cannot_pass(monkeypatch):
    few = asked(draws=50)
    assert power_in_full(few).startswith("30% of a random matched site is the marked site itself, which costs power. Against random")
    assert "Against random residues: no single head could pass with 50 draws." in power_in_full(few)
    none = Needed(np.full(6, np.nan), 6, True)
    monkeypatch.setattr(Answer, "needed", none)
    assert "random residues: no single head could pass, whatever residues of these kinds were marked." in power_in_full(few)
    some = Needed(np.array([2.0, 3.0, np.nan]), 3, True)
    monkeypatch.setattr(Answer, "needed", some)
    assert "need 2.5 times the expected attention (median of the 2 of 3 heads that could, quartiles 2.2 to 2.8)" in power_in_full(few)
