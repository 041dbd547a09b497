"""Processes that leave nothing behind."""

import os
import signal
import time
from multiprocessing import active_children

import pytest

from allo_core.errors import PredictionError
from allo_core.prediction.processes import in_processes


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
