"""An Excel workbook is read as the table that it shows, or it says why not."""

import builtins
import io
import zipfile

import pytest

from allo_core.errors import ExtraError, ScoreError
from allo_core.storage import workbook
from allo_core.storage.workbook import is_workbook, read_workbook


def written(rows: list[list]) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("second").append(["not", "read"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_first_sheet_is_a_table():
    content = written([[], ["A", " B ", "label"], ["one", "two", 1], [], ["three", None, 0.0], ["four", 1.5, True]])
    assert is_workbook(content)
    header, rows = read_workbook(content, 10)
    assert header == ["A", "B", "label"]
    assert rows == [(3, ["one", "two", "1"]), (5, ["three", "", "0"]), (6, ["four", "1.5", "True"])]


def test_an_empty_workbook():
    assert read_workbook(written([]), 10) == ([], [])


def test_too_many_rows():
    content = written([["A"], ["1"], ["2"], ["3"]])
    assert len(read_workbook(content, 3)[1]) == 3
    with pytest.raises(ScoreError, match="more than 2 rows"):
        read_workbook(content, 2)


def test_a_workbook_that_unpacks_to_too_much(monkeypatch):
    content = written([["A"], ["1"]])
    monkeypatch.setattr(workbook, "_MOST_UNPACKED", 100)
    with pytest.raises(ScoreError, match="save it as CSV UTF-8"):
        read_workbook(content, 2)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_half_a_workbook(part):
    content = written([["A"], ["1"]])
    with pytest.raises(ScoreError, match="cannot be read; save it again"):
        read_workbook(content[: int(len(content) * part)], 10)


def test_a_zip_file_that_is_no_workbook():
    pytest.importorskip("openpyxl")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("a.txt", "text")
    with pytest.raises(ScoreError, match="cannot be read; save it again"):
        read_workbook(file.getvalue(), 10)


def test_without_openpyxl_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith("openpyxl"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ExtraError, match=r"needs openpyxl: pip install '\.\[pairs\]'; or save the table as CSV"):
        read_workbook(b"PK", 10)
