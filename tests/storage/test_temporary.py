"""Whether a process lives decides what may be removed."""

import os
import subprocess
import sys

import psutil
import pytest

from allo_core.storage.temporary import _HOST, drop_temporary, new_temporary, remove_stale_temporaries


@pytest.fixture
def dead() -> int:
    """Id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(60)
    return process.pid


def left_by(folder, pid: int):
    path = folder / f"writing-{_HOST}-{pid}-{'0' * 32}"
    path.mkdir()
    return path


def test_what_the_dead_left_goes_and_what_the_living_write_stays(tmp_path, dead):
    gone, parent, own = left_by(tmp_path, dead), left_by(tmp_path, os.getppid()), new_temporary(tmp_path)
    remove_stale_temporaries(tmp_path)
    assert [path.exists() for path in (gone, parent, own)] == [False, True, True]
    drop_temporary(own)
    assert not own.exists()


def test_a_process_of_somebody_else_lives(tmp_path, monkeypatch):
    """It is also alive where /proc does not show it."""

    def refuse(pid, signal):
        raise PermissionError

    other = left_by(tmp_path, 1)
    monkeypatch.setattr(os, "kill", refuse)
    monkeypatch.setattr(psutil, "pid_exists", lambda pid: False)
    remove_stale_temporaries(tmp_path)
    assert other.exists()


def test_windows_is_asked_without_a_signal(tmp_path, monkeypatch, dead):
    """os.kill ends processes there."""

    def never(pid, signal):
        raise AssertionError("a signal was sent")

    gone, parent = left_by(tmp_path, dead), left_by(tmp_path, os.getppid())
    monkeypatch.setattr(os, "kill", never)
    monkeypatch.setattr(psutil, "pid_exists", lambda pid: pid == os.getppid())
    monkeypatch.setattr(sys, "platform", "win32")
    remove_stale_temporaries(tmp_path)
    assert [path.exists() for path in (gone, parent)] == [False, True]
