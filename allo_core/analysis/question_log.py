"""The questions whose answers were looked at, in order: choosing among many answers makes any one of them worth less than its q says."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from allo_core.analysis.frozen import frozen_question

if TYPE_CHECKING:  # the terminal's errors need not wait for pandas
    from allo_core.analysis.answer import Answer

__all__ = ["MOST_QUESTIONS", "PENDING", "Looked", "QuestionLog", "asked_by", "found_by", "key_of_answer"]

MOST_QUESTIONS = 1000  # of 1 kB each
PENDING = "not worked out yet"


@dataclass(frozen=True)
class Looked:
    """One question that was looked at.

    Parameters
    ----------
    number : int
        Counted from 1 over the whole log.
    first, last : str
        When it was looked at for the first and for the last time, ISO 8601 in UTC.
    times : int
        How often: coming back to it after another question counts, a change that asks nothing else does not.
    asked, found : mapping of str to JSON values
        The question, and what came out as far as it was worked out.
    """

    number: int
    first: str
    last: str
    times: int
    asked: Mapping[str, object]
    found: Mapping[str, object]


class QuestionLog:
    """Distinct questions in the order in which they were first looked at.

    It keeps the last 1,000: a further one takes the place of the oldest, whose number stays counted and who is new if it is asked again.

    Attributes
    ----------
    began : str
        When the log began, ISO 8601 in UTC.
    total : int
        Distinct questions so far, those that are no longer kept among them.
    """

    def __init__(self) -> None:
        self.began = _now()
        self.total = 0
        self._kept: dict[str, Looked] = {}
        self._current = ""

    @property
    def questions(self) -> list[Looked]:
        """The questions that are kept, in order."""
        return list(self._kept.values())

    @property
    def current(self) -> Looked | None:
        """The question that was looked at last."""
        return self._kept.get(self._current)

    def look(self, key: str, asked: Callable[[], Mapping[str, object]], found: Callable[[], Mapping[str, object]]) -> None:
        """Note that the answer of a question is shown; what it asks and what came out is only worked out for a new one.

        Parameters
        ----------
        key : str
            The same for the same question.
        asked, found : callable()
            Give the fields of `Looked`.
        """
        if key == self._current:
            return
        before = self._kept.get(key)
        if before is not None:
            self._kept[key] = replace(before, last=_now(), times=before.times + 1)
        else:
            while len(self._kept) >= MOST_QUESTIONS:
                self._kept.pop(next(iter(self._kept)))
            self.total += 1
            now = _now()
            self._kept[key] = Looked(self.total, now, now, 1, asked(), found())
        self._current = key

    def complete(self, key: str, found: Callable[[], Mapping[str, object]]) -> None:
        """Note what came out of the question that is shown, now that all of it is known; only worked out where it was not."""
        if key == self._current and self._kept[key].found.get("not_compared") == PENDING:
            self._kept[key] = replace(self._kept[key], found=found())

    def plain(self) -> dict:
        """What records hold: when the log began, how many questions there were, and those that are kept, as plain JSON values."""
        return {
            "began": self.began,
            "total": self.total,
            "kept": len(self._kept),
            "this_question": None if self.current is None else self.current.number,
            "questions": [asdict(question) for question in self.questions],
        }


def key_of_answer(answer: "Answer") -> str:
    """The same for the same question to the same model about the same sequence, whatever it was called and wherever it was computed."""
    parts = (answer.run.model_id, answer.run.dtype, answer.question.subject.protein.sequence, answer.question.key)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def asked_by(answer: "Answer") -> dict:
    """What an answer answers, in the words of a frozen analysis; of the sequence its sha256 alone."""
    asked = asdict(frozen_question(answer.question, answer.run.model_id, answer.run.dtype))
    del asked["protein"]["sequence"]
    return asked | {"sets": {name: " ".join(stored["residues"]) for name, stored in asked["sets"].items()}}


def found_by(answer: "Answer") -> dict:
    """What came out of an answer; of places like the site what is known by now, and None for what is not."""
    scores, found = answer.scores, answer.pockets if answer.pockets_known else PENDING
    values: dict = {"heads_tested": scores.n_tested, "heads_that_pass": len(scores.passing()) if scores.n_tested else None}
    if isinstance(found, str):
        return values | {"heads_that_pass_among_places": None, "global_p": None, "not_compared": found}
    known = bool(found.tested.any())
    return values | {
        "heads_that_pass_among_places": len(found.passing) if known else None,
        "global_p": found.global_p if known else None,
        "not_compared": "" if known else "no head can be compared with places like the site",
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
