"""Reading sequences, and every complaint about a file of them."""

import gzip

import pytest

from allo_core.errors import TrainingError
from allo_core.training.sequences import Record, data_sha256, read_sequences

TEXT = ">P29274 receptor=AA2AR class=A taxid=9606\nMPIM\nGSSV\n\n>Q1 receptor=OR1A1 class=Olfactory taxid=1\nmxu\n"


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\n" + TEXT])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_plain_and_compressed(tmp_path, text, pack):
    path = tmp_path / "a.fasta"
    path.write_bytes(pack(text.encode()))
    assert read_sequences(path) == (Record("P29274", "AA2AR", "A", "MPIMGSSV"), Record("Q1", "OR1A1", "Olfactory", "MXU"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no sequence"),
        (b" \n", "holds no sequence"),
        (b"MPIMGS\n", "begins with 'MPIMGS'"),
        (b"\x89PNG\r\n", "byte 0 is 0x89"),
        (b">P1 class=A\nMP\n", r"record 1 \(P1\): the header has no receptor="),
        (b">P1 receptor= class=A\nMP\n", "the header has no receptor="),
        (b">P1 receptor=X\nMP\n", "the header has no class="),
        (b">\nMP\n", r"record 1 \(no accession\)"),
        (b">P1 receptor=X class=A\nMP\n>P2 receptor=X class=A\n", r"record 2 \(P2\): the sequence is empty"),
        (b">P1 receptor=X class=A\nMP-LV\n", "'-' at position 3"),
        (b">P1 receptor=X class=A\nMPJLV*\n", "'J' at position 3"),
    ],
)
def test_complaints(tmp_path, content, message):
    path = tmp_path / "bad.fasta"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=message) as caught:
        read_sequences(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [lambda data: data[:-12], lambda data: data[:40] + bytes(8) + data[48:], lambda data: data[:5]])
def test_damaged_gzip(tmp_path, damage):
    path = tmp_path / "a.fasta.gz"
    path.write_bytes(damage(gzip.compress(TEXT.encode() * 5)))
    with pytest.raises(TrainingError, match="damaged or cut short"):
        read_sequences(path)


def test_missing_file(tmp_path):
    for read in (read_sequences, data_sha256):
        with pytest.raises(TrainingError, match=r"none\.fasta cannot be read"):
            read(tmp_path / "none.fasta")


def test_shipped_data_are_read_whole(shared):
    """Numbers of the data's own description."""
    records = read_sequences(shared / "data" / "gpcr_orthologs.fasta.gz")
    assert len(records) == 82_684
    assert len({record.receptor for record in records}) == 825
    assert sum(record.receptor_class == "Olfactory" for record in records) == 18_907
