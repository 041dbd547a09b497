"""Files that can be worked out again: counted, and deleted."""

from collections.abc import Sequence
from pathlib import Path

from allo_core.errors import StoreError

__all__ = ["amount_of", "delete_files"]


def amount_of(files: Sequence[Path]) -> tuple[int, int]:
    """How many files there are, and their bytes."""
    return len(files), sum(file.stat().st_size for file in files)


def delete_files(files: Sequence[Path]) -> int:
    """Delete files; how many there were.  StoreError if one cannot be deleted."""
    for file in files:
        try:
            file.unlink(missing_ok=True)  # another process may delete them, too
        except OSError as error:
            raise StoreError(f"{file} cannot be deleted: {error.strerror}; close what uses it.") from error
    return len(files)
