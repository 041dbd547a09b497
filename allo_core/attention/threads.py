"""Work on arrays in a few threads: numpy and scipy let Python's other threads go on meanwhile."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["in_threads"]

_MOST = 4  # more leave nothing for the page


def in_threads(work: Callable[[int], None], items: Iterable[int]) -> None:
    """Call ``work`` for each item; the first error is raised."""
    with ThreadPoolExecutor(min(_MOST, os.cpu_count() or 1)) as threads:
        list(threads.map(work, items))
