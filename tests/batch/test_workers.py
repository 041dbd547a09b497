"""How many workers there are, and what each has."""

import pytest

from allo_core.batch import workers as module
from allo_core.batch.workers import Workers, choose_workers
from allo_core.errors import BatchError, DeviceError
from allo_core.models.registry import get_spec

SPEC = get_spec("esm2_t33_650M_UR50D")


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """A machine with a GPU and 64 GB."""
    monkeypatch.setattr(module, "choose_device", lambda name: "cuda" if name == "auto" else name)
    monkeypatch.setattr(module, "available_memory", lambda device: 64 << 30)


@pytest.mark.parametrize(
    ("resources", "count", "device", "expected"),
    [
        ({"CPU": 16, "GPU": 1}, None, "auto", Workers(1, "cuda", 16, 1.0)),
        ({"CPU": 16, "GPU": 1}, 4, "auto", Workers(4, "cuda", 4, 0.25)),
        ({"CPU": 16, "GPU": 2}, 3, "cuda", Workers(3, "cuda", 5, 0.5)),
        ({"CPU": 16, "GPU": 4}, 2, "cuda", Workers(2, "cuda", 8, 1.0)),
        ({"CPU": 16, "GPU": 1}, None, "cpu", Workers(8, "cpu", 2)),
        ({"CPU": 2}, 2, "cpu", Workers(2, "cpu", 1)),
        ({"CPU": 1}, None, "cpu", Workers(1, "cpu", 1)),
        ({"CPU": 8}, None, "mps", Workers(1, "mps", 8)),
    ],
    ids=["one GPU", "shared GPU", "uneven share", "more GPUs", "cpu", "two cores", "one core", "mps"],
)
def test_workers_of_this_machine(resources, count, device, expected):
    assert choose_workers(SPEC, "float32", resources, count, device, None) == expected


def test_workers_of_a_cluster():
    assert choose_workers(SPEC, "float32", {"CPU": 64, "GPU": 8}, None, "auto", "auto") == Workers(8, "cuda", 8, 1.0)
    assert choose_workers(SPEC, "float32", {"CPU": 64}, None, "auto", "auto") == Workers(32, "cpu", 2)
    for device in ("mps", "tpu"):
        with pytest.raises(DeviceError, match=f"'{device}' cannot be asked of a cluster"):
            choose_workers(SPEC, "float32", {"CPU": 64}, None, device, "auto")


@pytest.mark.parametrize(
    ("resources", "count", "device", "message"),
    [
        ({"CPU": 2}, 0, "cpu", "--workers is 0; give at least 1"),
        ({"CPU": 2}, None, "cuda", "Ray finds no GPU"),
        ({"CPU": 64}, 30, "cpu", r"30 workers with ESM-2 650M need about 78\.\d GB in float32, 68\.7 GB are free; give fewer --workers"),
    ],
    ids=["none", "no GPU", "memory"],
)
def test_workers_that_cannot_be(resources, count, device, message):
    with pytest.raises((BatchError, DeviceError), match=message):
        choose_workers(SPEC, "float32", resources, count, device, None)
