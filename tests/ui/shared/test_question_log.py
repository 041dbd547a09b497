"""The folded line about the questions of a session, without a browser."""

import pytest

from allo_core.analysis.question_log import Looked, QuestionLog
from allo_core.ui.shared import question_log


def looked(number, **asked):
    usual = {"protein": {"name": "AA2AR"}, "measure": "AB", "sets": {"A": "D52 S91", "B": "R102"}, "threshold": 0.3, "null": "matched"}
    return Looked(
        number, "2026-11-28T07:00:00+00:00", "2026-11-28T07:01:02+00:00", 2, usual | {"model_id": "x"} | asked, {"global_p": 0.01}
    )


@pytest.mark.parametrize(
    ("number", "total", "words"),
    [
        (1, 1, "1st question of this session"),
        (2, 2, "2nd question of this session"),
        (3, 7, "3rd of 7 questions of this session"),
        (7, 7, "7th question of this session"),
        (11, 11, "11th question of this session"),
        (112, 112, "112th question of this session"),
        (121, 121, "121st question of this session"),
    ],
)
def test_which_question_this_is(number, total, words):
    assert question_log._label(looked(number), total) == words


def test_a_row_of_the_list():
    row = question_log._row(looked(4))
    assert (row["no."], row["asked"], row["residues"]) == (4, "AA2AR A → B (2, 1)", "A: D52 S91; B: R102")
    assert (row["times"], row["last (UTC)"], row["global p"], row["pass"]) == (2, "07:01:02", 0.01, None)
    asked = {
        "receptors": "sodium pocket",
        "members": 280,
        "positions": ["2x50", "3x39"],
        "threshold": 0.3,
        "null": "matched",
        "model_id": "x",
    }
    row = question_log._row(Looked(1, "", "", 1, asked, {"heads_that_pass": 0}))
    assert (row["asked"], row["residues"], row["pass"], row["global p"]) == ("sodium pocket (280 receptors)", "2x50 3x39", 0, None)


def test_what_is_kept_is_said():
    log = QuestionLog()
    assert "a reload or another tab begins a new one" in question_log._kept(log)
    assert "made room" not in question_log._kept(log)
    for number in range(1003):
        log.look(str(number), dict, dict)
    assert question_log._kept(log).endswith("At most 1,000 are kept. The oldest 3 made room and are no longer listed.")
