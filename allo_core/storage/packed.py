"""Files that may be compressed with gzip."""

import gzip
import zlib
from io import BufferedReader, BytesIO

__all__ = ["DAMAGED", "is_packed", "unpacked"]

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
