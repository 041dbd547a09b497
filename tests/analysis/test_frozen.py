"""A question on disk: what stands in the file, what shows that it was changed, and that it is answered as the question itself."""

import hashlib
import itertools
import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from allo_core.analysis import frozen as module
from allo_core.analysis import frozen_file
from allo_core.analysis.answer import answer, answer_from_columns
from allo_core.analysis.basis import earliest_run
from allo_core.analysis.frozen import FrozenAnalysis, FrozenQuestion, freeze, frozen_question, sha256_of
from allo_core.analysis.frozen_check import changed_since, frozen_facts, outcome, when_frozen
from allo_core.analysis.frozen_file import read_frozen
from allo_core.analysis.measures import MEASURES
from allo_core.analysis.question import Question
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import columns
from allo_core.errors import FrozenError, ScoreError, SequenceError, WeightsError
from allo_core.export import run_record
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL, get_spec
from allo_core.protein.sequence import Protein
from allo_core.runs.extract import extract_attention
from allo_core.runs.extract_columns import extract_columns
from allo_core.runs.store import list_runs

A2A = Subject.of(find_receptor("AA2AR").protein)
POCKET = A2A.sites["sodium pocket"]
B = (101, 109, 226, 230)
NULLS = ("uniform", "matched", "published")


def rehashed(text: str, **changes) -> str:
    """The file with other values and the sha256 that belongs to them, as somebody could write it by hand."""
    values = json.loads(text) | changes
    return json.dumps(values | {"sha256": sha256_of(values)})


@pytest.fixture
def text() -> str:
    return freeze(Question(A2A, POCKET, null="matched"), DEFAULT_MODEL, given_as={"A": "sodium pocket"}).text()


@pytest.mark.parametrize(("measure", "null"), list(itertools.product(MEASURES, NULLS)))
def test_every_question_comes_back_and_has_the_same_answer(measure, null):
    asked = Question(A2A, POCKET, B, measure, 0.01, null, draws=300, seed=4)
    frozen = read_frozen(freeze(asked, "antiberty", "bfloat16").text())
    back = frozen.asked()
    assert back.key == asked.key
    assert (back.measure, back.queries, back.sites) == (measure, asked.queries, asked.sites)
    assert (frozen.question.model_id, frozen.question.dtype) == ("antiberty", "bfloat16")
    assert set(frozen.question.sets) == set(measure)
    maps = np.random.default_rng(2).lognormal(sigma=2, size=(2, 3, 412, 412))
    maps = (maps / maps.sum(axis=-1, keepdims=True)).astype(np.float32)
    first, second = (answer_from_columns(each, columns(maps, 0.01, each.queries)) for each in (asked, back))
    assert first.scores.frame.equals(second.scores.frame)


def test_the_draws_that_the_heads_need_are_told_and_give_the_same_scores():
    asked = Question(A2A, POCKET, null="matched", threshold=0.05)
    back = freeze(asked, DEFAULT_MODEL).asked()
    assert (asked.draws, back.draws) == (None, 20_000)
    maps = extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A.protein)
    first, second = answer(asked, maps), answer(back, maps)
    assert first.scores.frame.equals(second.scores.frame)
    assert (first.scores.draws, first.pockets.global_p) == (second.scores.draws, second.pockets.global_p)
    assert freeze(asked, "esm2_t48_15B_UR50D").question.draws == 40 * 48 * 40


