"""The pocket null: p and q among places like the site, everything else as under the matched null."""

from dataclasses import replace

import numpy as np
import pytest

from allo_core.analysis.answer import answer, answer_from_columns
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.analysis.verdict import plain_verdict, standing
from allo_core.attention.columns import Columns
from allo_core.attention.scores import check_draws, score_heads
from allo_core.errors import ScoreError
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import extract_attention

A2A = Subject.of(find_receptor("AA2AR").protein)
SODIUM = A2A.sites["sodium pocket"]
OF_PLACES = ["p_value", "q_value"]


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ALLOSCOPE_HOME", str(tmp_path_factory.mktemp("home")))
        yield extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A.protein)


@pytest.mark.parametrize("sites", [SODIUM, tuple(range(100, 112))])
def test_p_and_q_are_those_of_places_and_the_rest_is_matched(maps, sites):
    question = Question(A2A, sites, threshold=0.1, null="pocket")
    found, matched = answer(question, maps), answer(replace(question, null="matched"), maps)
    same = matched.pockets
    assert found.scores.frame.drop(columns=OF_PLACES).equals(matched.scores.frame.drop(columns=OF_PLACES))
    defined = found.scores.frame["snr"].notna()
    np.testing.assert_array_equal(found.scores.frame["q_value"], np.where(defined, same.q_value, np.nan))
    np.testing.assert_array_equal(found.scores.frame["p_value"], np.where(defined, same.p_value, np.nan))
    assert (found.scores.null, found.scores.draws, found.scores.n_tested) == ("pocket", same.n_places, same.tested.sum())
    assert found.pockets.global_p == same.global_p
    assert found.overlap == same.overlap
    assert found.control is found.needed is None
    assert (found.needed_among_places.enrichment >= 0).any()
    if len(sites) == len(SODIUM):
        assert same.kind == "pocket"
        assert found.scores.smallest_q == pytest.approx(same.tested.sum() / (1 + same.n_places))
        assert same.n_places > 20_000
    else:
        assert np.isnan(found.scores.smallest_q)


def test_a_coupling_has_p_among_pairs(maps):
    question = Question(A2A, SODIUM, tuple(range(100, 110)), "AB", 0.1, "pocket")
    found = answer(question, maps)
    assert found.pockets.kind == "pair"
    tested = found.pockets.tested & found.scores.frame["snr"].notna()
    np.testing.assert_array_equal(found.scores.frame["q_value"][tested], found.pockets.q_value[tested])
    assert found.asymmetry is not None


def test_p_and_q_can_follow(maps):
    question = Question(A2A, SODIUM, tuple(range(100, 110)), "AB", 0.1, "pocket")
    columns = maps.columns(0.1, question.queries)
    first = answer_from_columns(question, columns, maps.meta, maps, wait=True)
    assert first.scores.pending
    assert not first.pockets_known
    assert first.scores.frame[OF_PLACES].isna().all(axis=None)
    done = first.completed()
    assert not done.scores.pending
    assert first.pockets_known
    assert done.scores.frame.equals(answer(question, maps).scores.frame)
    assert done.completed() is done
    phrases = {"A": "the sodium pocket", "B": "the ten"}
    assert plain_verdict(first, phrases, wait=True) == (
        "How many heads look from the sodium pocket at the ten more than between other places follows."
    )
    assert standing(first.scores, (0, 0)).startswith("is being compared with other places")
    assert plain_verdict(done, phrases).startswith("None of ")


def test_more_pockets_reach_smaller_p(maps):
    smallest = []
    for draws in (400, 4000):
        found = answer(Question(A2A, SODIUM, threshold=0.1, null="pocket", draws=draws), maps)
        assert 0.97 * draws < found.scores.draws <= 41 * draws // 40
        smallest.append(found.scores.smallest_q)
    assert smallest[1] < 0.2 * smallest[0]


def columns_of(length, heads=3):
    weights = np.random.default_rng(0).random((1, heads, length))
    return Columns(weights, np.full(weights.shape, 3), 0.1)


def test_where_no_place_is_like_the_site_no_head_is_tested():
    missing = find_receptor("AA2AR").protein.index(410)  # a tail that the AlphaFold model is not sure of
    for subject, sites in ((A2A, (missing, missing - 2, missing - 9, 50)), (A2A, SODIUM[:2])):
        found = answer_from_columns(Question(subject, sites, null="pocket"), columns_of(len(subject.protein)))
        assert isinstance(found.pockets, str)
        assert (found.scores.n_tested, found.scores.draws, found.overlap) == (0, 0, None)
        assert found.scores.frame[OF_PLACES].isna().all(axis=None)
        assert found.scores.frame["snr"].notna().all()


def test_a_stretch_of_a_sequence_without_numbers_is_moved_along_it():
    bare = Subject.of(Protein("poly-alanine", "A" * 120))
    found = answer_from_columns(Question(bare, tuple(range(30, 38)), null="pocket"), columns_of(120))
    assert (found.pockets.kind, found.scores.n_tested) == ("stretch", 3)
    uniform = answer_from_columns(Question(bare, tuple(range(30, 38))), columns_of(120))
    assert found.scores.frame["snr"].equals(uniform.scores.frame["snr"])


def test_what_it_cannot_be_asked():
    with pytest.raises(ScoreError, match="which columns do not know"):
        score_heads(columns_of(50), (1, 2, 3), "pocket")
    for draws, reason in ((0, "0 pockets give no p value"), (59, "59 pockets are too few"), (200_001, "200001 pockets are too many")):
        with pytest.raises(ScoreError, match=f"{reason}; use 60 to 200,000"):
            check_draws(draws, "pocket")
        with pytest.raises(ScoreError, match=reason):
            answer_from_columns(Question(A2A, SODIUM, null="pocket", draws=draws), columns_of(len(A2A.protein)))
