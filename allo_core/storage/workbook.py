"""The first sheet of an Excel workbook (.xlsx), its rows numbered as Excel does; read with openpyxl, which need not be installed."""

import io
import zipfile
import zlib
from xml.etree.ElementTree import ParseError

from allo_core.errors import ExtraError, ScoreError

__all__ = ["is_workbook", "read_workbook"]

_ZIP = b"PK\x03\x04"
_MOST_UNPACKED = 1 << 29  # bytes; a small zip file may unpack to any size
# What openpyxl may raise of a damaged workbook, depending on where it is damaged.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, ParseError, zipfile.BadZipFile, zlib.error)


def is_workbook(content: bytes) -> bool:
    """Whether the bytes of a file begin as a workbook does."""
    return content.startswith(_ZIP)


def read_workbook(content: bytes, most: int) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The cells of the header, and those of each row below it that is not blank, with its number, as text.

    Parameters
    ----------
    content : bytes
    most : int
        Rows that are read.

    Returns
    -------
    header : list of str
        Empty where there is none.
    rows : list of (number, cells)
        Of formulas what they came to when the workbook was saved.

    Raises
    ------
    ExtraError
        openpyxl is not installed.
    ScoreError
        No workbook, or one with more rows.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise ExtraError("Reading an Excel workbook needs openpyxl: pip install '.[pairs]'; or save the table as CSV UTF-8.") from error
    table: list[tuple[int, list[str]]] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0] if unpacked <= _MOST_UNPACKED else None
        for number, cells in enumerate(sheet.iter_rows(values_only=True) if sheet is not None else (), start=1):
            row = [_text(value) for value in cells]
            if any(row):
                table.append((number, row))
            if len(table) > most + 1:
                break
    except _DAMAGE as error:
        raise ScoreError("The Excel workbook cannot be read; save it again, or as CSV UTF-8.") from error
    if sheet is None:
        raise ScoreError(
            f"The Excel workbook unpacks to {unpacked >> 20:,} MB, {_MOST_UNPACKED >> 20} at most are read; save it as CSV UTF-8."
        )
    if len(table) > most + 1:
        raise ScoreError(f"The table has more than {most:,} rows; at most so many are read.")
    return (table[0][1] if table else []), table[1:]


def _text(value: object) -> str:
    """As a person reads it in the cell: 1, and not the 1.0 that may be stored."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
