"""Fetched files in this machine's cache; their names are made of checked identifiers alone."""

from pathlib import Path

from allo_core.errors import FetchError
from allo_core.storage.home import home
from allo_core.storage.whole_file import write_whole

__all__ = ["keep", "kept_file"]


def kept_file(name: str) -> Path:
    """Where a file of this name is or will be."""
    return home() / "fetched" / name


def keep(name: str, content: bytes) -> Path:
    """Write a file in one step, so that nobody ever reads half of it; FetchError if there is no room."""
    path = kept_file(name)
    try:
        write_whole(path, content)
    except OSError as error:
        raise FetchError(f"{name} could not be kept in {path.parent}: {error.strerror}.") from error
    return path
