"""The reader that all others stand on; what each makes of the records is tested with it."""

import io
import random

import pytest

from allo_core.errors import SequenceError
from allo_core.protein.fasta import FastaRecord, read_fasta, record_name


def read(text: str, most: int | None = None) -> list[FastaRecord]:
    return list(read_fasta(io.StringIO(text, newline=None), most))


def test_headers_and_letters():
    assert read("\n > one first \r\nac d\r\nE\n\n>\n>three\rF") == [("one first", "acdE", 4), ("", "", 0), ("three", "F", 1)]
    assert read("") == read(" \n\t") == []


def test_letters_beyond_the_most_are_counted_and_not_kept():
    assert read(">a\nMK\nTV\nA\n>b\nM", most=4) == [("a", "MKTV", 5), ("b", "M", 1)]
    # A line of many pieces: nothing of it stands for a new line.
    long = "M" * 65_536 + ">" + "K" * 100_000
    assert read(f">a\n{long}\n>b\nM", most=10**6) == [("a", long, len(long)), ("b", "M", 1)]


@pytest.mark.parametrize("text", ["MKTV\n>a\nM", " \nMK TV"])
def test_letters_before_the_first_header(text):
    with pytest.raises(SequenceError, match=r"^not a FASTA file; it begins with 'MKTV' instead of a line '>name'\.$"):
        read(text)


def test_against_a_reader_of_whole_texts():
    """Split at each line that begins with '>', as the format is described; texts of no other white space than line ends."""
    generator = random.Random(0)
    for _ in range(500):
        text = ">a" + "".join(generator.choices([">", "\n>", "\n", "M", "K", "x"], k=30))
        blocks = ("\n" + text).split("\n>")[1:]
        expected = [(block.split("\n")[0], "".join(block.split("\n")[1:])) for block in blocks]
        assert [(record.header, record.letters) for record in read(text)] == expected
        assert read(text, most=100) == read(text)


def test_names():
    assert record_name("sp|P29274|AA2AR_HUMAN Adenosine receptor") == "sp|P29274|AA2AR_HUMAN"
    assert record_name("n" * 100) == "n" * 80
    assert record_name("\x07 x") == record_name("") == "unnamed sequence"
