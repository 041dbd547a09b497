"""Arrays that took many passes, kept on this machine: one file of numbers alone, whole or not there."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import StoreError
from allo_core.storage.whole_file import write_whole

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Shaped

__all__ = ["keep_arrays", "key_of", "read_arrays"]

# What a damaged file may raise, depending on where it is damaged; a member with a password raises RuntimeError.
_DAMAGE = (OSError, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def key_of(*facts: object) -> str:
    """sha256 (hex) over plain JSON values."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def read_arrays(path: Path, like: Mapping[str, tuple[str, tuple[int, ...]]]) -> "dict[str, Shaped[np.ndarray, '...']] | None":
    """The arrays of a file; None where it is missing, damaged, or holds others: they are then worked out anew.

    Parameters
    ----------
    path : Path
    like : mapping of str to (dtype, shape)
        Name, type and shape of each array; all of floats must be finite or NaN.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in like}
    except _DAMAGE:
        return None
    fit = all(found[name].dtype == np.dtype(dtype) and found[name].shape == shape for name, (dtype, shape) in like.items())
    return found if fit and not any(values.dtype.kind == "f" and np.isinf(values).any() for values in found.values()) else None


def keep_arrays(path: Path, arrays: "Mapping[str, Shaped[np.ndarray, '...']]") -> None:
    """Write arrays in one step; StoreError if there is no room."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    try:
        write_whole(path, content.getvalue())
    except OSError as error:
        raise StoreError(f"Cannot write to {path.parent}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
