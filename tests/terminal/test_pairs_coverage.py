"""`pairs coverage` says which files it needs, and what the lists show beside chance."""

import argparse
import csv
import gzip
import io
from pathlib import Path

import pytest

from allo_core.errors import PairError
from allo_core.terminal.pairs_coverage import add_coverage

FEATURES, LISTS = "real_test_uniprot_features.tsv.gz", "real_test_amps_top3_low3.tsv"


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    add_coverage(parser.add_subparsers())
    options = parser.parse_args(["coverage", *map(str, arguments)])
    options.run(options)


def files(folder: Path) -> None:
    features = ["Entry\tLength\tDomain", *(f'P{number}\t20\t"Domain[1,10]: /note=""x"""' for number in range(4))]
    (folder / FEATURES).write_bytes(gzip.compress("\n".join(features).encode()))
    best = "A_segment0\tB_segment1\tA_segment4\tA_segment9\tB_segment5\tB_segment7"
    rows = [f"P{first}\tP{second}\t1\t1\t{best}" for first in range(4) for second in range(first)]
    header = "proteina proteinb label prediction top1 top2 top3 low1 low2 low3".replace(" ", "\t")
    (folder / LISTS).write_text("\n".join([header, *rows]), encoding="utf-8")


def test_files_are_asked_for_by_name_source_and_sum():
    with pytest.raises(PairError, match=rf"--data FOLDER is needed: {FEATURES}, sha256 f6978cf8.*ESM2_AMP"):
        run()


def test_a_missing_and_a_damaged_file(tmp_path):
    files(tmp_path)
    (tmp_path / LISTS).unlink()
    with pytest.raises(PairError, match=f"{LISTS} is needed.*sha256 c62202db"):
        run("--data", tmp_path)
    (tmp_path / FEATURES).write_bytes(b"no archive")
    (tmp_path / LISTS).write_text("x", encoding="utf-8")
    with pytest.raises(PairError, match=f"{FEATURES} is damaged"):
        run("--data", tmp_path)


def test_table_sentence_and_csv(tmp_path, capsys):
    files(tmp_path)
    run("--data", tmp_path, "--csv", tmp_path / "out.csv")
    said = capsys.readouterr().out
    assert "Another version of" in said
    assert "annotated to 100.0%, the three lowest to 0.0%, all 20 to 50.0%" in said
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 2 * 2 * 2  # all and 1-1, a type and any, best and lowest
    assert {row["chosen"] for row in rows} == {"top", "low"}
    assert float(rows[0]["coverage"]) == 1
    assert float(rows[0]["turned"]) == 0.5
