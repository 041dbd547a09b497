"""Ray: started on this machine or met on a cluster, kept quiet, and given back."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from allo_core.errors import BatchError

__all__ = ["check_ray", "in_one_line", "ray_session"]

_HOW_TO_INSTALL = "batch needs Ray, which is not installed; in the folder of AlloScope: pip install '.[cluster]'"
# Sequences and statuses are all that passes through it; results are written by the workers.  Ray's own least is 75 MB.
_OBJECT_STORE = 128 << 20
_CONNECT_SECONDS = 10


def check_ray() -> None:
    """BatchError, saying what to install, where Ray is missing."""
    try:
        import ray
        import ray.data  # noqa: F401 - it needs more packages than Ray itself
    except ImportError:
        raise BatchError(_HOW_TO_INSTALL) from None


@contextmanager
def ray_session(address: str | None, workers: int | None, sequence_bytes: int) -> Iterator[dict[str, float]]:
    """Ray for as long as the context lasts; gives what it has, such as ``{"CPU": 16, "GPU": 1}``.

    A session that this process has already is used and left as it is.

    Parameters
    ----------
    address : str or None
        Of a cluster; None: this machine alone.
    workers : int or None
        How many there will be, where a person said so: this machine is then taken to have a core for each.
    sequence_bytes : int
        How much is sent to the workers.

    Raises
    ------
    BatchError
        Ray does not start, or the cluster does not answer.
    """
    # Read when Ray is imported or started: nothing is reported to anyone, and what its processes log stays in its folder.
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_BACKEND_LOG_LEVEL="fatal")
    check_ray()  # ray.data sets the levels of its logs when it is imported, so before they are set here
    import ray

    with _quiet():
        ours = not ray.is_initialized()
        try:
            if ours:
                _start(address, workers, sequence_bytes)
            yield {name: float(amount) for name, amount in ray.cluster_resources().items()}
        finally:
            if ours:
                ray.shutdown()


def _start(address: str | None, workers: int | None, sequence_bytes: int) -> None:
    import ray
    from ray.exceptions import RayError

    options = {"address": address, "log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        options |= {
            "address": "local",
            "include_dashboard": False,
            "num_cpus": max(os.cpu_count() or 1, workers or 1),
            "object_store_memory": _OBJECT_STORE + 3 * sequence_bytes,
        }
    elif address != "auto":
        _check_address(address)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _without_stderr():
            ray.init(**options)
    except (RayError, RuntimeError, ValueError, OSError, AssertionError) as error:
        reason = in_one_line(error)
        if address is None:
            raise BatchError(f"Ray does not start on this machine: {reason}") from error
        hint = "it must be the same version of Ray there; if it asks for a token, set RAY_AUTH_MODE=token"
        raise BatchError(f"Ray cannot be used at {address}: {reason} ({hint})") from error
    finally:
        if threading.current_thread() is threading.main_thread():  # Ray has put its own in its place, which ends the program
            signal.signal(signal.SIGTERM, before)


def _check_address(address: str) -> None:
    """BatchError where nothing listens: Ray itself would ask for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        raise BatchError(f"--address is {address!r}; give auto, or HOST:PORT of the head of a Ray cluster (its port is 6379 by default).")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BatchError(f"Nothing answers at {address} ({reason}); start Ray there: ray start --head --port={port}") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing but errors in the logs, and nothing of Ray's on standard output: it prints there that a worker died, and goes on."""
    loggers = [logging.getLogger(name) for name in ("ray", "ray.data")]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Ray's C++ code says on descriptor 2 that it says nothing."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def in_one_line(error: Exception) -> str:
    """The kind of an error of Ray's and the last line of its many."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'no message'}"
