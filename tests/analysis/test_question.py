"""Questions about one protein, and what follows from them."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.analysis.answer import Answer, answer, answer_from_columns
from allo_core.analysis.question import Question
from allo_core.analysis.strata import default_null, possible_null, strata_of
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import columns
from allo_core.attention.scores import score_heads
from allo_core.errors import LibraryError, ResidueError, ScoreError
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import extract_attention

A2A = Subject.of(find_receptor("AA2AR").protein)
BARE = Subject.of(Protein("poly-alanine", "A" * 60))
A, B = (51, 90, 279), (101, 109, 226)


@pytest.fixture(scope="module")
def attention():
    maps = np.random.default_rng(2).lognormal(sigma=2, size=(2, 3, len(A2A.protein), len(A2A.protein)))
    return (maps / maps.sum(axis=-1, keepdims=True)).astype(np.float32)


def test_a_subject_knows_what_the_library_knows():
    assert A2A.numbers.gpcrdb[51] == "2x50"
    assert A2A.receptor.entry == "AA2AR"
    assert 51 in A2A.sites["sodium pocket"]
    assert (BARE.numbers, BARE.receptor, BARE.sites) == (None, None, {})
    assert Subject.of(find_receptor("AA2AR").protein) is A2A


def test_residues_are_named_by_text_or_by_a_site_of_the_library():
    assert A2A.residues("D52 2x50, 3.39") == (51, 90)
    assert A2A.residues(" Sodium Pocket ") == A2A.sites["sodium pocket"]
    with pytest.raises(LibraryError, match="AA2AR has no site 'moon pocket' in the library; its sites: "):
        A2A.residues("moon pocket")
    with pytest.raises(ResidueError):
        BARE.residues("sodium pocket")


def test_the_null_follows_the_numbers():
    assert (default_null(A2A.numbers), default_null(None)) == ("pocket", "uniform")
    nulls = ("uniform", "matched", "pocket", "published")
    assert [possible_null(null, None) for null in nulls] == ["uniform", "uniform", "uniform", "published"]
    assert [possible_null(null, A2A.numbers) for null in nulls] == list(nulls)
    assert strata_of("pocket", A2A.numbers, "AA2AR") == A2A.numbers.strata()
    assert strata_of("pocket", None, "x") is None
    assert strata_of("matched", A2A.numbers, "AA2AR") == A2A.numbers.strata()
    assert strata_of("uniform", A2A.numbers, "AA2AR") is strata_of("published", None, "x") is None


def test_what_cannot_be_asked():
    with pytest.raises(ScoreError, match="needs generic numbers, which poly-alanine lacks; choose uniform"):
        Question(BARE, (1,), null="matched")
    with pytest.raises(ScoreError, match="Set B is empty"):
        Question(A2A, A, measure="AB")
    with pytest.raises(ScoreError, match="measure 'C' is unknown"):
        Question(A2A, A, B, "C")
    with pytest.raises(ScoreError, match="site index 60 does not exist"):
        answer_from_columns(Question(BARE, (60,)), columns(np.eye(60)[None, None], 0.3))


@pytest.mark.parametrize(("measure", "queries", "sites"), [("A", None, A), ("B", None, B), ("AB", A, B), ("BA", B, A)])
@pytest.mark.parametrize("null", ["uniform", "matched", "published"])
def test_an_answer_is_the_scores_of_its_columns(attention, measure, queries, sites, null):
    question = Question(A2A, A, B, measure, 0.01, null, draws=300, seed=4)
    assert (question.queries, question.sites) == (queries, sites)
    found = answer_from_columns(question, columns(attention, 0.01, queries))
    strata = A2A.numbers.strata() if null == "matched" else None
    expected = score_heads(columns(attention, 0.01, queries), sites, null, strata, 300, 4)
    assert found.scores.frame.equals(expected.frame)
    assert found.control == expected.control
    assert (found.control is None) == (null == "published")


def test_an_answer_carries_its_run():
    maps = extract_attention(load_model("alloscope_gpcr_8m", device="cpu"), A2A.protein)
    question = Question(A2A, A, threshold=0.05, draws=100)
    found = answer(question, maps)
    assert isinstance(found, Answer)
    assert found.run is maps.meta
    assert found.question is question
    assert found.scores.frame.equals(score_heads(maps.columns(0.05), A, draws=100).frame)
    with pytest.raises(ScoreError, match="without a kept run"):
        _ = answer_from_columns(question, maps.columns(0.05)).run


def test_the_key_holds_what_the_scores_depend_on():
    question = Question(A2A, A, B, null="matched")
    same = [replace(question, b=()), replace(question)]
    others = [
        replace(question, a=(1,)), replace(question, measure="B"), replace(question, measure="AB"), replace(question, threshold=0.1),
        replace(question, null="uniform"), replace(question, draws=70), replace(question, seed=1),
    ]  # fmt: skip
    assert {each.key for each in same} == {question.key}
    assert len({each.key for each in (question, *others)}) == 1 + len(others)
