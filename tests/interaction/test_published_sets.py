"""The published sets are read as they are, and their baselines are those that were measured; without them it is said what is needed."""

import gzip

import pytest

from allo_core.errors import PairError
from allo_core.interaction.given_away import given_away
from allo_core.interaction.published_sets import PUBLISHED_SETS, read_published

PAN, REAL_TEST = PUBLISHED_SETS["pan"], PUBLISHED_SETS["real_test"]


def numbers(found, baseline: str, kind: str, *names: str) -> list[float]:
    row = next(row for row in found.rows if row.baseline == baseline and row.split.kind == kind)
    return [round(getattr(row.metrics, name), 3) for name in names]


def test_pan(shared):
    """Names reach 0.968 (AUC 0.996) by pair and nothing by protein, where lengths still tell something."""
    pairs, others = read_published(shared / "data/interactions", PAN)
    assert others == ()
    found = given_away(pairs)
    assert (found.pairs, found.positives) == (72184, 36092)
    assert (found.in_positives, found.in_negatives) == (9386, 2177)
    assert numbers(found, "names", "pair", "accuracy", "mcc", "auc") == [0.968, 0.936, 0.996]
    assert numbers(found, "names", "protein", "auc") == [0.5]
    assert numbers(found, "lengths", "protein", "auc") == [0.602]


def test_real_test(shared):
    pairs, others = read_published(shared / "data/interactions", REAL_TEST)
    assert others == ()
    found = given_away(pairs)
    assert (found.in_positives, found.in_negatives, found.in_both) == (816, 925, 0)
    assert numbers(found, "names", "pair", "accuracy", "mcc", "auc") == [0.981, 0.962, 0.998]
    assert numbers(found, "names", "protein", "auc") == [0.5]
    assert {row.baseline for row in found.rows} == {"names"}
    assert "their sequences are not known" in found.without


def test_what_is_needed_is_named(tmp_path):
    with pytest.raises(
        PairError, match=r"does not ship. Give --data FOLDER with pan_pairs.tsv.gz .sha256 4b38e56e.* and pan_proteins.tsv.gz"
    ):
        read_published(None, PAN)
    with pytest.raises(
        PairError, match=r"lacks real_test_pairs.tsv; it has to hold real_test_pairs.tsv .sha256 6864f32c.*ywwy-qn/ESM2_AMP"
    ):
        read_published(tmp_path, REAL_TEST)


def written(folder, pairs: str, proteins: str):
    (folder / "pan_pairs.tsv.gz").write_bytes(gzip.compress(pairs.encode()))
    (folder / "pan_proteins.tsv.gz").write_bytes(gzip.compress(proteins.encode()))
    return folder


HEADER, PROTEINS = "ProteinA\tProteinB\tLabel\n", "Entry\tSequence\nP1\tMKT\nP2\tMKTA\n"


def test_other_files_are_read_and_said(tmp_path):
    pairs, others = read_published(written(tmp_path, HEADER + "P1\tP2\t1\nP2\tP1\t0\n", PROTEINS), PAN)
    assert pairs.labels.tolist() == [1, 0]
    assert others == ("pan_pairs.tsv.gz", "pan_proteins.tsv.gz")


@pytest.mark.parametrize(
    ("pairs", "proteins", "message"),
    [
        ("A\tB\n", PROTEINS, "pan_pairs.tsv.gz has no column ProteinA; it is another file"),
        (HEADER + "P1\tP3\t1\n", PROTEINS, "names 'P3', which has no sequence"),
        (HEADER + "P1\tP2\tyes\n", PROTEINS, "cannot be used"),
        (HEADER + "P1\tP2\t2\n", PROTEINS, "cannot be used .labels are 0 or 1"),
        (HEADER + "P1\tP2\t1\n", "Entry\tSequence\nP1\tM-T\nP2\tM\n", "cannot be used .'-' at position 2 is an alignment gap"),
        (HEADER + "P1\tP2\t1\n", 'Entry\tSequence\n"P1\tM\n', "pan_proteins.tsv.gz is damaged"),
    ],
)
def test_other_files_that_cannot_be_used(pairs, proteins, message, tmp_path):
    with pytest.raises(PairError, match=message):
        read_published(written(tmp_path, pairs, proteins), PAN)


def test_half_a_file(tmp_path):
    folder = written(tmp_path, HEADER + "P1\tP2\t1\n" * 50, PROTEINS)
    file = folder / "pan_pairs.tsv.gz"
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(PairError, match=r"pan_pairs.tsv.gz is damaged .*; get it again"):
        read_published(folder, PAN)
