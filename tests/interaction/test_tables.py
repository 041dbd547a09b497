"""Tables of sequences and of pairs: what can be used goes on, what cannot is named by its row."""

import io

import pytest

from allo_core.errors import PairError, StoreError
from allo_core.interaction import tables
from allo_core.interaction.tables import Complaint, read_pair_table, read_sequences

SEQUENCES = "Entry,Sequence\nP1,MKTAYIAK\nP12,mktay iakq\nQ9-2,MSTNPKPQ\nNP_1.2,MAAAC\n"
PAIRS = "ProteinA,ProteinB,Label,Pairs\nP1,P12,1,x\nQ9-2,P1,0,y\n"


def said(found) -> dict[tuple[str, int], str]:
    return {(one.table, one.row): one.sentence for one in found.complaints}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_published_tables(delimiter):
    found = read_pair_table(SEQUENCES.replace(",", delimiter).encode("utf-8-sig"), PAIRS.replace(",", delimiter).encode())
    assert [protein.name for protein in found.pairs.proteins] == ["P1", "P12", "Q9-2"]  # NP_1.2 is in no pair
    assert found.pairs.proteins[1].sequence == "MKTAYIAKQ"
    assert found.pairs.first.tolist() == [0, 2]
    assert found.pairs.second.tolist() == [1, 0]
    assert found.pairs.labels.tolist() == [1, 0]
    assert found.rows.tolist() == [2, 3]
    assert found.labelled
    assert found.complaints == ()


def test_the_sample_of_the_published_code(shared):
    folder = shared / "data/interactions"
    found = read_pair_table((folder / "sample_proteins.tsv").read_bytes(), (folder / "sample_pairs.tsv").read_bytes())
    assert len(found.pairs) == 10
    assert len(found.pairs.proteins) == 18
    assert found.complaints == ()


def test_fasta_and_no_labels():
    found = read_pair_table(b">P1 first\nMKTA\nYIAK\n>P12\nMKTAYIAKQ\n", b"a,b\nP1,P12\n")
    assert not found.labelled
    assert found.pairs.labels.tolist() == [0]
    assert found.pairs.proteins[0].sequence == "MKTAYIAK"


def test_an_excel_workbook():
    openpyxl = pytest.importorskip("openpyxl")
    contents = []
    for rows in ([["name", "sequence"], ["P1", "MKTAYIAK"], ["7", "MSTNPKPQ"]], [["A", "B", "label"], ["P1", 7, 1], ["P1", "P2", 0]]):
        book, file = openpyxl.Workbook(), io.BytesIO()
        for row in rows:
            book.active.append(row)
        book.save(file)
        contents.append(file.getvalue())
    found = read_pair_table(*contents)
    assert found.pairs.labels.tolist() == [1]
    assert said(found) == {
        ("pairs", 3): "'P2' has no sequence that can be used in the table of sequences; names are compared letter by letter"
    }


def test_names_are_exact():
    """The published loader compares substrings, so that P1 also takes P12, and "." in NP_1.2 stands for any letter."""
    found = read_pair_table(SEQUENCES.encode(), b"A,B,label\nP1,Q9-2,1\np1,Q9-2,1\nQ9,P1,1\nNP_1x2,P1,0\n")
    assert len(found.pairs) == 1
    assert sorted(row for _, row in said(found)) == [3, 4, 5]


def test_every_complaint_about_pairs():
    rows = [
        "P1,P12,1",
        "P1,nobody,1",
        "P12,P1,1",  # repeats row 2 with its proteins exchanged
        "P1,P1,0",
        "Q9-2,P1,0",
        "",
        "P1,Q9-2,1",  # contradicts row 6
        "P12,Q9-2,maybe",
        "P12,,1",
        "P12,NP_1.2,",
        "Q9-2,NP_1.2,1.0",
    ]
    found = read_pair_table(SEQUENCES.encode(), ("A,B,label\n" + "\n".join(rows) + "\n").encode())
    assert found.rows.tolist() == [2, 12]
    assert found.pairs.labels.tolist() == [1, 1]
    assert said(found) == {
        ("pairs", 3): "'nobody' has no sequence that can be used in the table of sequences; names are compared letter by letter",
        ("pairs", 4): "it repeats the pair of row 2",
        ("pairs", 5): "it pairs 'P1' with itself",
        ("pairs", 6): "the pair is there with both labels; keep the right one",
        ("pairs", 8): "the pair is in row 6 with the other label; keep the right one",
        ("pairs", 9): "the label 'maybe' is not 0 or 1",
        ("pairs", 10): "it names one protein only; give two",
        ("pairs", 11): "it has no label, 0 or 1",
    }
    assert [one.row for one in found.complaints] == sorted(one.row for one in found.complaints)


def test_every_complaint_about_sequences():
    text = "name,sequence\nP1,MKT1\n,MKT\nP2,\nP3,MKTA\nP3,MKTA\nP3,MKTW\nP4,MKTW\n"
    proteins, complaints = read_sequences(text.encode())
    assert list(proteins) == ["P3", "P4"]
    assert complaints == (
        Complaint("sequences", 2, "The digit '1' at position 4 is not a residue; paste the sequence without numbers."),
        Complaint("sequences", 3, "it has no name"),
        Complaint("sequences", 4, "The record 'P2' has no sequence."),
        Complaint("sequences", 6, "'P3' is there already"),
        Complaint("sequences", 7, "'P3' is there already with another sequence; give each name one sequence"),
    )


@pytest.mark.parametrize(
    ("sequences", "pairs", "message"),
    [
        ("name,letters\nP1,MKT\n", PAIRS, "The table of sequences has no column sequence; its headings are 'name', 'letters'"),
        ("name,id,sequence\nP1,P1,MKT\n", PAIRS, "The headings 'name' and 'id' of the table of sequences name one thing"),
        ("name,sequence\n", PAIRS, "No row of the table of sequences can be used; it has no row below its header"),
        ("name,sequence\nP1,*\n", PAIRS, r"No row of the table of sequences can be used: row 2: '\*' at position 1 is a stop codon"),
        (SEQUENCES, "A,partner\nP1,P12\n", "The table of pairs has no column proteinb or"),
        (SEQUENCES, "A,B,label,interacts\nP1,P12,1,1\n", "'label' and 'interacts' of the table of pairs name one thing"),
        (SEQUENCES, "A,B\n", "No row of the table of pairs can be used; it has no row below its header"),
        (SEQUENCES, "A,B\nP1,x\n", "No row of the table of pairs can be used: row 2: 'x' has no sequence"),
        (SEQUENCES, "", "The table of pairs has no column .*; its headings are none"),
        (SEQUENCES, 'A,B\n"P1,P12\n', r"The table of pairs: The table cannot be read"),
        ("", PAIRS, "The table of sequences has no column"),
        ("text before\n>P1\nMKT\n", PAIRS, "The table of sequences has no column"),
    ],
)
def test_tables_of_which_nothing_can_be_used(sequences, pairs, message):
    with pytest.raises(PairError, match=message):
        read_pair_table(sequences.encode(), pairs.encode())


def test_too_many_rows_and_no_utf8(monkeypatch):
    monkeypatch.setattr(tables, "MOST_PAIRS", 1)
    with pytest.raises(PairError, match="The table of pairs: The table has 2 rows; at most 1 are read"):
        read_pair_table(SEQUENCES.encode(), PAIRS.encode())
    with pytest.raises(StoreError, match=r"mine\.csv is not UTF-8 text"):
        read_pair_table(SEQUENCES.encode("utf-16"), PAIRS.encode(), ("mine.csv", "pairs.csv"))
