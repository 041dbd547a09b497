"""Work in several processes that leave nothing behind: not when a person interrupts, not when one of them or this one is killed."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context, parent_process
from typing import TypeVar

from allo_core.errors import PredictionError

__all__ = ["in_processes"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(work: Callable[[Item], Result], items: Sequence[Item], processes: int) -> Iterator[tuple[int, Result]]:
    """Call ``work`` for each item and yield (index of the item, result), the first finished first.

    Parameters
    ----------
    work : callable
        Of a module, so that another process can import it; it and the items are pickled.
    processes : int
        1 works here, one item after the other.

    Raises
    ------
    PredictionError
        A process was ended from outside.
    Exception
        What ``work`` raised; the others are stopped.
    """
    if processes == 1:
        yield from ((index, work(item)) for index, item in enumerate(items))
        return
    before = set(active_children())
    # Fresh processes: a copy of this one would hold torch's threads in an unknown state.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin)
    try:
        waiting = {pool.submit(work, item): index for index, item in enumerate(items)}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except BaseException as error:
        for process in set(active_children()) - before:
            process.terminate()
        if isinstance(error, BrokenExecutor):
            raise PredictionError(
                "A process was ended from outside, perhaps for lack of memory; close other programs and try again."
            ) from error
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """In a new process: Ctrl-C reaches all of them and the first one answers; without it nobody would wait for the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
    os._exit(1)
