"""A set as a table: what can be read goes on, what cannot is reported by row."""

import pytest

from allo_core.errors import ScoreError
from allo_core.family.table import read_set
from allo_core.library import SODIUM_POCKET, find_receptor

A2A = find_receptor("AA2AR").protein.sequence


def reasons(asked):
    return {row.where: row.reason for row in asked.refused}


def test_a_good_table():
    asked = read_set('receptor,residues\nAA2AR,D52 S91 N280\nP07550,"D79, S120"\n')
    assert [(member.name, [member.protein.label(i) for i in member.sites]) for member in asked.members] == [
        ("AA2AR", ["D52", "S91", "N280"]),
        ("ADRB2", ["D79", "S120"]),
    ]
    assert (asked.refused, asked.positions) == ((), ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_capitals_spaces_and_a_byte_order_mark(delimiter):
    table = f"\ufeffReceptor {delimiter} Sites\r\nAA2AR{delimiter}D52 S91\r\n\r\n"
    assert [member.name for member in read_set(table).members] == ["AA2AR"]


def test_the_same_positions_in_every_row_make_a_set_of_positions():
    asked = read_set("receptor,positions\nAA2AR,2x50 3x39\nADRB2,3x39 2x50\n")
    assert set(asked.positions) == {"2x50", "3x39"}
    assert (asked.receptor_class, asked.title) == ("A", "2x50, 3x39 of class A")
    pocket = read_set("receptor,site\nAA2AR,sodium pocket\nADRB2,Sodium pocket\n")
    assert pocket.positions == tuple(SODIUM_POCKET)
    other = read_set("receptor,positions\nAA2AR,2x50\nADRB2,3x39\n")
    assert other.positions == ()


def test_sequences_of_ones_own():
    mutant = A2A[:51] + "N" + A2A[52:]
    asked = read_set(f"name,sequence,residues\nD52N,{mutant},2x50 N52 S91\n,{A2A[:300]},52\n")
    assert [member.name for member in asked.members] == ["D52N", "sequence 2"]
    assert asked.members[0].numbers.receptor == "AA2AR"
    assert asked.members[0].protein.label(asked.members[0].sites[0]) == "N52"


def test_each_bad_row_is_reported_and_the_rest_goes_on():
    rows = [
        "AA2AR,D52 S91",
        "NOSUCH,D52",
        "ADRB2,D80",
        "AA2AR,S91 D52",
        "OPSD,",
        ",D52",
        "GLP1R,2x50",
        "OPRD,2x50",
        "DRD3,2x50",
        "AA1R,D55,surplus",
        "CCR5,9999",
    ]
    asked = read_set("receptor,residues\n" + "\n".join(rows))
    assert [member.name for member in asked.members] == ["AA2AR", "GLP1R"]
    found = reasons(asked)
    assert "is not among the 402 receptors" in found["row 2 (NOSUCH)"]
    assert "D80: residue 80 is L" in found["row 3 (ADRB2)"]
    assert found["row 4 (AA2AR)"] == "it repeats row 1"
    assert found["row 5 (OPSD)"] == "no residue is named"
    assert "neither receptor nor sequence" in found["row 6 (a sequence)"]
    assert "it is class A, where these numbers name other residues than in class B" in found["row 8 (OPRD)"]
    assert "no generic numbers" in found["row 9 (DRD3)"]
    assert "more cells than the header" in found["row 10 (AA1R)"]
    assert "residue 9999 does not exist" in found["row 11 (CCR5)"]
    assert len(found) == 9


def test_one_empty_sequence_among_many():
    rows = [f"s{number},{A2A[: 100 + number]},50" for number in range(60)]
    rows[30] = "s30,,50"
    asked = read_set("name,sequence,residues\n" + "\n".join(rows))
    assert len(asked.members) == 59
    assert reasons(asked) == {"row 31 (s30)": "neither receptor nor sequence is given"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs a header with the columns"),
        ("AA2AR,D52\n", "needs a header with the columns"),
        ("receptor,residues\n", "it has no row below its header"),
        ("receptor,residues\nNOSUCH,D52\n", r"No row of the table can be used: row 1 \(NOSUCH\)"),
        ('receptor,residues\n"AA2AR,D52\n', "The table cannot be read"),
        ("receptor,residues\n" + "AA2AR,D52\n" * 5001, "has 5,001 rows; at most 5,000"),
        ("receptor,residues\n<script>,D52\n", r"row 1 \(<script>\)"),
        ("receptor,residues\n" + "A" * 5000 + ",D52\n", r"row 1 \(A{37}\.\.\.\)"),
    ],
)
def test_tables_of_which_nothing_can_be_used(text, words):
    with pytest.raises(ScoreError, match=words):
        read_set(text)


def test_a_sequence_that_contradicts_the_receptor():
    asked = read_set(f"receptor,sequence,residues\nAA2AR,{A2A[:-1]},D52\nADRB2,,D79\n")
    assert "its sequence is not that of AA2AR" in reasons(asked)["row 1 (AA2AR)"]
