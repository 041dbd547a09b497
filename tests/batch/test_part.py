"""Writing a part: all tables at once, and never in the place of another."""

import pandas as pd
import pytest

from allo_core.batch.layout import WRITING, parts, pieces
from allo_core.batch.part import Part
from allo_core.protein.sequence import Protein
from tests.batch.made import settings


def part(folder, rows, first=1) -> Part:
    made = Part(folder, 1, first, settings())
    for row in rows:
        made.add_failed(row, f"r{row}", "too long", Protein("x", "MKT"), "a note")
    return made


def test_nothing_counts_before_it_is_whole_and_every_table_is_there(tmp_path):
    made = part(tmp_path, (1, 2))
    assert parts(tmp_path) == {}
    made.commit()
    (folder,) = parts(tmp_path).values()
    for table in (settings().sequences, *settings().tables):
        assert pd.read_parquet(folder / table.file).columns.tolist() == table.schema.names
    assert sorted(file.name for file in folder.iterdir()) == ["columns.parquet", "scores.parquet", "sequences.parquet"]
    frame = pd.read_parquet(folder / "sequences.parquet")
    assert frame[["row", "name", "sequence", "length", "error", "notes"]].values.tolist() == [
        [1, "r1", "MKT", 3, "too long", "a note"],
        [2, "r2", "MKT", 3, "too long", "a note"],
    ]
    assert not list((tmp_path / WRITING).iterdir())


def test_an_empty_part_leaves_nothing(tmp_path):
    part(tmp_path, ()).commit()
    assert not list(tmp_path.iterdir())


def test_two_workers_with_the_same_block_lose_nothing(tmp_path, monkeypatch):
    """Both saw the same free place; the second to arrive takes the next one."""
    one, other = part(tmp_path, (1,)), part(tmp_path, (1, 2))
    one.commit()
    with monkeypatch.context() as patch:
        patch.setattr("allo_core.batch.part.pieces", lambda *_: [])
        other.commit()
    assert list(parts(tmp_path)) == ["r1-1-0", "r1-1-1"]
    assert [len(pd.read_parquet(path / "sequences.parquet")) for path in pieces(tmp_path, 1, 1)] == [1, 2]
    assert list(pieces(tmp_path, 1, 2)) == list(pieces(tmp_path, 2, 1)) == []


def test_a_folder_that_has_gone_is_an_error_and_no_part(tmp_path):
    made = part(tmp_path / "out", (1,))
    made._writer(settings().tables[0])
    made._write = lambda *_: (tmp_path / "out" / WRITING).rename(tmp_path / "away")
    with pytest.raises(OSError, match="No such file"):
        made.commit()
    assert parts(tmp_path / "out") == {}
