"""The runs that are kept on this machine: placing, finding, listing and deleting them."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from allo_core.errors import OtherVersionError, StoreError
from allo_core.runs.array_run import ArrayRun
from allo_core.runs.disk import check_disk, disk_needed, runs_folder
from allo_core.runs.maps import AttentionMaps
from allo_core.runs.meta import RunKind, RunMeta
from allo_core.runs.meta_file import kind_of
from allo_core.runs.probabilities import KeptProbabilities
from allo_core.runs.value_norms import ValueNorms
from allo_core.storage.temporary import drop_temporary, new_temporary

__all__ = [
    "KeptRun",
    "OtherRun",
    "RunMeta",
    "check_disk",
    "check_replaceable",
    "damaged_runs",
    "delete_run",
    "disk_needed",
    "find_norms",
    "find_probabilities",
    "find_run",
    "list_runs",
    "other_version_runs",
    "place_run",
    "runs_folder",
]

_KEY = re.compile(r"[0-9a-f]{64}")

AnyRun = AttentionMaps | ArrayRun
Kept = TypeVar("Kept", bound=AnyRun)
_KINDS: dict[RunKind, type[AnyRun]] = {"attention": AttentionMaps, "value_norms": ValueNorms, "probabilities": KeptProbabilities}


@dataclass(frozen=True)
class KeptRun:
    """One complete run on this machine: its key, where it came from, its size in bytes and its folder.

    The probabilities that the pass of an attention run left on the way (`_left_on_the_way`) are no run of their own here: they are a part
    of its size, and deleted with it.
    """

    key: str
    meta: RunMeta
    bytes: int
    folder: Path


@dataclass(frozen=True)
class OtherRun:
    """A run on this machine that another version of AlloScope made: its key, in what it differs, its size in bytes and its folder."""

    key: str
    reason: str
    bytes: int
    folder: Path


def find_run(run: RunMeta | str) -> AttentionMaps | None:
    """The kept run with this key (or the key of this RunMeta); None if there is none, or one that this version cannot read."""
    opened = _find(run.key if isinstance(run, RunMeta) else run)
    return opened if isinstance(opened, AttentionMaps) else None


def find_norms(meta: RunMeta) -> ValueNorms | None:
    """The kept value norms of what a run of any kind was computed from; None as with `find_run`."""
    return _find_as(meta.of_kind("value_norms"), ValueNorms)


def find_probabilities(meta: RunMeta, masked: bool) -> KeptProbabilities | None:
    """The kept probabilities of what a run of any kind was computed from; None as with `find_run`."""
    return _find_as(meta.of_kind("probabilities", masked=masked), KeptProbabilities)


def list_runs() -> list[KeptRun]:
    """Every complete run of this version, the newest first."""
    found = [run for run in _opened().values() if not isinstance(run, StoreError)]
    parts = {run.folder: part for run in found if (part := _left_on_the_way(run)) is not None}
    elsewhere = {part.folder for part in parts.values()}
    kept = [
        KeptRun(run.folder.name, run.meta, run.nbytes + (parts[run.folder].nbytes if run.folder in parts else 0), run.folder)
        for run in found
        if run.folder not in elsewhere
    ]
    return sorted(kept, key=lambda run: run.meta.created, reverse=True)


def _left_on_the_way(run: AnyRun) -> KeptProbabilities | None:
    """The probabilities that the pass of an attention run left; None for other kinds of run."""
    return find_probabilities(run.meta, masked=False) if run.meta.kind == "attention" else None


def other_version_runs() -> list[OtherRun]:
    """Every run that another version of AlloScope made, whole or not: only that version can tell."""
    found = {key: error.reason for key, error in _opened().items() if isinstance(error, OtherVersionError)}
    return [OtherRun(key, reason, _nbytes(_folder(key)), _folder(key)) for key, reason in found.items()]


def damaged_runs() -> list[str]:
    """Keys of the runs of this version that lie in the folder but cannot be read."""
    return [key for key, error in _opened().items() if isinstance(error, StoreError) and not isinstance(error, OtherVersionError)]


def _opened() -> dict[str, AnyRun | StoreError]:
    return {key: _open(_folder(key)) for key in _keys()}


def _find_as(meta: RunMeta, kind: type[Kept]) -> Kept | None:
    opened = _find(meta.key)
    return opened if isinstance(opened, kind) else None


def _find(key: str) -> AnyRun | StoreError | None:
    folder = _folder(key)
    return _open(folder) if folder.is_dir() else None


def _open(folder: Path) -> AnyRun | StoreError:
    """The run in a folder, or why it cannot be read."""
    try:
        run = _KINDS[kind_of(folder)](folder)
    except StoreError as error:
        return error
    return run if run.meta.key == folder.name else StoreError(f"{folder} holds another run than its name says.")


def _nbytes(folder: Path) -> int:
    size = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # another process deletes the run
            size += file.stat().st_size if file.is_file() else 0
    return size


def _keys() -> list[str]:
    folder = runs_folder()
    return [item.name for item in folder.iterdir() if _KEY.fullmatch(item.name)] if folder.is_dir() else []


def delete_run(key: str) -> None:
    """Delete one run, whoever made it, complete or damaged; StoreError if there is none or it cannot be deleted."""
    folder = _folder(key)
    if not folder.is_dir():
        raise StoreError(f"There is no kept run {key[:12]} in {folder.parent}; it may already be deleted.")
    run = _open(folder)
    part = None if isinstance(run, StoreError) else _left_on_the_way(run)
    try:
        if part is not None:
            _discard(part.folder)
        _discard(folder)
    except OSError as error:
        raise StoreError(f"The run {key[:12]} in {folder.parent} cannot be deleted: {error.strerror}; close what uses it.") from error


def check_replaceable(meta: RunMeta) -> None:
    """OtherVersionError where another version keeps a run in the place of this one: it cannot be told whether that is whole."""
    _check_replaceable(_folder(meta.key))


def place_run(temporary: Path, meta: RunMeta, kind: type[Kept]) -> Kept:
    """Move a complete run from its temporary folder to its place and open it; what another process put there first is kept instead.

    Parameters
    ----------
    kind : type
        What opens a run of this kind.

    Raises
    ------
    OtherVersionError
        Another version has put its own there meanwhile.
    StoreError
        Other programs change the folder.
    """
    final = _folder(meta.key)
    for _ in range(3):  # more than one round only if other processes place or delete the same run right now
        kept = _find_as(meta, kind)
        if kept is not None:
            return kept
        if final.exists():
            _check_replaceable(final)
            _discard(final)
        try:
            os.replace(temporary, final)
        except OSError:
            if not final.exists():
                raise
    kept = _find_as(meta, kind)
    if kept is None:
        raise StoreError(f"The run could not be moved into {final.parent}; other programs are changing that folder.")
    return kept


def _folder(key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise StoreError(f"{key[:80]!r} is not the key of a run; a key has 64 hexadecimal digits.")
    return runs_folder() / key


def _check_replaceable(folder: Path) -> None:
    """OtherVersionError where another version keeps a run: this one cannot tell whether it is whole, and does not replace it unasked."""
    if isinstance(found := _open(folder), OtherVersionError):
        raise OtherVersionError(
            f"{folder} holds this run as another version of AlloScope made it (written {found.reason}); "
            f"open it with that version, or delete it and run again.",
            found.reason,
        )


def _discard(folder: Path) -> None:
    # Moved first: a run that is half deleted must not be found.
    doomed = new_temporary(folder.parent)
    try:
        os.replace(folder, doomed / folder.name)
    finally:
        drop_temporary(doomed)
