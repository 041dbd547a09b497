"""Where runs lie, how much room they need, and what a person is told when the disk refuses."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path

from allo_core.errors import StoreError
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.runs.layout import FLOOR, entries_nbytes
from allo_core.storage.amounts import amount
from allo_core.storage.home import home

__all__ = ["check_disk", "disk_errors", "disk_needed", "norms_disk_needed", "probabilities_disk_needed", "runs_folder"]


_DIGITS = 32  # bytes of meta.json for a head
_DESCRIPTION = 20_000  # bytes of meta.json else: the sequence is at most a third of it


def runs_folder() -> Path:
    """The folder that holds one folder a run, named by its key."""
    return home() / "runs"


def disk_needed(layers: int, heads: int, length: int) -> int:
    """The most bytes that a run of this shape can take.

    Beside the float16 maps and the column sums these are the entries above FLOOR: rows sum to 1, so a row has at most 1 / FLOOR of them.
    """
    rows = layers * heads * length
    most_entries = rows * min(length, round(1 / FLOOR))
    return 2 * rows * length + entries_nbytes(most_entries, layers * heads, length) + 4 * rows


def norms_disk_needed(layers: int, heads: int, length: int) -> int:
    """The most bytes that the value norms of a run of this shape can take: float32 for each residue, and some digits a head."""
    return layers * heads * (4 * length + _DIGITS) + _DESCRIPTION


def probabilities_disk_needed(length: int) -> int:
    """The most bytes that the probabilities of a run over this many residues can take: float32 for each of the twenty at each residue."""
    return 4 * len(AMINO_ACIDS) * length + _DESCRIPTION


def check_disk(layers: int, heads: int, length: int) -> None:
    """StoreError with the numbers unless a run of this shape fits on the disk."""
    needed = disk_needed(layers, heads, length)
    if _free() < needed:
        raise _no_room(needed, "not enough disk space")


@contextmanager
def disk_errors(layers: int, heads: int, length: int) -> Iterator[None]:
    """Turn an OSError while a run of this shape is written into a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT, EFBIG):
            raise _no_room(disk_needed(layers, heads, length), str(error.strerror)) from error
        raise StoreError(
            f"Cannot write to {runs_folder()}: {error.strerror}; set ALLOSCOPE_HOME to a folder that can be written."
        ) from error


def _free() -> int:
    folder = runs_folder()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _no_room(needed: int, reason: str) -> StoreError:
    numbers = f"the run needs up to {amount(needed)}, {amount(_free())} are free"
    return StoreError(f"No room in {runs_folder()} ({reason}): {numbers}; delete kept runs or set ALLOSCOPE_HOME to another disk.")
