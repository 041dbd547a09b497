"""Temporary folders beside the runs, and the removal of those whose process is dead."""

import os
import re
import shutil
import socket
import sys
import threading
import uuid
from pathlib import Path

__all__ = ["drop_temporary", "new_temporary", "remove_stale_temporaries"]

_NAME = re.compile(r"writing-(?P<host>[\w.-]+)-(?P<pid>\d+)-[0-9a-f]{32}")
# Process ids mean nothing on another machine (or in another container) that shares the folder.
_HOST = re.sub(r"[^\w.-]", "_", socket.gethostname()) or "localhost"
# What this process writes right now: after a restart a dead process may have had the same id.
_ours: set[tuple[int, str]] = set()
_lock = threading.Lock()


def new_temporary(folder: Path) -> Path:
    """Make an empty folder in `folder` that belongs to this process until `drop_temporary`."""
    temporary = folder / f"writing-{_HOST}-{os.getpid()}-{uuid.uuid4().hex}"
    with _lock:
        _ours.add((os.getpid(), temporary.name))
    temporary.mkdir()
    return temporary


def drop_temporary(temporary: Path) -> None:
    """Remove the folder, unless it was moved away."""
    shutil.rmtree(temporary, ignore_errors=True)
    with _lock:
        _ours.discard((os.getpid(), temporary.name))


def remove_stale_temporaries(folder: Path) -> None:
    """Remove what dead processes of this machine left in `folder`."""
    for item in folder.iterdir():
        match = _NAME.fullmatch(item.name)
        if match and match["host"] == _HOST and not _is_being_written(int(match["pid"]), item.name):
            shutil.rmtree(item, ignore_errors=True)


def _is_being_written(pid: int, name: str) -> bool:
    if pid == os.getpid():
        with _lock:
            return (pid, name) in _ours
    return _is_alive(pid)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # os.kill would end the process there
        import psutil

        return psutil.pid_exists(pid)
    # Not psutil: where /proc hides the processes of others (hidepid, usual on clusters), it takes theirs for dead.
    try:
        os.kill(pid, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and belongs to someone else
        return True
    return True
