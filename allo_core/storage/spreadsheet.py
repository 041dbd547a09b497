"""The rows of a table that a spreadsheet has written: comma, semicolon or tab separated, numbered as the spreadsheet does."""

import csv
import io
import string

from allo_core.errors import ScoreError, StoreError

__all__ = ["read_rows", "table_text"]

_DELIMITERS = ",;\t"


def read_rows(text: str, most: int, instead: str = "") -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The cells of the header, and those of each row below it that is not blank, with its number (the header is row 1, blank rows count).

    Parameters
    ----------
    text : str
    most : int
        Rows that are read.
    instead : str
        What to do with more, as the end of the message.

    Returns
    -------
    header : list of str
        Empty where there is none.
    rows : list of (number, cells)

    Raises
    ------
    ScoreError
        No table, or one with more rows.
    """
    text = text.lstrip("\ufeff")
    # A spreadsheet writes a blank row above the header as delimiters alone.
    first = text.lstrip(_DELIMITERS + string.whitespace).partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        lines = enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), start=1)
        table = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise ScoreError(f"The table cannot be read ({error}); save it as CSV with a header.") from error
    if len(table) - 1 > most:
        raise ScoreError(f"The table has {len(table) - 1:,} rows; at most {most:,} are read.{instead}")
    return ([cell.strip() for cell in table[0][1]] if table else []), table[1:]


def table_text(content: bytes, name: str) -> str:
    """The text of a table's file, without its byte order mark.

    Parameters
    ----------
    content : bytes
    name : str
        What to call the file in the error.

    Raises
    ------
    StoreError
        It is not UTF-8. Excel's plain CSV is written in the code page of the machine, which the file does not name.
    """
    try:
        if b"\0" in content:  # UTF-16 without a mark can be read as UTF-8
            raise ValueError
        return content.decode("utf-8-sig")
    except ValueError:
        raise StoreError(f"{name} is not UTF-8 text; save it as 'CSV UTF-8'.") from None
