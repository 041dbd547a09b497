import threading
import time

import pytest

from allo_core.errors import Cancelled, WeightsError
from allo_core.sequence import Protein
from allo_core.ui import jobs
from allo_core.ui.jobs import Request, Worker


@pytest.fixture
def slow(monkeypatch):
    """Runs of ten layers that wait for a gate; no model is loaded."""
    gate = threading.Event()
    running = []

    def extract(model, protein, progress, cancel):
        running.append(protein.name)
        assert len(running) == 1, "two runs at a time"
        try:
            for layer in range(10):
                progress(layer, 10)
                gate.wait(10)
                if cancel.is_set():
                    raise Cancelled
            if protein.name == "bad":
                raise WeightsError("bad weights")
            if protein.name == "defect":
                raise ZeroDivisionError
        finally:
            running.remove(protein.name)

    monkeypatch.setattr(jobs, "extract_attention", extract)
    monkeypatch.setattr(jobs, "load_model", lambda *wanted: type("Model", (), {"notes": ("a note",)}))
    return gate


def request(name):
    return Request(Protein(name, "MPIM"), "antiberty")


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_runs_queue_and_end(slow):
    worker = Worker()
    first, second = worker.submit(request("a")), worker.submit(request("b"))
    wait_for(lambda: first.state == "running" and first.total == 10)
    assert (second.state, worker.ahead(second)) == ("queued", 1)
    assert worker.submit(request("a")) is first
    slow.set()
    wait_for(lambda: second.state == "done")
    assert first.state == "done"
    assert first.notes == ("a note",)
    assert worker.submit(request("a")) is not first


def test_cancel_running_and_queued(slow):
    worker = Worker()
    first, second, third = (worker.submit(request(name)) for name in "abc")
    wait_for(lambda: first.state == "running")
    first.cancel.set()
    second.cancel.set()
    slow.set()
    wait_for(lambda: third.state == "done")
    assert (first.state, second.state) == ("cancelled", "cancelled")


def test_a_failure_is_told_and_the_worker_lives(slow):
    slow.set()
    worker = Worker()
    bad, defect, good = (worker.submit(request(name)) for name in ("bad", "defect", "good"))
    wait_for(lambda: good.state == "done")
    assert (bad.state, bad.message) == ("failed", "bad weights")
    assert defect.state == "failed"
    assert "ZeroDivisionError" in defect.message


def test_time_left_is_extrapolated(slow):
    job = jobs.Job(request("a"))
    assert job.seconds_left is None
    job.step("Layer", 0, 10)
    job.started -= 4
    job.step("Layer", 2, 10)
    assert job.seconds_left == pytest.approx(16, abs=0.5)
    assert job.fraction == 0.2
