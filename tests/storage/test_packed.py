"""Plain and compressed files are read alike."""

import gzip
import io

import pytest

from allo_core.storage.packed import DAMAGED, is_packed, unpacked

CONTENT = bytes(range(256)) * 50


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("content", [CONTENT, b"", b"\x1f"])
def test_plain_and_packed(pack, content):
    file = pack(content)
    assert is_packed(file) == (pack is gzip.compress)
    assert unpacked(io.BytesIO(file)).read() == content


@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:40] + bytes(8) + data[48:], lambda data: data[:3]])
def test_damage_is_one_of_the_named_errors(damage):
    with pytest.raises(DAMAGED):
        unpacked(io.BytesIO(damage(gzip.compress(CONTENT * 5)))).read()
