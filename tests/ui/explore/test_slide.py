import base64
import struct
import zlib

import pytest

from allo_core.ui.explore.slide import png_of


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")


def address(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_a_slide_of_the_right_size_is_taken():
    content = png(1920, 1080)
    assert png_of(address(content)) == content


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        {"png": "x"},
        "",
        "https://example.org/x.png",
        address(png(1920, 1079)),
        address(b"<svg onload=alert(1)>", "image/svg+xml"),
        address(b"GIF89a" + b"\0" * 100),
        "data:image/png;base64,%%%",
        "data:image/png;base64,é",
        "data:image/png;base64," + "A" * 20_000_000,
    ],
)
def test_what_the_browser_sends_is_checked(sent):
    assert png_of(sent) is None
