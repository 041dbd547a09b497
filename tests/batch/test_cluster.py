"""What is said where Ray is missing, silent or not to be reached."""

import logging
import socket
import sys

import pytest

from allo_core.batch import cluster
from allo_core.batch.cluster import check_ray
from allo_core.errors import BatchError


def test_without_ray_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BatchError, match=r"pip install '\.\[cluster\]'"):
        check_ray()


@pytest.mark.parametrize("address", ["here", "6379", "ray://here:10001", ":6379", "here:port"])
def test_what_is_no_address(address):
    with pytest.raises(BatchError, match=r"; give auto, or HOST:PORT of the head of a Ray cluster"):
        cluster._check_address(address)


def test_an_address_where_nothing_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        port = taken.getsockname()[1]
        with pytest.raises(BatchError, match=rf"Nothing answers at 127\.0\.0\.1:{port} \(Connection refused\); start Ray there"):
            cluster._check_address(f"127.0.0.1:{port}")
    with pytest.raises(BatchError, match="Nothing answers at 127"):
        cluster._check_address("127.0.0.1:99999")


def test_what_ray_prints_reaches_nobody_and_levels_come_back(capsys):
    logger = logging.getLogger("ray.data")
    logger.setLevel(logging.WARNING)
    with cluster._quiet():
        print("a worker died")
        assert logger.level == logging.CRITICAL
    assert capsys.readouterr().out == ""
    assert logger.level == logging.WARNING


@pytest.mark.parametrize("error", [ConnectionError("nobody\nis there"), ValueError("bad address"), RuntimeError("another version")])
def test_a_cluster_that_does_not_answer(monkeypatch, error):
    ray = pytest.importorskip("ray")

    def fails(**_):
        raise error

    monkeypatch.setattr(cluster, "_check_address", lambda address: None)

    monkeypatch.setattr(ray, "init", fails)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with pytest.raises(BatchError, match=r"^Ray cannot be used at 192\.0\.2\.1:6379: "), cluster.ray_session("192.0.2.1:6379", None, 0):
        pass
