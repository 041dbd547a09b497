"""Files that a person asked for by name."""

import os
from collections.abc import Callable
from pathlib import Path

from allo_core.errors import StoreError

__all__ = ["check_folder", "check_output", "make_folder", "read_table", "write"]


def check_output(path: Path | None) -> None:
    """StoreError if a file cannot be written there, before anything was computed for it."""
    if path is None:
        return
    if os.path.isdir(path):
        raise StoreError(f"{path}: a folder, not a file; name the file to write.")
    if not os.path.isdir(path.absolute().parent):
        raise StoreError(f"{path}: the folder does not exist.")


def check_folder(folder: Path | None) -> None:
    """StoreError if this is no folder and cannot become one, before anything was computed for it."""
    if folder is None or os.path.isdir(folder):
        return
    if os.path.exists(folder):
        raise StoreError(f"{folder}: a file, not a folder; name the folder to write into.")
    check_output(folder)


def make_folder(folder: Path | None) -> None:
    """Make a folder, where one was asked for and is missing; StoreError if it cannot be made."""
    try:
        if folder is not None:
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror or error}).") from None


def read_table(path: Path, most: int | None = None) -> str:
    """The text of a table; StoreError if it cannot be read, has more than ``most`` bytes, or is not UTF-8."""
    from allo_core.storage.spreadsheet import table_text

    try:
        if most is not None and path.stat().st_size > most:
            raise StoreError(f"{path}: {path.stat().st_size:,} bytes are more than a table of receptors has.")
        return table_text(path.read_bytes(), str(path))
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error}).") from None


def write(path: Path | None, content: Callable[[], str | bytes]) -> None:
    """Write what `content` returns, where a file was asked for; StoreError if it cannot be written."""
    if path is None:
        return
    try:
        made = content()
        path.write_bytes(made.encode("utf-8") if isinstance(made, str) else made)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror or error}).") from None
