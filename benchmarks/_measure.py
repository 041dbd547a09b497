"""Measuring processes: memory while something runs and at rest, processor time, and fresh processes to measure in."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

__all__ = ["Memory", "Peak", "Turns", "in_fresh_process", "maps_library", "memory_of", "milliseconds", "processor_seconds", "with_children"]


class Peak:
    """Samples RssAnon (Linux, /proc/self/status) in a thread; ``megabytes`` is the peak above the start."""

    def __enter__(self) -> "Peak":
        self._start = self._peak = _anonymous_kb()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def megabytes(self) -> float:
        return (self._peak - self._start) * 1024 / 1e6

    def _sample(self) -> None:
        while not self._stop.wait(0.001):
            self._peak = max(self._peak, _anonymous_kb())


def _anonymous_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0])


class Memory(NamedTuple):
    """MB of some processes together: shared pages counted once for all that share them (PSS), or for each of them (RSS)."""

    proportional: float
    resident: float


def memory_of(pids: Iterable[int]) -> Memory:
    """Memory of running processes (Linux); one that ends meanwhile counts nothing."""
    sums = {"Pss": 0, "Rss": 0}
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                name, _, rest = line.partition(":")
                if name in sums:
                    sums[name] += int(rest.split()[0])
    return Memory(sums["Pss"] * 1024 / 1e6, sums["Rss"] * 1024 / 1e6)


def with_children(pid: int) -> list[int]:
    """A process and all that descend from it (Linux)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            found += with_children(int(child))
    return found


def maps_library(pid: int, name: str) -> bool:
    """Whether a process has loaded a shared library whose path contains ``name`` (Linux)."""
    return name in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")


def processor_seconds(work: Callable[[], object]) -> float:
    """User and system time of all threads of this process."""
    before = time.process_time()
    work()
    return time.process_time() - before


def milliseconds(work: Callable[[], object]) -> float:
    """Wall time."""
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1e3


def in_fresh_process(script: str, *arguments: object) -> dict:
    """Run ``script arguments`` with this Python; its last line of output is JSON."""
    command = [sys.executable, script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


class Turns:
    """Another process of this Python that measures one thing whenever it is asked, and rests in between."""

    def __init__(self, script: str, *arguments: object):
        self._command = [sys.executable, script, *map(str, arguments)]

    def __enter__(self) -> "Turns":
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *exception) -> None:
        self._process.communicate()

    def take(self, seed: int) -> float:
        """What the process measured for this seed."""
        print(seed, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{' '.join(self._command)} ended with {self._process.wait()}")
        return float(answer)
