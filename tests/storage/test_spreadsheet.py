"""The text of a table's file: UTF-8, or it says so."""

import pytest

from allo_core.errors import StoreError
from allo_core.storage.spreadsheet import table_text

TABLE = "name,receptor,residues\né,AA2AR,D52\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_of_utf8(encoding):
    assert table_text(TABLE.encode(encoding), "set.csv") == TABLE
    assert table_text(b"", "set.csv") == ""


@pytest.mark.parametrize(
    "content",
    [TABLE.encode("cp1252"), TABLE.encode("utf-16"), TABLE.replace("é", "e").encode("utf-16-le"), b"PK\x03\x04\x14\x00"],
    ids=["Excel's CSV", "utf-16", "utf-16 without a mark", "a workbook"],
)
def test_a_file_that_is_no_utf8(content):
    with pytest.raises(StoreError, match=r"^set\.csv is not UTF-8 text; save it as 'CSV UTF-8'\.$"):
        table_text(content, "set.csv")
