"""Reading a FASTA file record by record."""

import gzip

import pytest

from allo_core.batch.records import read_records
from allo_core.errors import SequenceError


def read(tmp_path, content: bytes | str):
    path = tmp_path / "a.fasta"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_records(path))


def test_records_in_their_order(tmp_path):
    records = read(tmp_path, "\n>sp|P1|ONE first protein\nacd e\nFGH\n\n>two\r\nIKLM\r\n")
    assert [(r.row, r.name, r.protein.sequence, r.error, r.notes) for r in records] == [
        (1, "sp|P1|ONE", "ACDEFGH", "", ""),
        (2, "two", "IKLM", "", ""),
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "The record 'bad' has no sequence."),
        ("MKT1", "The digit '1' at position 4 is not a residue"),
        ("MK-T", "is an alignment gap"),
        ("MKJT", "'J' at position 3 is not an amino acid"),
        ("ACGT" * 10, "looks like a nucleotide sequence"),
        ("M" * 10_001, "The sequence has 10,001 residues"),
        ("M" * 1_500_000, "The record 'bad' has 1,500,000 letters"),
    ],
    ids=["empty", "digit", "gap", "letter", "dna", "long", "longer"],
)
def test_a_bad_record_is_told_by_its_number_and_the_others_go_on(tmp_path, body, message):
    records = read(tmp_path, f">good\nMKT\n>bad one\n{body}\n>last\nMKV\n")
    assert [(r.row, r.name) for r in records] == [(1, "good"), (2, "bad"), (3, "last")]
    assert [r.protein is None for r in records] == [False, True, False]
    assert message in records[1].error


def test_letters_that_are_no_text_spoil_one_record_alone(tmp_path):
    records = read(tmp_path, b">a\nMKT\n>b\nMK\xff\xfeT\n>c\nMKV\n")
    assert [r.protein is None for r in records] == [False, True, False]
    assert "at position 3 is not an amino acid" in records[1].error


# What str.splitlines() takes for the end of a line, and a file does not.
LINE_ENDS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("end", LINE_ENDS)
@pytest.mark.parametrize("words", ["HUMAN", "protein 5", ">P2"])
def test_a_header_gives_no_letters_to_the_sequence(tmp_path, end, words):
    records = read(tmp_path, f">sp|P1|ONE_HUMAN foo{end}{words}\nMKT\n>{end}P3\nMKV\n>{end}\nMKL\n")
    assert [(r.name, r.protein.sequence) for r in records] == [
        ("sp|P1|ONE_HUMAN", "MKT"),
        ("P3", "MKV"),
        ("unnamed sequence", "MKL"),
    ]


@pytest.mark.parametrize("end", LINE_ENDS)
def test_a_record_within_a_line_of_another_is_refused_alone(tmp_path, end):
    records = read(tmp_path, f">a\nMKT{end}>b\nMKV\n>c\nM{end}KL\n")
    assert [(r.name, r.protein and r.protein.sequence) for r in records] == [("a", None), ("c", "MKL")]
    assert "'>' at position 4 is not an amino acid" in records[0].error


def test_a_name_that_comes_again_is_noted_and_both_are_read(tmp_path):
    records = read(tmp_path, ">a\nMKT\n>b\nMKV\n>a x\nMKL\n>a\nMKI\n")
    assert [r.notes for r in records[:2]] == ["", ""]
    assert [r.notes.split(";")[0] for r in records[2:]] == ["Record 1 has the same name"] * 2
    assert records[3].protein.sequence == "MKI"


def test_one_line_and_a_header_of_megabytes(tmp_path):
    records = read(tmp_path, f">{'n' * 300_000}\n{'M' * 9_000}\n>{'x ' * 300_000}\nMKT")
    assert [(len(r.name), len(r.protein)) for r in records] == [(80, 9_000), (1, 3)]


def test_gzip_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "a.fasta.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf>a\nMKT\n"))
    (record,) = read_records(path)
    assert (record.name, record.protein.sequence) == ("a", "MKT")


def test_half_a_gzip_says_how_far_it_went(tmp_path):
    path = tmp_path / "a.fasta.gz"
    whole = gzip.compress("".join(f">r{i}\n{'MKTV' * 20}{i % 7 * 'W'}\n" for i in range(20_000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SequenceError, match=r"the gzip file is damaged or cut short behind record \d{3,}"):
        list(read_records(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no sequence"),
        ("\n \n", "holds no sequence"),
        ("MKTV\n>a\nMKT", "not a FASTA file; it begins with 'MKTV'"),
        (b"\x00\x01\x02PK", "not a FASTA file"),
    ],
    ids=["empty", "blank", "headerless", "binary"],
)
def test_what_is_no_fasta_is_refused_as_a_whole(tmp_path, content, message):
    with pytest.raises(SequenceError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize("name", ["none.fasta", "."])
def test_what_cannot_be_read(tmp_path, name):
    with pytest.raises(SequenceError, match="cannot be read"):
        list(read_records(tmp_path / name))
