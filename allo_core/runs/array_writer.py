"""Writing a run that is one small array, in one step."""

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from allo_core.errors import NotAttentionError, StoreError
from allo_core.runs.array_run import ArrayRun
from allo_core.runs.disk import runs_folder
from allo_core.runs.meta import RunMeta
from allo_core.runs.meta_file import write_meta_file
from allo_core.runs.store import check_replaceable, place_run
from allo_core.storage.temporary import drop_temporary, new_temporary, remove_stale_temporaries

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["check_finite", "keep_array"]

Run = TypeVar("Run", bound=ArrayRun)


def check_finite(values: "Float[np.ndarray, '*shape']") -> None:
    """NotAttentionError for what a model with wrong weights or a wrong device gives."""
    if not np.isfinite(values).all():
        raise NotAttentionError("The model gave values that are not finite; nothing is kept.")


def keep_array(run: type[Run], meta: RunMeta, values: "Float[np.ndarray, '*shape']", said: Mapping[str, object] | None = None) -> Run:
    """Write an array and its description, and open the run; a complete run that another process put there first is kept instead.

    Parameters
    ----------
    run : type
        A subclass of `ArrayRun`.
    meta : RunMeta
        Of this kind of run.
    said : mapping, optional
        What meta.json says beside the check sum of the array.

    Raises
    ------
    NotAttentionError
        Values that are not finite.
    StoreError
        The disk refuses.
    OtherVersionError
        Another version keeps a run in this place, which is not replaced unasked.
    """
    check_replaceable(meta)
    check_finite(values)
    content = values.astype(np.float32, copy=False).tobytes()
    folder = runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale_temporaries(folder)
        temporary = new_temporary(folder)
        try:
            (temporary / run.file).write_bytes(content)
            write_meta_file(temporary, meta, {run.checksum: zlib.crc32(content), **(said or {})})
            return place_run(temporary, meta, run)
        finally:
            drop_temporary(temporary)
    except OSError as error:
        raise StoreError(f"Cannot write to {folder}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder.") from error
