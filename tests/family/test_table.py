"""A set as a table: what can be read goes on, what cannot is reported by row."""

import re

import numpy as np
import pytest

from allo_core.errors import ScoreError
from allo_core.family.table import read_set
from allo_core.library.receptors import SODIUM_POCKET, find_receptor
from allo_core.protein.sequence import AMINO_ACIDS

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
    assert [member.name for member in asked.members] == ["D52N", "row 3"]
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
    assert "is not among the 402 receptors" in found["row 3 (NOSUCH)"]
    assert "D80: residue 80 is L" in found["row 4 (ADRB2)"]
    assert found["row 5 (AA2AR)"] == "it repeats row 2"
    assert found["row 6 (OPSD)"] == "no residue is named"
    assert "neither receptor nor sequence" in found["row 7 (a sequence)"]
    assert "it is class A, where these numbers name other residues than in class B" in found["row 9 (OPRD)"]
    assert "no generic numbers" in found["row 10 (DRD3)"]
    assert "more cells than the header" in found["row 11 (AA1R)"]
    assert "residue 9999 does not exist" in found["row 12 (CCR5)"]
    assert len(found) == 9


def test_rows_are_numbered_as_in_a_spreadsheet():
    table = '\n,,\nreceptor,residues,note\n\nNOSUCH1,D52,"two\nlines"\n,,\n \nNOSUCH2,D52,\nAA2AR,D52,\n\n\n'
    for text in (table, table.replace("\n", "\r\n"), table.replace(",", ";"), table.replace(",", "\t")):
        asked = read_set(text)
        assert list(reasons(asked)) == ["row 5 (NOSUCH1)", "row 8 (NOSUCH2)"]
        assert len(asked.members) == 1


def test_a_receptor_has_one_row():
    mutant = A2A[:51] + "N" + A2A[52:]
    asked = read_set(
        f"receptor,sequence,residues\nAA2AR,,D53\nAA2AR,,D52\n,{A2A},S91\nP29274,,52\n,{mutant},S91\nADRB2,,2x50\nAA2AR,,2x50\nGLP1R,,R176\n"
    )
    assert [member.protein.label(member.sites[0]) for member in asked.members] == ["D52", "S91", "D79", "R176"]
    found = reasons(asked)
    assert found.pop("row 2 (AA2AR)").startswith("D53: residue 53 is ")
    other = "it is the receptor of row 3 with other residues; put all of them into one row"
    repeated = "it repeats row 3"
    assert found == {"row 4 (a sequence)": other, "row 5 (P29274)": repeated, "row 8 (AA2AR)": repeated}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("entry,accession,residues", "'entry' and 'accession' both name the receptor"),
        ("receptor,Site,RESIDUES", "'Site' and 'RESIDUES' both name the residues"),
        ("sequence,positions,Sequence", "'sequence' and 'Sequence' both name the sequence"),
    ],
)
def test_two_headings_of_one_meaning(header, words):
    with pytest.raises(ScoreError, match=f"The headings {words}; keep one of them"):
        read_set(f"{header}\nAA2AR,D52,D52\n")


def test_one_empty_sequence_among_many():
    rows = [f"s{number},{A2A[: 100 + number]},50" for number in range(60)]
    rows[30] = "s30,,50"
    asked = read_set("name,sequence,residues\n" + "\n".join(rows))
    assert len(asked.members) == 59
    assert reasons(asked) == {"row 32 (s30)": "neither receptor nor sequence is given"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs a header with the columns"),
        ("AA2AR,D52\n", "needs a header with the columns"),
        ("receptor,residues\n", "it has no row below its header"),
        ("receptor,residues\nNOSUCH,D52\n", r"No row of the table can be used: row 2 \(NOSUCH\)"),
        ('receptor,residues\n"AA2AR,D52\n', "The table cannot be read"),
        ("receptor,residues\n" + "AA2AR,D52\n" * 5001, "has 5,001 rows; at most 5,000"),
        ("receptor,residues\n<script>,D52\n", r"row 2 \(<script>\)"),
        ("receptor,residues\n" + "A" * 5000 + ",D52\n", r"row 2 \(A{37}\.\.\.\)"),
    ],
)
def test_tables_of_which_nothing_can_be_used(text, words):
    with pytest.raises(ScoreError, match=words):
        read_set(text)


def test_a_sequence_that_contradicts_the_receptor():
    asked = read_set(f"receptor,sequence,residues\nAA2AR,{A2A[:-1]},D52\nADRB2,,D79\n")
    assert "its sequence is not that of AA2AR" in reasons(asked)["row 2 (AA2AR)"]


def test_an_ortholog_is_numbered_by_alignment_and_says_so():
    receptor = find_receptor("AA2AR")
    generator = np.random.default_rng(2)
    kept = {index for index, number in enumerate(receptor.numbers.gpcrdb) if number in ("2x50", "3x39")}
    letters = [
        str(generator.choice(list(AMINO_ACIDS))) if index not in kept and generator.random() < 0.25 else letter
        for index, letter in enumerate(receptor.protein.sequence)
    ]
    found = read_set(f"name,sequence,residues\northolog,{''.join(letters)},2x50 3x39\nelse,{'MKTAYIAKQR' * 12},5 9 12\n")
    ortholog, other = found.members
    assert [ortholog.protein.label(index) for index in ortholog.sites] == ["D52", "S91"]
    assert re.fullmatch(r"generic numbers by alignment with AA2AR, 7\d% identical", ortholog.note)
    assert ortholog.strata() is not None
    assert other.note == "no generic numbers: compared with residues of the whole sequence"
    assert other.strata() is None


def test_a_sequence_under_an_unknown_receptor_says_how_to_read_it():
    asked = read_set(f"receptor,sequence,residues\nG1S069,{A2A},2x50\nAA2AR,,D52\n")
    (why,) = reasons(asked).values()
    assert "'G1S069' is not among" in why
    assert why.endswith("To read the sequence of the row, call the column name instead of receptor.")
