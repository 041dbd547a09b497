"""The published lists give the published coverage; small ones are read as they stand, and what cannot be read is named."""

import gzip

import numpy as np
import pytest

from allo_core.errors import PairError
from allo_core.interaction.annotations import Annotations, annotations_of_features
from allo_core.interaction.coverage import ANY_TYPE
from allo_core.interaction.ranked_lists import coverage_of_lists, coverage_sentence, ranked_lists

HEADER = "proteina,proteinb,label,prediction,top1,top2,top3,low1,low2,low3"


def lists(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def small() -> tuple[str, Annotations]:
    """Four proteins of 20 residues, the first half annotated, and pairs whose best segments lie there."""
    annotated = np.zeros((1, 20), dtype=bool)
    annotated[0, :10] = True
    names = [f"P{number}" for number in range(4)]
    rows = [
        f"{first},{second},{label},1,A_segment0,B_segment1,A_segment4,A_segment9,B_segment5,B_segment7"
        for first in names for second in names if first < second for label in (0, 1)
    ]  # fmt: skip
    return lists(*rows), Annotations(("Domain",), dict.fromkeys(names, annotated))


def test_small_lists():
    text, annotations = small()
    found = ranked_lists(text)
    assert found.top[0].tolist() == [0, 11, 4]
    assert found.low[0].tolist() == [9, 15, 17]
    assert {name: len(rows) for name, rows in found.groups.items()} == {"all": 12, "0-1": 6, "1-1": 6}
    seen = []
    coverage = coverage_of_lists(found, annotations, lambda done, total: seen.append((done, total)))
    top, low = coverage.row("all", "Domain", "top"), coverage.row("all", ANY_TYPE, "low")
    assert (top.test.observed, top.every, top.test.turned, low.test.observed) == pytest.approx((1, 0.5, 0.5, 0))
    assert (top.pairs, top.proteins) == (12, 4)
    assert top.test.places_p == 1  # all proteins are annotated alike
    assert coverage.hits["all", 0.5].ranks == (1, 1, 1)
    assert coverage.hits["all", 0.5].chance == pytest.approx(0.5)
    assert seen[-1] == (12, 12)
    with pytest.raises(KeyError):
        coverage.row("1-0", "Domain", "top")
    sentence = coverage_sentence(coverage)
    assert "no more than the same places of other proteins" in sentence
    assert "100.0%" in sentence


def test_what_is_not_above_chance_says_so_first():
    text, annotations = small()
    turned = text.replace("A_segment0", "A_segment6")
    assert coverage_sentence(coverage_of_lists(ranked_lists(turned), annotations)).startswith("The best segments are not annotated more")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER.replace(",low3", "") + "\n", "no column 'low3'"),
        (HEADER + "\n", "no row"),
        (lists("A,B,1,1,A_segment0,A_segment1,A_segment2,A_segment3,A_segment4,C_segment5"), "Row 2 .*'C_segment5'"),
        (lists("A,B,1,1,A_segment10,A_segment1,A_segment2,A_segment3,A_segment4,A_segment5"), "'A_segment10'"),
        (lists("A,B,yes,1,A_segment0,A_segment1,A_segment2,A_segment3,A_segment4,A_segment5"), "'yes' is neither 0 nor 1"),
    ],
)
def test_what_cannot_be_read_is_named(text, message):
    with pytest.raises(PairError, match=message):
        ranked_lists(text)


def test_a_protein_without_annotations_is_named():
    text, annotations = small()
    with pytest.raises(PairError, match="'Q9' is not among the 4"):
        coverage_of_lists(ranked_lists(text.replace("P3", "Q9")), annotations)


def test_published_lists(shared):
    """Three best 55.5 %, all 20 50.8 %, three lowest 47.1 %; by group and type as measured with another program."""
    folder = shared / "data/interactions"
    if not folder.is_dir():
        pytest.skip("the lists of the published model (shared/data/interactions) are not at hand")
    annotations = annotations_of_features(gzip.decompress((folder / "real_test_uniprot_features.tsv.gz").read_bytes()).decode())
    published = ranked_lists((folder / "real_test_amps_top3_low3.tsv").read_text(encoding="utf-8"))
    assert len(published) == 2407
    assert len(annotations) == 1741
    found = coverage_of_lists(published, annotations)
    for group, kind, top, every, low in (
        ("all", ANY_TYPE, 55.5, 50.8, 47.1),
        ("0-0", ANY_TYPE, 56.2, 50.3, 45.6),
        ("0-1", ANY_TYPE, 58.7, 54.9, 54.7),
        ("1-0", ANY_TYPE, 43.6, 35.1, 30.2),
        ("1-1", ANY_TYPE, 54.8, 50.8, 46.5),
        ("1-1", "Domain", 24.0, 20.1, 21.2),
        ("0-1", "Domain", 30.9, 28.8, 33.6),
        ("0-0", "Region", 28.9, 24.3, 23.9),
    ):
        best, lowest = found.row(group, kind, "top"), found.row(group, kind, "low")
        assert 100 * np.array([best.test.observed, best.every, lowest.test.observed]) == pytest.approx([top, every, low], abs=0.06)
    assert found.row("all", ANY_TYPE, "top").test.p < 0.01
    sentence = coverage_sentence(found)
    assert sentence.startswith("The best segments are annotated more than chance.")
    assert "what is annotated, not what interacts" in sentence
