"""What was looked at, in order."""

import json

import pytest

from allo_core.analysis import question_log
from allo_core.analysis.answer import answer
from allo_core.analysis.question import Question
from allo_core.analysis.question_log import MOST_QUESTIONS, QuestionLog, asked_by, found_by, key_of_answer
from allo_core.analysis.subject import Subject
from allo_core.export import run_record
from allo_core.library.receptors import find_receptor
from allo_core.models.language_model import load_model
from allo_core.models.registry import DEFAULT_MODEL
from allo_core.runs.extract import extract_attention

A2A = Subject.of(find_receptor("AA2AR").protein)
POCKET = A2A.sites["sodium pocket"]


@pytest.fixture
def clock(monkeypatch):
    """Each look at the clock is a second later."""
    ticks = iter(range(100_000))
    monkeypatch.setattr(question_log, "_now", lambda: f"{next(ticks):05}")


@pytest.fixture
def answered():
    """Answers of the shipped model on AA2AR."""
    maps = extract_attention(load_model(DEFAULT_MODEL, device="cpu"), A2A.protein)
    return lambda **asked: answer(Question(A2A, **{"a": POCKET, "null": "matched"} | asked), maps)


def look(log, name):
    log.look(name, lambda: {"name": name}, dict)


def test_a_question_is_kept_once_and_coming_back_to_it_is_counted(clock):
    log = QuestionLog()
    for name in "a", "a", "b", "b", "a", "c", "a", "a":
        look(log, name)
    assert (log.total, log.current.number, log.began) == (3, 1, "00000")
    assert [(each.number, each.asked["name"], each.times) for each in log.questions] == [(1, "a", 3), (2, "b", 1), (3, "c", 1)]
    first = log.questions[0]
    assert (first.first, first.last) == ("00001", "00005")


def test_the_same_question_is_not_worked_out_again():
    log, worked = QuestionLog(), []
    for name in "a", "a", "b", "a":
        log.look(name, lambda name=name: worked.append(name) or {}, dict)
    assert worked == ["a", "b"]


def test_the_oldest_make_room_and_stay_counted(clock):
    log = QuestionLog()
    for number in range(MOST_QUESTIONS + 5):
        look(log, str(number))
    assert (len(log.questions), log.total) == (MOST_QUESTIONS, MOST_QUESTIONS + 5)
    assert [log.questions[0].number, log.questions[-1].number] == [6, MOST_QUESTIONS + 5]
    look(log, "0")
    assert (log.current.number, log.current.times) == (MOST_QUESTIONS + 6, 1)
    plain = log.plain()
    assert (plain["total"], plain["kept"], plain["this_question"]) == (MOST_QUESTIONS + 6, MOST_QUESTIONS, MOST_QUESTIONS + 6)


def test_what_is_the_same_question(answered):
    key = key_of_answer(answered())
    same = answered(b=(3, 4, 5))  # a set that the measure does not need
    assert key_of_answer(same) == key
    others = [
        answered(a=POCKET[1:]), answered(threshold=0.1), answered(null="uniform"), answered(measure="AB", b=(3, 4, 5)), answered(seed=1),
    ]  # fmt: skip
    assert len({key, *(key_of_answer(each) for each in others)}) == 6


def test_what_is_told_of_an_answer(answered):
    found = answered()
    asked = asked_by(found)
    assert asked["protein"] | {"sequence_sha256": ""} == {"name": "AA2AR", "entry": "AA2AR", "first": 1, "sequence_sha256": ""}
    assert asked["sets"] == {"A": " ".join(A2A.protein.label(index) for index in POCKET)}
    assert (asked["measure"], asked["threshold"], asked["null"], asked["draws"], asked["model_id"]) == (
        "A", 0.3, "matched", 20_000, DEFAULT_MODEL,
    )  # fmt: skip
    before = found_by(found)
    assert (before["global_p"], before["not_compared"]) == (None, "not worked out yet")
    assert (before["heads_tested"], before["heads_that_pass"]) == (found.scores.n_tested, len(found.scores.passing()))
    pockets = found.pockets
    assert found_by(found) == before | {
        "heads_that_pass_among_places": len(pockets.passing), "global_p": pockets.global_p, "not_compared": "",
    }  # fmt: skip
    published = found_by(answered(null="published"))
    assert (published["heads_that_pass"], published["not_compared"]) == (None, "the published null gives no p")


def test_the_record_holds_the_log(answered):
    log = QuestionLog()
    for found in (answered(threshold=0.1), answered(), answered(threshold=0.1)):
        log.look(key_of_answer(found), lambda found=found: asked_by(found), lambda found=found: found_by(found))
        _ = found.pockets
        log.complete(key_of_answer(found), lambda found=found: found_by(found))
    log.complete("another one", dict)  # a question that is no longer shown
    record = json.loads(run_record(answered(threshold=0.1), log=log))["questions_looked_at"]
    assert (record["total"], record["this_question"], record["began"]) == (2, 1, log.began)
    assert [(each["number"], each["times"], each["asked"]["threshold"]) for each in record["questions"]] == [(1, 2, 0.1), (2, 1, 0.3)]
    assert all(0 < each["found"]["global_p"] <= 1 for each in record["questions"])
    assert "questions_looked_at" not in json.loads(run_record(answered()))
    assert A2A.protein.sequence not in json.dumps(record)
