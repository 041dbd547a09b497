"""The column runs that are kept on this machine, one file each: column weights at a few thresholds, a hundredth of the room of the maps."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np

from allo_core.attention.columns import Columns
from allo_core.errors import OtherVersionError, ScoreError, StoreError
from allo_core.runs.column_reducer import ColumnReducer
from allo_core.runs.layout import META
from allo_core.runs.meta import RunMeta
from allo_core.runs.meta_file import META_DAMAGE, check_size, described, read_meta
from allo_core.storage.home import home
from allo_core.storage.kept_files import amount_of, delete_files
from allo_core.storage.plain_json import OtherVersion
from allo_core.storage.whole_file import write_whole

__all__ = [
    "ColumnRun",
    "check_column_place",
    "column_metas",
    "columns_folder",
    "delete_columns",
    "find_column_run",
    "keep_column_run",
    "kept_columns",
]

# Raised when the file changes its meaning; older files are then computed anew.
_FORMAT = 1
# What a damaged file may raise, depending on where it is damaged; a member's check sum is looked at when it has been read.  A member with
# a password raises RuntimeError.
_DAMAGE = (*META_DAMAGE, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


class _Stored(TypedDict):
    thresholds: tuple[float, ...]
    special_share: list[list[float]]


class ColumnRun:
    """Column weights and arcs of every head of one run at some thresholds, read from disk as they are needed.

    Parameters
    ----------
    path : Path
        A kept column run; use `find_column_run`.

    Raises
    ------
    StoreError
        The file is missing or damaged.
    OtherVersionError
        Another version of AlloScope made it; only its description was looked at.

    Attributes
    ----------
    meta : RunMeta
    thresholds : tuple of float
        In ascending order.
    """

    def __init__(self, path: Path):
        self._path = Path(path)
        try:
            self._open()
        except OtherVersion as error:
            raise OtherVersionError(
                f"The kept columns in {self._path} were made by another version of AlloScope (written {error}); "
                f"delete the file and run again, or open it with that version.",
                str(error),
            ) from error
        except _DAMAGE as error:
            raise self._unreadable(error) from error

    def _open(self) -> None:
        import msgspec  # takes 30 ms, which only those wait for who read a run

        with zipfile.ZipFile(self._path) as archive:
            check_size(archive.getinfo(META).file_size)
            said = json.loads(archive.read(META))
        self.meta = read_meta(said)
        stored = msgspec.convert(said, _Stored)
        self.thresholds = stored["thresholds"]
        self.special_share = np.array(stored["special_share"], dtype=np.float64)

    def columns(self, threshold: float) -> Columns:
        """Column weights at one of the thresholds, shape (layers, heads, L), within float32 of what the maps give.

        Raises as `arrays`.
        """
        weights, arcs = self.arrays(threshold)
        return Columns(weights.astype(np.float64), arcs.astype(np.int64), threshold)

    def arrays(self, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """Weights (float32) and arcs (uint16 or uint32) as they are kept, each of shape (layers, heads, L).

        Raises
        ------
        ScoreError
            Another threshold, with those there are.
        StoreError
            The file is gone or damaged.
        """
        if threshold not in self.thresholds:
            kept = ", ".join(f"{value:g}" for value in self.thresholds)
            raise ScoreError(f"Column weights above {threshold:g} were not kept; there are those above {kept}.")
        try:
            with zipfile.ZipFile(self._path) as archive:
                weights, arcs = (_read(archive, name, threshold) for name in ("weights", "arcs"))
        except _DAMAGE as error:
            raise self._unreadable(error) from error
        layers, heads, length, _ = self.meta.shape
        if not weights.shape == arcs.shape == (layers, heads, length):
            raise self._unreadable(f"arrays of shape {weights.shape}")
        return weights, arcs

    def _unreadable(self, reason: object) -> StoreError:
        return StoreError(f"The kept columns in {self._path} cannot be read ({reason}); delete the file and run again.")


def columns_folder() -> Path:
    """The folder that holds one file a column run."""
    return home() / "columns"


def kept_columns() -> tuple[int, int]:
    """How many column runs are kept, damaged ones and those of another version among them, and their bytes."""
    return amount_of(_files())


def column_metas() -> Iterator[RunMeta]:
    """What each kept column run was computed from, without those that this version cannot read."""
    for file in _files():
        if isinstance(found := _opened(file), ColumnRun):
            yield found.meta


def delete_columns() -> int:
    """Delete every column run, those of another version among them; how many there were.  StoreError if one cannot be deleted."""
    return delete_files(_files())


def find_column_run(meta: RunMeta, thresholds: tuple[float, ...]) -> ColumnRun | None:
    """The kept column run of the same numbers and thresholds; None if there is none, or one that this version cannot read."""
    found = _opened(_path(meta, thresholds))
    return found if isinstance(found, ColumnRun) and (found.meta.key, found.thresholds) == (meta.key, thresholds) else None


def check_column_place(meta: RunMeta, thresholds: tuple[float, ...]) -> None:
    """OtherVersionError where another version keeps columns in the place of these; to be asked before the model runs."""
    if isinstance(found := _opened(_path(meta, thresholds)), OtherVersionError):
        raise found


def keep_column_run(meta: RunMeta, reducer: ColumnReducer) -> ColumnRun:
    """Write what a reducer has, in one step, and open it.

    Raises
    ------
    StoreError
        The disk refuses.
    OtherVersionError
        Another version keeps columns in this place, which are not replaced unasked.
    """
    check_column_place(meta, reducer.thresholds)
    path = _path(meta, reducer.thresholds)
    buffer = io.BytesIO()
    # Most column weights above a threshold are 0, so the file is a fraction of the arrays.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for at, threshold in enumerate(reducer.thresholds):
            _write(archive, "weights", threshold, reducer.weights[at].astype(np.float32))
            _write(archive, "arcs", threshold, reducer.arcs[at])
        stored = {"thresholds": reducer.thresholds, "special_share": reducer.special_share.tolist()}
        archive.writestr(META, json.dumps(described(meta, stored)))
    try:
        write_whole(path, buffer.getvalue())
    except OSError as error:
        raise StoreError(
            f"Cannot write to {columns_folder()}: {error.strerror}; make room or set ALLOSCOPE_HOME to another folder."
        ) from error
    return ColumnRun(path)


def _opened(path: Path) -> ColumnRun | StoreError | None:
    """The column run in a file, or why it cannot be read; None if there is no such file."""
    try:
        return ColumnRun(path) if path.is_file() else None
    except StoreError as error:
        return error


def _write(archive: zipfile.ZipFile, name: str, threshold: float, values: np.ndarray) -> None:
    member = io.BytesIO()
    np.save(member, values, allow_pickle=False)
    archive.writestr(f"{name}-{threshold:g}.npy", member.getvalue())


def _read(archive: zipfile.ZipFile, name: str, threshold: float) -> np.ndarray:
    return np.load(io.BytesIO(archive.read(f"{name}-{threshold:g}.npy")), allow_pickle=False)


def _files() -> list[Path]:
    return sorted(columns_folder().glob("*.zip"))


def _path(meta: RunMeta, thresholds: tuple[float, ...]) -> Path:
    key = hashlib.sha256(json.dumps([_FORMAT, meta.key, thresholds]).encode()).hexdigest()
    return columns_folder() / f"{key}.zip"
