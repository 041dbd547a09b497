"""Entries for computing sites: from a folder, from what ships or was fetched before, or from the PDB."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from allo_core.errors import FetchError, LibraryError, StructureError
from allo_core.fetch.structures import fetch_structure, fetched_structure
from allo_core.library.structures import shipped_structure
from allo_core.storage.transfer import PATIENCE, NotThereError, Patience, TransferError
from allo_core.structure.read import read_structure

if TYPE_CHECKING:
    from allo_core.storage.cancel import CancelEvent
    from allo_core.structure.read import Structure

__all__ = ["Entry", "NotAtHand", "entries_in", "from_folder", "from_network"]

# 4mqt.cif.gz, pdb4mqt.ent.gz and pdb_00004mqt.cif, as the wwPDB's servers call them.
_FILE = re.compile(r"(?:pdb_0000|pdb)?([1-9][a-z0-9]{3})\.(cif|bcif|mmcif|pdb|ent)(?:\.gz)?", re.ASCII | re.IGNORECASE)
_FORMATS = ("cif", "mmcif", "bcif", "pdb", "ent")  # the first that is there; mmCIF says more of chains
_MOST_SILENT = 3  # entries in a row that do not come although the PDB should have them


class NotAtHand(FetchError):
    """An entry that is not here and was not asked for."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A structure that was read, and of which file."""

    structure: "Structure"
    file_sha256: str


def entries_in(folder: Path) -> dict[str, Path]:
    """The structure files of a folder by PDB code, one each.

    Raises
    ------
    FetchError
        There is no such folder, it cannot be read, or no file in it is named by a PDB code.
    """
    try:
        names = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise FetchError(
            f"{folder} cannot be read as a folder ({error.strerror or error}); name one that holds structure files."
        ) from error
    found: dict[str, tuple[int, Path]] = {}
    for path in names:
        if match := _FILE.fullmatch(path.name):
            rank = _FORMATS.index(match[2].lower())
            code = match[1].upper()
            if code not in found or rank < found[code][0]:
                found[code] = rank, path
    if not found:
        raise FetchError(f"{folder} holds no structure file that is named by its PDB code, as 4mqt.cif.gz or pdb4mqt.ent.gz.")
    return {code: path for code, (_, path) in found.items()}


def from_folder(folder: Path) -> Callable[[str], Entry]:
    """How to come by an entry without a network: from this folder, else from what was fetched before or ships."""
    there = entries_in(folder)

    def entry_of(code: str) -> Entry:
        path = there.get(code) or _at_hand(code)
        if path is None:
            raise NotAtHand(f"{code} is neither in {folder} nor at hand otherwise.")
        return _read(path, code)

    return entry_of


def from_network(patience: Patience = PATIENCE, cancel: "CancelEvent | None" = None) -> Callable[[str], Entry]:
    """How to come by an entry: from what ships or was fetched before, else from the PDB, which keeps it here.

    Where the PDB fails three times in a row, it is not asked again: a network that is down must not cost a time-out for each entry.
    """
    failures: list[str] = []

    def entry_of(code: str) -> Entry:
        path = _shipped(code)
        if path is not None:
            return _read(path, code)
        if len(failures) >= _MOST_SILENT and fetched_structure(code) is None:
            raise NotAtHand(f"{code} was not asked for, because {', '.join(failures)} did not come; the same command goes on.")
        try:
            path = fetch_structure(code, patience, cancel).path
        except FetchError as error:
            if isinstance(error.__cause__, TransferError) and not isinstance(error.__cause__, NotThereError):
                failures.append(code)
            else:
                failures.clear()
            raise
        failures.clear()
        return _read(path, code)

    return entry_of


def _at_hand(code: str) -> Path | None:
    return fetched_structure(code) or _shipped(code)


def _shipped(code: str) -> Path | None:
    try:
        return shipped_structure(code).path
    except LibraryError:
        return None


def _read(path: Path, code: str) -> Entry:
    structure = read_structure(path)
    if structure.entry and structure.entry != code:
        raise StructureError(f"{path.name} says that it is {structure.entry}, not {code}; name the file by its entry.")
    return Entry(structure, sha256(path.read_bytes()).hexdigest())