def test_what_stands_in_the_file(text):
    values = json.loads(text)
    question = values["question"]
    protein = question["protein"]
    assert protein["sequence_sha256"] == hashlib.sha256(A2A.protein.sequence.encode()).hexdigest()
    assert (protein["entry"], protein["first"], protein["sequence"]) == ("AA2AR", 1, A2A.protein.sequence)
    assert question["sets"] == {"A": {"residues": [A2A.protein.label(index) for index in POCKET], "given_as": "sodium pocket"}}
    assert (question["measure"], question["threshold"], question["null"], question["seed"]) == ("A", 0.3, "matched", 0)
    assert values["finding"] == {"q_below": 0.05, "global_p_up_to": 0.05}
    assert values["weights_sha256"] == get_spec(DEFAULT_MODEL).sources[0].sha256
    assert values["places_from"] == "AF-P29274-F1"
    assert values["earlier_run"] is None
    assert abs(datetime.fromisoformat(values["frozen"]) - datetime.now(UTC)) < timedelta(hours=1)
    plain = {name: value for name, value in values.items() if name != "sha256"}
    assert values["sha256"] == hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def leaves(value, place=()):
    """Places of everything in plain JSON that holds no more places."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    return [place] if inner is None else [leaf for key, each in inner for leaf in leaves(each, (*place, key))]


def test_every_change_shows(text):
    """Each value of the file in turn is replaced by another one of its type."""
    read_frozen(json.dumps(json.loads(text), indent=7, sort_keys=True))  # order and blanks are no content
    places = [place for place in leaves(json.loads(text)) if place != ("format",)]
    assert len(places) > 30
    for place in places:
        values = json.loads(text)
        holder = values
        for key in place[:-1]:
            holder = holder[key]
        old = holder[place[-1]]
        holder[place[-1]] = f"{old}x" if isinstance(old, str) else "x" if old is None else old + 1
        with pytest.raises(FrozenError, match="was changed after it was frozen"):
            read_frozen(json.dumps(values))


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("", r"f\.json is no frozen analysis \(Expecting value"),
        ("{}", "have no format"),
        ("[1]", "have no format"),
        ("[" * 100_000, "is no frozen analysis"),
        ('{"format": 2}', "written in format 2, this version reads 1"),
        ('{"format": 1}', "'alloscope' is missing"),
        ('{"format": NaN}', "NaN is no JSON"),
        ("9" * 1_000_001, "1,000,001 characters are more than any has"),
    ],
)
def test_what_is_no_frozen_analysis(broken, words):
    with pytest.raises(FrozenError, match=words):
        read_frozen(broken, "f.json")


def test_a_file_with_a_sha256_of_its_own_is_still_checked(text):
    question = json.loads(text)["question"]
    protein = question["protein"]
    for changes, words in (
        ({"new": 1}, "'new' is unknown"),
        ({"frozen": "today"}, "Invalid isoformat"),
        ({"frozen": "2026-01-01T00:00:00"}, "no time zone"),
        ({"finding": {"q_below": 0.2, "global_p_up_to": 0.05}}, "this version answers at 0.05 alone"),
        ({"question": question | {"weighting": "x"}}, "question.weighting"),
        ({"question": question | {"new": "x"}}, "new. is unknown"),
        ({"question": question | {"measure": "AB"}}, "the measure AB needs other sets than A"),
        ({"question": question | {"measure": "C"}}, "is no frozen analysis"),
        ({"question": question | {"threshold": 0.005}}, "0.005"),
        ({"question": question | {"threshold": 1e999}}, "."),
        ({"question": question | {"null": "moon"}}, "moon"),
        ({"question": question | {"draws": 0}}, "0 random draws"),
        ({"question": question | {"seed": -1}}, "seed -1 is negative"),
        ({"question": question | {"model_id": "gpt"}}, "gpt"),
        ({"question": question | {"dtype": "int4"}}, "int4"),
        ({"question": question | {"sets": {"A": {"residues": ["D53"], "given_as": ""}}}}, "'D53', which is no residue of AA2AR"),
        ({"question": question | {"sets": {"A": {"residues": [], "given_as": ""}}}}, "Set A is empty"),
        ({"question": question | {"protein": protein | {"sequence": "M" + protein["sequence"]}}}, "than its sequence_sha256"),
        ({"question": question | {"protein": protein | {"sequence": "M1", "sequence_sha256": hashlib.sha256(b"M1").hexdigest()}}}, "digit"),
    ):  # fmt: skip
        with pytest.raises(FrozenError, match=words):
            read_frozen(rehashed(text, **changes))


def test_what_cannot_be_frozen():
    asked = Question(A2A, POCKET)
    for question, model, dtype, error in (
        (replace(asked, threshold=0.96), DEFAULT_MODEL, "float32", ScoreError),
        (replace(asked, null="moon"), DEFAULT_MODEL, "float32", ScoreError),
        (replace(asked, draws=0), DEFAULT_MODEL, "float32", ScoreError),
        (replace(asked, seed=-1), DEFAULT_MODEL, "float32", FrozenError),
        (asked, "gpt", "float32", WeightsError),
        (asked, DEFAULT_MODEL, "int4", FrozenError),
        (Question(Subject.of(Protein("long", "A" * 600)), (3, 4, 5)), "antiberty", "float32", SequenceError),
    ):
        with pytest.raises(error):
            freeze(question, model, dtype)


def test_a_part_with_its_own_numbers_and_a_histidine_called_like_helix_8():
    part = Subject.of(Protein("mine", "MKTAYIAHQRQISFVKSHFSRQLEERLGLIEVQ", first=1))
    asked = Question(part, (7, 8, 9), threshold=0.05)  # H8
    assert read_frozen(freeze(asked, DEFAULT_MODEL).text()).asked().a == (7, 8, 9)
    cut = Subject.of(A2A.protein.crop(20, 300))
    back = read_frozen(freeze(Question(cut, (40, 50, 60), null="matched"), DEFAULT_MODEL).text()).asked()
    assert (back.subject.protein.first, back.a) == (20, (40, 50, 60))
    assert back.strata == Question(cut, (40, 50, 60), null="matched").strata


def test_differences_are_named():
    asked = Question(A2A, POCKET, B, null="matched")
    own = frozen_question(asked, DEFAULT_MODEL, "float32", {"A": "sodium pocket"})
    assert own.differences(frozen_question(replace(asked, b=(), draws=20_000), DEFAULT_MODEL, "float32")) == ()
    renamed = Subject.of(replace(A2A.protein, name="mine"))
    assert own.differences(frozen_question(replace(asked, subject=renamed), DEFAULT_MODEL, "float32")) == ()
    for other, words in (
        (replace(asked, threshold=0.1), ("threshold 0.1 instead of 0.3",)),
        (replace(asked, a=POCKET[:-2]), ("set A with 0 more and 2 fewer residues",)),
        (replace(asked, measure="AB"), ("measure AB instead of A",)),
        (replace(asked, null="uniform", seed=3), ("null uniform instead of matched", "seed 3 instead of 0")),
        (replace(asked, draws=50_000), ("random draws 50000 instead of 20000",)),
    ):
        assert own.differences(frozen_question(other, DEFAULT_MODEL, "float32")) == words
    assert own.differences(frozen_question(asked, DEFAULT_MODEL, "bfloat16")) == ("precision bfloat16 instead of float32",)
    assert own.differences(frozen_question(asked, "antiberty", "float32")) == (f"model antiberty instead of {DEFAULT_MODEL}",)
    moved = Question(Subject.of(A2A.protein.crop(10, 412)), (5, 6, 7), null="matched")
    assert own.differences(frozen_question(moved, DEFAULT_MODEL, "float32"))[0] == "protein AA2AR with another sequence or numbering"


def test_a_question_with_a_field_to_come_reads_the_files_of_today(text, monkeypatch):
    """What somebody adds to a question has to be frozen with it, and what was frozen before asks what was asked then."""

    @dataclass(frozen=True, eq=False)
    class LaterQuestion(Question):
        smoothing: str = "none"

    @dataclass(frozen=True, kw_only=True)
    class LaterFrozenQuestion(FrozenQuestion):
        smoothing: str = "none"

    @dataclass(frozen=True, kw_only=True)
    class LaterAnalysis(FrozenAnalysis):
        question: LaterFrozenQuestion
        note: str = ""

    monkeypatch.setattr(module, "Question", LaterQuestion)
    with pytest.raises(TypeError, match="smoothing"):  # it is not forgotten
        frozen_question(LaterQuestion(A2A, POCKET), DEFAULT_MODEL, "float32")
    monkeypatch.setattr(module, "FrozenQuestion", LaterFrozenQuestion)
    for each in (module, frozen_file):
        monkeypatch.setattr(each, "FrozenAnalysis", LaterAnalysis)
    LaterAnalysis.__annotations__["question"] = LaterFrozenQuestion
    assert read_frozen(text).asked().smoothing == "none"
    later = freeze(LaterQuestion(A2A, POCKET, smoothing="values"), DEFAULT_MODEL)
    assert read_frozen(later.text()).asked().smoothing == "values"
    old = frozen_question(LaterQuestion(A2A, POCKET), DEFAULT_MODEL, "float32")
    assert old.differences(later.question) == ("smoothing values instead of none",)


def test_every_field_of_a_question_is_frozen_today():
    assert {item.name for item in fields(Question)} - {"subject", "a", "b"} <= {item.name for item in fields(FrozenQuestion)}


def test_a_run_that_is_older_than_the_file(text):
    frozen = read_frozen(text)
    assert earliest_run(DEFAULT_MODEL, A2A.protein.sequence) is None
    assert when_frozen(frozen) == (True, "No run of this model on this sequence that is kept here is older than the file.")
    model = load_model(DEFAULT_MODEL, device="cpu")
    extract_attention(model, A2A.protein)
    (run,) = list_runs()
    assert earliest_run(DEFAULT_MODEL, A2A.protein.sequence) == run.meta.created
    assert earliest_run("antiberty", A2A.protein.sequence) is earliest_run(DEFAULT_MODEL, "M") is None
    later, earlier = (read_frozen(rehashed(text, frozen=f"{year}-01-01T00:00:00+00:00")) for year in (2999, 2001))
    assert when_frozen(earlier)[0]
    before, told = when_frozen(later)
    assert not before
    assert "older than the file" in told
    assert "the question was not fixed before the model ran here" in told
    known = freeze(Question(A2A, POCKET), DEFAULT_MODEL)
    assert known.earlier_run == run.meta.created
    assert when_frozen(known)[1].startswith("When it was frozen, the model had already read this sequence on the machine that froze it")


def test_columns_of_a_set_are_a_run_too(text):
    extract_columns(load_model(DEFAULT_MODEL, device="cpu"), A2A.protein, (0.0, 0.3))
    assert list_runs() == []
    assert not when_frozen(read_frozen(rehashed(text, frozen="2999-01-01T00:00:00+00:00")))[0]


def test_what_has_changed_since_and_what_the_rule_says(text):
    maps = extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A.protein)
    frozen = read_frozen(text)
    found = answer(frozen.asked(), maps)
    assert changed_since(frozen, found) == ()
    changes = {"weights_sha256": "0" * 64, "strata_sha256": None, "places_from": "1U19", "alloscope": "0.0.1"}
    told = " ".join(changed_since(read_frozen(rehashed(text, **changes)), found))
    for words in (
        "weights are other ones",
        "not 000000000000…",
        "The strata are other ones",
        "AF-P29274-F1, not on 1U19",
        "by AlloScope 0.0.1",
    ):
        assert words in told
    assert "does not name the weights" in changed_since(read_frozen(rehashed(text, weights_sha256=None)), found)[0]

    pockets = found.pockets
    said = outcome(frozen, found)
    assert f"{len(pockets.passing)} of {int(pockets.tested.sum())} heads are a finding among places like the site" in said
    assert ("the model as a whole is a finding" in said) == (pockets.global_p <= 0.05)
    coupling = freeze(Question(A2A, POCKET, B[:2], "AB", 0.05, "matched"), DEFAULT_MODEL)
    assert "there is no global p (at least 3 residues are needed)" in outcome(coupling, answer(coupling.asked(), maps))
    published = freeze(Question(A2A, POCKET, null="published"), DEFAULT_MODEL)
    assert "gives no p, so nothing can be a finding" in outcome(published, answer(published.asked(), maps))
    untested = freeze(Question(A2A, POCKET[:2], (3,), "BA", 0.95, "matched"), DEFAULT_MODEL)
    assert "no head is tested, so there is no answer" in outcome(untested, answer(untested.asked(), maps))


def test_the_record_says_how_the_answer_stands_to_the_file(text):
    maps = extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A.protein)
    frozen = read_frozen(text)
    found = answer(frozen.asked(), maps)
    facts = json.loads(run_record(found, frozen=frozen_facts(frozen, found)))["frozen_analysis"]
    assert (facts["sha256"], facts["unchanged"], facts["differences"]) == (frozen.sha256, True, [])
    assert facts["outcome"] == outcome(frozen, found)
    other = answer(replace(frozen.asked(), threshold=0.1), maps)
    facts = frozen_facts(frozen, other)
    assert (facts["unchanged"], facts["differences"], facts["outcome"]) == (False, ["threshold 0.1 instead of 0.3"], None)
