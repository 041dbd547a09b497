"""Files that a person asked for by name."""

import os
from collections.abc import Callable
from pathlib import Path

from allo_core.errors import StoreError

__all__ = ["check_output", "write"]


def check_output(path: Path | None) -> None:
    """StoreError if a file cannot be written there, before anything was computed for it."""
    if path is None:
        return
    if os.path.isdir(path):
        raise StoreError(f"{path}: a folder, not a file; name the file to write.")
    if not os.path.isdir(path.absolute().parent):
        raise StoreError(f"{path}: the folder does not exist.")


def write(path: Path | None, text: Callable[[], str]) -> None:
    """Write what `text` returns, where a file was asked for; StoreError if it cannot be written."""
    if path is None:
        return
    try:
        path.write_text(text(), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror or error}).") from None
