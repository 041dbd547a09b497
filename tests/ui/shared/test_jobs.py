import threading
import time
from types import SimpleNamespace

import pytest

from allo_core.errors import Cancelled, WeightsError
from allo_core.protein.sequence import Protein
from allo_core.runs import extract
from allo_core.ui.shared import jobs
from allo_core.ui.shared.jobs import Request, Worker

_PATIENCE = 120  # seconds, for a machine that has other things to do; nothing here takes one


@pytest.fixture
def slow(monkeypatch):
    """Runs of ten layers that wait for a gate; no model is loaded."""
    gate = threading.Event()
    running = []

    def extract_attention(model, protein, progress, cancel):
        running.append(protein.name)
        assert len(running) == 1, "two runs at a time"
        try:
            for layer in range(10):
                progress(layer, 10)
                gate.wait(_PATIENCE)
                if cancel.is_set():
                    raise Cancelled
            if protein.name == "bad":
                raise WeightsError("bad weights")
            if protein.name == "defect":
                raise ZeroDivisionError
            return SimpleNamespace(meta=SimpleNamespace(notes=("of the run",)))
        finally:
            running.remove(protein.name)

    monkeypatch.setattr(extract, "extract_attention", extract_attention)
    monkeypatch.setattr(jobs, "load_model", lambda *wanted: SimpleNamespace(notes=("a note",)))
    return gate


@pytest.fixture
def worker(slow):
    """A worker that has done everything when the test ends: a run that goes on would run into the next test's stand-ins."""
    own = Worker()
    yield own
    slow.set()
    assert ended(own.submit(request("last"))) == "done"


def request(name):
    return Request(Protein(name, "MPIM"), "antiberty")


def wait_for(condition, *lasting):
    """Wait until the condition holds; an error, which shows the jobs, as soon as one that must last until then has ended."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert all(job.active for job in lasting), lasting
        assert time.monotonic() < end, lasting
        time.sleep(0.01)


def ended(job):
    """The state in which a job ends."""
    wait_for(lambda: not job.active)
    return job.state


def test_runs_queue_and_end(slow, worker):
    first, second = worker.submit(request("a")), worker.submit(request("b"))
    wait_for(lambda: first.state == "running" and first.total == 10, first, second)
    assert (second.state, worker.ahead(second)) == ("queued", 1)
    assert worker.submit(request("a")) is first
    slow.set()
    assert (ended(first), ended(second)) == ("done", "done")
    assert first.notes == ("of the run", "a note")
    assert worker.submit(request("a")) is not first


def test_cancel_running_and_queued(slow, worker):
    first, second, third = (worker.submit(request(name)) for name in "abc")
    wait_for(lambda: first.state == "running" and first.total == 10, first, second, third)
    first.cancel.set()
    second.cancel.set()
    slow.set()
    assert [ended(job) for job in (first, second, third)] == ["cancelled", "cancelled", "done"]


def test_a_failure_is_told_and_the_worker_lives(slow, worker):
    slow.set()
    bad, defect, good = (worker.submit(request(name)) for name in ("bad", "defect", "good"))
    assert ended(good) == "done"
    assert (bad.state, bad.message) == ("failed", "bad weights")
    assert defect.state == "failed"
    assert "ZeroDivisionError" in defect.message


def test_time_left_is_extrapolated(monkeypatch):
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(jobs, "time", clock)
    job = jobs.Job(request("a"))
    assert job.seconds_left is None
    job.step("Layer", 0, 10)
    clock.now += 4
    job.step("Layer", 2, 10)
    assert job.seconds_left == pytest.approx(16)
    assert job.fraction == 0.2


def test_a_server_that_ends_cancels_what_runs(slow):
    own = Worker()
    running, waiting = own.submit(request("one")), own.submit(request("two"))
    wait_for(lambda: running.state == "running", running)
    threading.Timer(0.05, slow.set).start()
    own.stop(_PATIENCE)
    assert (running.state, waiting.state) == ("cancelled", "cancelled")
    assert not own._thread.is_alive()
