"""Feature strings and tables of intervals become residues; what cannot be read is named."""

import numpy as np
import pytest

from allo_core.errors import PairError, ScoreError
from allo_core.interaction.annotations import annotations_of_features, annotations_of_intervals


def features(*rows: str) -> str:
    return "\n".join(("Entry\tLength\tDomain\tMotif", *rows)) + "\n"


def places(row: np.ndarray) -> list[int]:
    return (np.flatnonzero(row) + 1).tolist()


def test_intervals_are_merged_and_one_residue_counts():
    text = features('P1\t20\t"Domain[2,4]: /note=""Domain[9,9]: SH3""; Domain[4,6]: /note=""b; Motif[12,12]"""\tMotif[7,7]', "P2\t5\t\t")
    found = annotations_of_features(text)
    assert found.types == ("Domain", "Motif")
    assert places(found.of("P1")[0]) == [2, 3, 4, 5, 6]  # what stands in a note is no feature
    assert places(found.of("P1")[1]) == [7]
    assert not found.of("P2").any()
    assert found.of("P2").shape == (2, 5)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('"DOMAIN 3..5; /note=""x""; DOMAIN 7; /note=""y"""', [3, 4, 5, 7]),
        ("DOMAIN <1..>3", [1, 2, 3]),
        ("DOMAIN P1-2:3..5; DOMAIN 9", [9]),  # the first is of another isoform
        ("DOMAIN P1-2:3..50", []),
        ("Domain[3,4]: /note=a; DOMAIN 9", [3, 4, 9]),
    ],
)
def test_as_uniprot_writes_them(cell, expected):
    text = features(f"P1\t20\t{cell}\t").replace("Domain\t", "Domain [FT]\t", 1)
    assert places(annotations_of_features(text).of("P1")[0]) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Entry,Length\nP1,5\n", "no column beside"),
        ("Name,Length,Domain\nP1,5,\n", "one column 'entry' and has 0"),
        (features("P1\t5\tDomain 1-3\t"), "Row 2 .*Domain 1-3"),
        (features("P1\t5\tDomain[2,6]\t"), "Row 2: residues 2 to 6 are not in a protein of 5"),
        (features("P1\t5\tDomain[4,2]\t"), "residues 4 to 2"),
        (features("P1\t5\tDomain[0,2]\t"), "residues 0 to 2"),
        (features("P1\tlong\t\t"), "'long' is no number"),
        (features("P1\t0\t\t"), "0 residues cannot be"),
        (features("P1\t999999999\t\t"), "999999999 residues"),
        (features("P1\t5\t\t", "P1\t5\t\t"), "Row 3 .*there already"),
        (features("P1\t²\t\t"), "no number"),
    ],
)
def test_what_cannot_be_read_is_named(text, message):
    with pytest.raises(PairError, match=message):
        annotations_of_features(text)


def test_a_broken_table():
    with pytest.raises(ScoreError):
        annotations_of_features('Entry,Length,Domain\n"P1,5,')


def test_own_table():
    text = "protein;type;start;end\nB;loop;2;4\nA;site;3;\nA;loop;1;1\nA;site;4;5\n"
    found = annotations_of_intervals(text, {"A": 5, "B": 6, "C": 3})
    assert found.types == ("loop", "site")
    assert [places(row) for row in found.of("A")] == [[1], [3, 4, 5]]
    assert [places(row) for row in found.of("B")] == [[2, 3, 4], []]
    assert not found.of("C").any()
    with pytest.raises(PairError, match="'D' is not among the 3"):
        found.of("D")


@pytest.mark.parametrize(
    ("row", "message"),
    [("X,loop,1,2", "Row 2 .*'X' is no protein"), ("A,,1,2", "no type"), ("A,loop,x,2", "'x' is no"), ("A,loop,1,9", "1 to 9 are not in")],
)
def test_own_table_refused(row, message):
    with pytest.raises(PairError, match=message):
        annotations_of_intervals(f"protein,type,start,end\n{row}\n", {"A": 5})


def test_own_table_without_rows():
    with pytest.raises(PairError, match="no row"):
        annotations_of_intervals("protein,type,start,end\n", {"A": 5})
