"""Fetched files in this machine's cache; their names are made of checked identifiers alone."""

import os
import uuid
from pathlib import Path

from allo_core.attention.disk import home
from allo_core.errors import FetchError

__all__ = ["keep", "kept_file"]


def kept_file(name: str) -> Path:
    """Where a file of this name is or will be."""
    return home() / "fetched" / name


def keep(name: str, content: bytes) -> Path:
    """Write a file in one step, so that nobody ever reads half of it; FetchError if there is no room."""
    path = kept_file(name)
    temporary = path.with_name(f"{name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise FetchError(f"{name} could not be kept in {path.parent}: {error.strerror}.") from error
    return path
