"""The sites that this machine has computed itself; they stand in the place of the shipped lists until they are forgotten."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from allo_core import __version__
from allo_core.errors import LibraryError
from allo_core.library.site import Site
from allo_core.storage.home import home
from allo_core.storage.plain_json import OtherVersion, check_version, from_plain
from allo_core.storage.whole_file import write_whole

__all__ = [
    "FORGET",
    "LibraryState",
    "OwnSite",
    "SiteLibrary",
    "forget_site_library",
    "in_place_of",
    "read_site_library",
    "site_library_path",
    "site_library_state",
    "write_site_library",
]

FORGET = "python -m allo_core sites forget"
_FORMAT = 1  # raised when the file changes its meaning
_MOST_BYTES = 20_000_000  # a hundred sites have 50 kB

# Changes whenever the file does: time of the change in ns, bytes, and its place on the disk; None where there is no file.
LibraryState = tuple[int, int, int] | None


@dataclass(frozen=True)
class OwnSite:
    """A computed site, and whose it is.

    Parameters
    ----------
    receptor : str
        Entry name.
    site : Site
    file_sha256 : str
        Of the structure file, as it was read.
    """

    receptor: str
    site: Site
    file_sha256: str


@dataclass(frozen=True)
class SiteLibrary:
    """All sites that were computed on this machine.

    Parameters
    ----------
    sites : tuple of OwnSite
    created : str
        When it was written last, UTC.
    alloscope : str
        By which version.
    """

    sites: tuple[OwnSite, ...]
    created: str
    alloscope: str = __version__
    format: int = _FORMAT


def site_library_path() -> Path:
    """Where the file is or will be."""
    return home() / "sites.json"


def site_library_state() -> LibraryState:
    """What tells one state of the file from another; whatever is kept that depends on sites is kept under it."""
    try:
        found = site_library_path().stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_site_library(sequences: Mapping[str, str]) -> SiteLibrary | None:
    """The sites of this machine; None where there are none.

    Parameters
    ----------
    sequences : mapping of str to str
        Entry name -> sequence of the receptors that there are.

    Raises
    ------
    LibraryError
        The file cannot be read, another version wrote it, or it does not fit the receptors.
    """
    path = site_library_path()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _damaged(f"it has more than {_MOST_BYTES // 10**6} MB")
        values = json.loads(path.read_text(encoding="utf-8"))
        library = from_plain(SiteLibrary, check_version(values, SiteLibrary, _FORMAT))
    except FileNotFoundError:
        return None
    except OtherVersion as error:
        raise LibraryError(
            f"This machine's site library {path} was written {error}; build it again, or go back with '{FORGET}'."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(str(error)[:100].rstrip(".")) from error
    for one in library.sites:
        if reason := _misfit(one, sequences):
            raise _damaged(reason)
    return library


def write_site_library(library: SiteLibrary) -> None:
    """Write the file in one step; LibraryError where there is no room."""
    path = site_library_path()
    try:
        write_whole(path, (json.dumps(asdict(library), indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:
        raise LibraryError(f"The sites could not be kept in {path} ({error.strerror or error}); make room.") from error


def forget_site_library() -> bool:
    """Delete the file, so that the shipped lists count again; whether there was one."""
    try:
        site_library_path().unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LibraryError(f"{site_library_path()} could not be deleted ({error.strerror or error}); delete it by hand.") from error
    return True


def in_place_of(shipped: Iterable[Site], own: Iterable[Site]) -> tuple[Site, ...]:
    """The sites of one receptor: each shipped list unless one of the same name was computed, then the computed ones that are new."""
    computed = {site.name: site for site in own}
    kept = [computed.pop(site.name, site) for site in shipped]
    return (*kept, *computed.values())


def _misfit(one: OwnSite, sequences: Mapping[str, str]) -> str:
    """Why a site cannot be one of its receptor; "" where it can."""
    if one.receptor not in sequences:
        return f"{one.receptor[:20]!r} is no receptor of the library"
    sequence, residues = sequences[one.receptor], one.site.residues.split()
    for residue in residues:
        number = residue[1:]
        if not (number.isascii() and number.isdecimal() and sequence[int(number[:6]) - 1 : int(number[:6])] == residue[0]):
            return f"{residue[:12]!r} is no residue of {one.receptor}"
    return "" if residues else f"{one.site.name[:60]!r} of {one.receptor} has no residue"


def _damaged(reason: str) -> LibraryError:
    return LibraryError(
        f"This machine's site library {site_library_path()} is damaged ({reason}); build it again, or delete it with '{FORGET}'."
    )
