"""One archive of everything."""

import io
import re
import zipfile
from collections.abc import Mapping

from allo_core.errors import ExportError
from allo_core.export.record import CAUTIONS
from allo_core.export.tables import printable

__all__ = ["bundle", "zip_entry"]

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_README = "README.txt"
_TIME = (1980, 1, 1, 0, 0, 0)  # the first that the format can hold; the same content gives the same bytes on any day


def bundle(files: Mapping[str, tuple[str | bytes, str]]) -> bytes:
    """ZIP archive of some files and a README.txt that lists them.

    Parameters
    ----------
    files : mapping of str to (content, description)
        File name (letters, digits, dot, dash, underscore) to what is in the file and one line that says so.

    Raises
    ------
    ExportError
        For another name, a README.txt, or two names that differ in their capitals alone.
    """
    _check_names(list(files))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, _README, _readme(files))
        for name, (content, _) in files.items():
            _add(archive, name, content)
    return buffer.getvalue()


def _check_names(names: list[str]) -> None:
    seen = {_README.lower()}
    for name in names:
        if not _FILE_NAME.fullmatch(name):
            raise ExportError(f"{printable(name)[:60]!r} is no plain file name; use letters, digits, dots, dashes and underscores.")
        if name.lower() in seen:  # Windows and macOS would unpack one over the other
            raise ExportError(f"The archive already has a file {name}; give it another name.")
        seen.add(name.lower())


def _readme(files: Mapping[str, tuple[str | bytes, str]]) -> str:
    width = max((len(name) for name in files), default=0)
    lines = [f"{name:<{width}}  {printable(description)}" for name, (_, description) in files.items()]
    return "\n".join(["AlloScope", "", *lines, "", *CAUTIONS, ""])


def zip_entry(name: str, compression: int) -> zipfile.ZipInfo:
    """A file of an archive, the same on every day and system."""
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = compression
    entry.create_system = 3  # Unix on every system, for the same bytes
    entry.external_attr = 0o644 << 16
    return entry


def _add(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    archive.writestr(zip_entry(name, zipfile.ZIP_DEFLATED), content)
