"""Processes that leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path

import pytest

from allo_core.errors import PredictionError
from allo_core.learning.processes import in_processes


def square(number):
    return number * number


def refuse(number):
    if number == 1:
        raise PredictionError(f"{number} is refused.")
    time.sleep(60)


def end_itself(number):
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(number):
    if number:
        time.sleep(60)


def say_who(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_with_the_index_of_their_item(processes):
    assert dict(in_processes(square, [3, 4, 5], processes)) == {0: 9, 1: 16, 2: 25}
    assert active_children() == []


def test_an_error_arrives_and_the_others_are_stopped():
    with pytest.raises(PredictionError, match="1 is refused"):
        list(in_processes(refuse, [0, 1], 2))
    assert active_children() == []


def test_a_process_that_is_killed_is_said():
    with pytest.raises(PredictionError, match="A process was ended from outside"):
        list(in_processes(end_itself, [0, 1], 2))
    assert active_children() == []


def test_an_interrupt_stops_all_of_them():
    results = in_processes(sleep, [0, 1, 1], 2)
    assert next(results) == (0, None)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)
    assert active_children() == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="which processes are alive is read from /proc")
def test_without_the_first_process_the_others_end(tmp_path):
    work = "from tests.learning.test_processes import in_processes, say_who"
    script = f"{work}\nif __name__ == '__main__':\n    list(in_processes(say_who, [{str(tmp_path)!r}] * 2, 2))\n"
    first = tmp_path.parent / f"{tmp_path.name}.py"
    first.write_text(script)
    process = subprocess.Popen(
        [sys.executable, first],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    until(lambda: len(list(tmp_path.iterdir())) == 2)
    others = [int(path.name) for path in tmp_path.iterdir()]
    process.kill()
    process.wait()
    until(lambda: not any(alive(pid) for pid in others))


def alive(pid):
    """Whether the process is there and has not ended (an orphan may wait to be collected)."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
