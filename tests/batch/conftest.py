"""What the tests of the batch share: one Ray for all of them, in one process (tests/conftest.py)."""

import pytest

from allo_core.batch.cluster import ray_session


@pytest.fixture(scope="session")
def ray():
    """A Ray of two processor cores, which `run_batch` finds and leaves as it is."""
    with ray_session(None, 2, 0) as resources:
        assert resources["CPU"] >= 2
        yield
