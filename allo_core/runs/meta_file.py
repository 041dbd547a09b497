"""meta.json of a kept run: written last and read first."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, TypeVar

from allo_core import __version__
from allo_core.errors import OtherVersionError, StoreError
from allo_core.runs.layout import META
from allo_core.runs.meta import RunKind, RunMeta
from allo_core.storage.plain_json import OtherVersion

__all__ = [
    "META_DAMAGE",
    "Block",
    "Stored",
    "StoredNorms",
    "StoredProbabilities",
    "check_size",
    "described",
    "kind_of",
    "opening",
    "read_meta",
    "read_meta_file",
    "write_meta_file",
]

# What a damaged or foreign description may raise; a RecursionError comes from brackets without end.
META_DAMAGE = (OSError, ValueError, KeyError, TypeError, RecursionError)

# That of the largest model, with 2,000 heads, takes 50 kB.
_MOST_BYTES = 16 << 20
_VERSION = re.compile(r"[\w.+-]{1,30}")


class Block(TypedDict):
    """One layer: the start of its block in entries.bin (bytes), the entries in it, and the check sums of both of its parts."""

    offset: int
    entries: int
    maps_crc32: int
    entries_crc32: int


class Stored(TypedDict):
    """What meta.json says of the other files: a block a layer, the check sum of the column sums, and the special shares [layers, heads]."""

    layers: list[Block]
    sums_crc32: int
    special_share: list[list[float]]


class StoredNorms(TypedDict):
    """The same of a run of value norms: the check sum of the norms, and the special shares [layers, heads]."""

    norms_crc32: int
    special_share: list[list[float]]


class StoredProbabilities(TypedDict):
    """The same of a run of probabilities: the check sum of their logarithms, and the residues of the columns."""

    log_p_crc32: int
    letters: str


Parts = TypeVar("Parts")


@contextmanager
def opening(folder: Path) -> Iterator[None]:
    """While a kept run is opened: say what to do where it is damaged (StoreError), or another version made it (OtherVersionError)."""
    try:
        yield
    except OtherVersion as error:
        raise OtherVersionError(
            f"The kept run in {folder} was made by another version of AlloScope (written {error}); "
            f"run again, or open it with that version.",
            str(error),
        ) from error
    except META_DAMAGE as error:
        raise StoreError(f"The kept run in {folder} is damaged ({error}); delete it and run the model again.") from error


def kind_of(folder: Path) -> RunKind:
    """What kind of run lies in a folder; "attention" where its meta.json does not tell, which then says why when it is opened."""
    try:
        return _read(folder)[0].kind
    except (OtherVersion, *META_DAMAGE):
        return "attention"


def read_meta_file(folder: Path, parts: type[Parts]) -> tuple[RunMeta, Parts]:
    """What meta.json says of the run and of its files; the format of the run is looked at first.

    Parameters
    ----------
    parts : type
        What it says of the files of a run of this kind.

    Raises
    ------
    OtherVersion
        It says that another version made the run; whatever else it says was not looked at.
    One of META_DAMAGE
        It is missing or damaged.
    """
    import msgspec  # takes 30 ms, which only those wait for who read a run

    meta, said = _read(folder)
    return meta, msgspec.convert(said, parts)


def _read(folder: Path) -> tuple[RunMeta, dict]:
    path = folder / META
    check_size(path.stat().st_size)
    said = json.loads(path.read_text(encoding="utf-8"))
    return read_meta(said), said


def check_size(size: int) -> None:
    """ValueError for more bytes than any description has, before they fill the memory."""
    if size > _MOST_BYTES:
        raise ValueError(f"{META} has {size} bytes, at most {_MOST_BYTES} were expected")


def read_meta(said: dict) -> RunMeta:
    """What a description says of the run; errors as in `read_meta_file`."""
    try:
        return RunMeta.from_json(said["meta"])
    except OtherVersion as error:
        version = said.get("alloscope")
        by = f"by {version} " if isinstance(version, str) and _VERSION.fullmatch(version) else ""
        raise OtherVersion(f"{by}{error}") from error


def described(meta: RunMeta, stored: dict) -> dict:
    """A description as it is written: what was computed, by which version, and what else there is to say."""
    return {"meta": meta.to_json(), **stored, "alloscope": __version__}


def write_meta_file(folder: Path, meta: RunMeta, stored: Mapping[str, object]) -> None:
    """Write meta.json with what it says of the other files, and wait until the disk has it; OSError if there is no room."""
    with open(folder / META, "w", encoding="utf-8") as file:
        json.dump(described(meta, {**stored}), file)
        file.flush()
        os.fsync(file.fileno())
