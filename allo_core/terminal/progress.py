"""Progress on one line of a terminal."""

import sys

from allo_core.storage.amounts import of_megabytes

__all__ = ["PAIR", "STEP", "SUBSTITUTION", "show_progress"]

_A_LINE = 60  # characters
SUBSTITUTION, PAIR, STEP = "Substitution", "Pair", "Step"  # stages that count these; steps are of several kinds


def show_progress(stage: str, done: int, total: int) -> None:
    """Write what is being done over what was being done before; silent where stderr is a file."""
    from allo_core.runs.extract import DOWNLOADING

    if not sys.stderr.isatty():
        return
    text = stage
    if total:
        text = f"{stage}, {of_megabytes(done, total)}" if stage.startswith(DOWNLOADING) else f"{stage} {done} of {total}"
    # The cursor waits at the beginning, so that whatever comes next is written over it.
    print(f"{text:<{_A_LINE}}", end="\n" if total and done == total else "\r", file=sys.stderr, flush=True)
