"""Bytes in words."""

import pytest

from allo_core.storage.amounts import amount, gigabytes, of_megabytes


@pytest.mark.parametrize(
    ("size", "disk", "memory"),
    [
        (0, "0.0 MB", "0.0 GB"),
        (93_240_000, "93.2 MB", "0.1 GB"),
        (999_999_999, "1000.0 MB", "1.0 GB"),
        (1_000_000_000, "1.0 GB", "1.0 GB"),
        (29_960_000_000, "30.0 GB", "30.0 GB"),
    ],
)
def test_sizes(size, disk, memory):
    assert (amount(size), gigabytes(size)) == (disk, memory)


def test_a_transfer():
    assert of_megabytes(12_400_000, 345_000_000) == "12 of 345 MB"
