"""The line of progress."""

from io import StringIO

import pytest

from allo_core.training import report
from allo_core.training.files import Progress
from allo_core.training.report import ProgressLine, Speed, duration
from allo_core.training.settings import Settings

SETTINGS = Settings(tokens=8192 * 1000)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time of the test, in seconds, as its only entry."""
    now = [100.0]
    monkeypatch.setattr(report.time, "monotonic", lambda: now[0])
    return now


def test_line(clock):
    speed, stream = Speed(), StringIO()
    for _ in range(30):
        clock[0] += 4
        speed.add(8000)
    ProgressLine(stream, SETTINGS).show(Progress(100, 800_000, (2.0, 3.0), 2.25), speed)
    assert stream.getvalue() == ("step 100/1,000, 0.80M tokens (10.0%), 2,000 tokens/s, loss 2.500, validation 2.250, 1 h 00 min left\n")


def test_lines_of_a_file_come_every_half_minute(clock):
    stream, speed = StringIO(), Speed()
    line = ProgressLine(stream, SETTINGS)
    for step in range(1, 11):
        clock[0] += 10
        line.show(Progress(step, step, (2.0,)), speed)
    line.end()
    assert [text.split("/")[0] for text in stream.getvalue().splitlines()] == ["step 1", "step 4", "step 7", "step 10"]


def test_a_terminal_has_one_line(clock):
    stream, speed = Terminal(), Speed()
    line = ProgressLine(stream, SETTINGS)
    for step in (1, 2):
        line.show(Progress(step, step, (2.0,)), speed)
    line.end()
    assert stream.getvalue().count("\r") == 2
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 min 00 s"), (61.4, "1 min 01 s"), (3599.6, "1 h 00 min"), (7500, "2 h 05 min")])
def test_duration(seconds, text):
    assert duration(seconds) == text
