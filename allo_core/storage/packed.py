"""Files that may be compressed with gzip, and the text in them."""

import codecs
import gzip
import zlib
from io import BufferedReader, BytesIO, TextIOWrapper

__all__ = ["DAMAGED", "is_packed", "text_in", "unpacked"]

_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
# What reading a gzip file raises where it is damaged or cut short; the first is an OSError, so catch these before that.
DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error)


def is_packed(content: bytes) -> bool:
    """Whether a file that begins like this is compressed with gzip."""
    return content.startswith(_MAGIC)


def unpacked(file: BufferedReader | BytesIO) -> BufferedReader | BytesIO | gzip.GzipFile:
    """What a file holds, from its beginning: the file itself, or a reader of what is compressed in it.

    Parameters
    ----------
    file : BufferedReader or BytesIO
        Open at its beginning.
    """
    packed = is_packed(file.read(len(_MAGIC)))
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if packed else file


def text_in(file: BufferedReader | BytesIO) -> TextIOWrapper:
    """The text of a file, plain or compressed: UTF-8, or UTF-16 where it begins with that encoding's mark.

    Bytes that are no text become U+FFFD, so that one odd letter is no reason to refuse a file.

    Parameters
    ----------
    file : BufferedReader or BytesIO
        Open at its beginning.
    """
    content = unpacked(file)
    mark = content.read(2)
    content.seek(0)
    encoding = "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    return TextIOWrapper(content, encoding=encoding, errors="replace")
