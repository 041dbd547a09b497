"""The background run: one worker thread a server, one run after the other, with progress and cancel.

The page only reads a Job's fields and sets its cancel event; the worker alone touches the model.
"""

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from allo_core.errors import AlloScopeError, Cancelled
from allo_core.family.members import ReceptorSet
from allo_core.family.runs import run_set
from allo_core.models.devices import DeviceChoice, Dtype, DtypeChoice
from allo_core.models.language_model import ProteinLanguageModel, load_model
from allo_core.protein.sequence import Protein
from allo_core.runs.column_reducer import KEPT_THRESHOLDS
from allo_core.runs.extract import Report, run_model
from allo_core.runs.extract_norms import run_weighted
from allo_core.storage.cancel import CancelEvent

__all__ = ["Asked", "Job", "Outcome", "Request", "SetRequest", "WeightedRequest", "Worker"]

Load = Callable[..., ProteinLanguageModel]

_LOG = logging.getLogger("alloscope")


class Outcome(NamedTuple):
    """What a job leaves: what to know of the device or of what was left out, and what is not kept on the disk."""

    notes: tuple[str, ...] = ()
    value: object = None


class Asked(Protocol):
    """What a page asks the worker for; two that are equal are the same wish."""

    def __hash__(self) -> int: ...

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Do it; ``step`` is told how far it is.

        Raises
        ------
        AlloScopeError
            What stands in the way, in one line.
        Cancelled
        """
        ...


@dataclass(frozen=True)
class Request:
    """One protein that is to be run."""

    protein: Protein
    model: str
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; parameters and errors as for `run_model`."""
        return Outcome(run_model(self.model, self.protein, self.device, self.dtype, step, cancel, load)[1])


@dataclass(frozen=True)
class WeightedRequest(Request):
    """One protein that is to be run for value-weighted attention, too; maps that are kept stay as they are."""

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run it; parameters and errors as for `Request.run`."""
        return Outcome(run_weighted(self.model, self.protein, self.device, self.dtype, step, cancel, load)[1])


@dataclass(frozen=True)
class SetRequest:
    """A set of receptors that is to be run; two with the same key are the same request."""

    key: str
    asked: ReceptorSet = field(compare=False, repr=False)
    model: str
    device: DeviceChoice = "auto"
    dtype: Dtype = "float32"

    def run(self, step: Report, cancel: CancelEvent, load: Load) -> Outcome:
        """Run its members; the notes say which failed and why, too.  Parameters and errors as for `run_set`."""
        done = run_set(self.model, self.asked, KEPT_THRESHOLDS, self.device, self.dtype, step, cancel, load)
        known = {row.where for row in self.asked.refused}
        return Outcome((*done.notes, *(f"{row.where}: {row.reason}" for row in done.asked.refused if row.where not in known)))


@dataclass
class Job:
    """One run, queued or under way or ended; written by the worker, read by the page."""

    request: Asked
    state: Literal["queued", "running", "done", "failed", "cancelled"] = "queued"
    stage: str = "Waiting"
    done: int = 0
    total: int = 0
    message: str = ""
    outcome: Outcome = field(default_factory=Outcome)
    started: float = field(default_factory=time.monotonic)
    cancel: threading.Event = field(default_factory=threading.Event)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of the device, or of what was left out."""
        return self.outcome.notes

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Extrapolated from the steps done; None before the first."""
        if not self.done:
            return None
        return (time.monotonic() - self.started) / self.done * (self.total - self.done)

    def step(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Report progress; the clock for the time left starts with each new stage."""
        if stage != self.stage:
            self.started = time.monotonic()
        self.stage, self.done, self.total = stage, done, total


class Worker:
    """Runs jobs one after the other in a thread of its own and keeps the last model loaded."""

    def __init__(self):
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._active: list[Job] = []
        self._lock = threading.Lock()
        self._loaded: tuple[tuple[str, ...], ProteinLanguageModel] | None = None
        self._thread = threading.Thread(target=self._work, name="alloscope-worker", daemon=True)
        self._thread.start()
        atexit.register(self.stop)  # torch aborts a process that ends while it computes

    def stop(self, seconds: float = 10.0) -> None:
        """Cancel what is queued and under way, and wait that long for the thread to end."""
        with self._lock:
            for job in self._active:
                job.cancel.set()
        self._jobs.put(None)
        self._thread.join(seconds)

    def submit(self, request: Asked) -> Job:
        """Queue a run; a request that is already queued or running gives that job."""
        with self._lock:
            for job in self._active:
                if job.request == request and job.active and not job.cancel.is_set():
                    return job
            job = Job(request)
            self._active.append(job)
        self._jobs.put(job)
        return job

    def ahead(self, job: Job) -> int:
        """How many jobs come before this one."""
        with self._lock:
            return self._active.index(job) if job in self._active else 0

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._run(job)
            except Cancelled:
                job.state = "cancelled"
            except AlloScopeError as error:
                job.message, job.state = str(error), "failed"
            except Exception as error:  # the thread must outlive any defect; the terminal gets the trace
                _LOG.exception("run failed")
                job.message = f"The run failed unexpectedly ({type(error).__name__}); the terminal that started the app shows the details."
                job.state = "failed"
            finally:
                with self._lock:
                    self._active.remove(job)

    def _run(self, job: Job) -> None:
        if job.cancel.is_set():
            raise Cancelled
        job.state = "running"
        job.outcome = job.request.run(job.step, job.cancel, self._model)
        job.state = "done"

    def _model(self, model_id: str, device: DeviceChoice, dtype: DtypeChoice) -> ProteinLanguageModel:
        """The model of this id, device and precision: the loaded one if it is the same."""
        wanted = model_id, device, dtype
        if self._loaded is None or self._loaded[0] != wanted:
            self._loaded = None  # free the old weights before the new ones come
            self._loaded = (wanted, load_model(model_id, device, dtype))
        return self._loaded[1]
