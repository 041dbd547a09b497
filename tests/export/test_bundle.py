"""The archive of everything."""

import io
import zipfile

import pytest

from allo_core.errors import ExportError
from allo_core.export import bundle

FILES = {
    "scores.csv": ("layer,head\n0,0\n" * 500, "all heads"),
    "page.html": (b"\x00\xff" * 10, "a page\nwith a line break"),
    "run.json": ('{"name": "β"}', "how it was made"),
}


def opened(content):
    return zipfile.ZipFile(io.BytesIO(content))


def test_every_file_comes_back_and_is_listed():
    archive = opened(bundle(FILES))
    assert archive.testzip() is None
    assert archive.namelist() == ["README.txt", *FILES]
    for name, (content, _) in FILES.items():
        assert archive.read(name) == (content.encode() if isinstance(content, str) else content)
    readme = archive.read("README.txt").decode()
    lines = dict(line.split(maxsplit=1) for line in readme.split("\n")[2:5])
    assert lines == {"scores.csv": "all heads", "page.html": "a page?with a line break", "run.json": "how it was made"}
    assert "it never saw a structure" in readme
    assert "not evidence of mechanism" in readme
    assert archive.getinfo("scores.csv").compress_size < 500


def test_the_same_content_gives_the_same_bytes():
    # Its times are fixed, so the clock cannot make a difference.
    assert bundle(FILES) == bundle(dict(FILES))
    assert {entry.date_time for entry in opened(bundle(FILES)).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert bundle(FILES) != bundle({**FILES, "scores.csv": ("layer,head\n", "all heads")})


@pytest.mark.parametrize("name", ["../evil", "a/b", "a\\b", "", ".", "..", ".profile", "-rf", "a b", "ä.csv", "a\n", "C:x", "a\x00b"])
def test_names_that_could_leave_the_folder_are_refused(name):
    with pytest.raises(ExportError) as error:
        bundle({name: ("", "")})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("files", [{"readme.TXT": ("", "")}, {"a.csv": ("", ""), "A.csv": ("", "")}])
def test_no_file_covers_another(files):
    with pytest.raises(ExportError, match="already"):
        bundle(files)
