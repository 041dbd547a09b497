import gzip
import time

import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding.aligned_rows import GAP, ROW_TOKENS, library_rows, ortholog_rows
from allo_core.folding.fold import fold_numbers
from allo_core.library.receptors import find_receptor, receptors
from allo_core.protein.sequence import Protein


def identity(one, other):
    both = (one != GAP) & (other != GAP)
    return (one == other)[both].mean()


def own(protein):
    return np.array([ROW_TOKENS.index(letter) for letter in protein.sequence])


def test_rows_are_the_residues_with_the_same_numbers():
    protein = find_receptor("ADRB2").protein
    (row,) = library_rows(protein, 1)
    other = find_receptor("ADRB1")
    letters = dict(zip(other.numbers.gpcrdb, other.protein.sequence, strict=True))
    expected = [letters.get(number, "-") if number else "-" for number in fold_numbers(protein).gpcrdb]
    assert "".join(ROW_TOKENS[token] for token in row) == "".join(expected)


def test_the_nearest_come_first_none_is_a_copy_of_another():
    protein = find_receptor("OPSD").protein
    rows = library_rows(protein, 500)
    assert 100 < len(rows) < len(receptors())
    shares = [identity(row, own(protein)) for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 1
    assert max(identity(rows[i], rows[j]) for i in range(60) for j in range(i)) <= 0.9


def test_receptors_can_be_left_out():
    protein = find_receptor("ADRB2").protein
    first, without = library_rows(protein, 2), library_rows(protein, 2, without=["ADRB1"])
    np.testing.assert_array_equal(first[1], without[0])


def test_a_receptor_of_the_library_takes_a_fifth_of_a_second_at_most():
    receptors()
    start = time.perf_counter()
    library_rows(find_receptor("AA2AR").protein, 64)
    assert time.perf_counter() - start < 0.2


def test_what_has_no_rows_says_why():
    with pytest.raises(FoldError, match="mine has no generic numbers"):
        library_rows(Protein("mine", "ACDEFGHIKLMNPQRSTVWY" * 10), 4)
    with pytest.raises(FoldError, match="0 rows"):
        library_rows(find_receptor("ADRB2").protein, 0)
    with pytest.raises(FoldError, match="No other receptor of class A"):
        library_rows(find_receptor("ADRB2").protein, 4, without=list(receptors()))


def orthologs(folder, *sequences, packed=False):
    text = "".join(f">record{k}\n{sequence}\n" for k, sequence in enumerate(sequences)).encode()
    path = folder / "some.fasta"
    path.write_bytes(gzip.compress(text) if packed else text)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_sequences_of_a_file_are_aligned(tmp_path, packed):
    protein, near, far = (find_receptor(name).protein for name in ("ADRB2", "ADRB1", "GLP1R"))
    longer = "MKTAYIAKQR" + near.sequence  # the rows are of the protein, whatever stands before it in a sequence
    rows = ortholog_rows(protein, orthologs(tmp_path, far.sequence, protein.sequence, longer, near.sequence.lower(), packed=packed), 8)
    assert rows.shape == (1, len(protein))  # no copy of the protein, no other fold, ADRB1 once
    (by_number,) = library_rows(protein, 1)
    both = (rows[0] != GAP) & (by_number != GAP)
    assert both.sum() > 200
    assert (rows[0] == by_number)[both].mean() > 0.95


def test_no_row_where_nothing_is_near_enough(tmp_path):
    protein = find_receptor("ADRB2").protein
    path = orthologs(tmp_path, find_receptor("ADRB1").protein.sequence)
    assert ortholog_rows(protein, path, 8, least=0.9).shape == (0, len(protein))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no sequence"),
        (b"ACDEF\n", r"is not a FASTA file; it begins with 'ACDEF'"),
        (b">good\nACDEF\n>bad one\nACD1F\n", r"record 2 \(bad\): '1' at letter 4"),
        (b">good\nACDEF\n>empty\n>other\nACD\n", r"record 2 \(empty\): the sequence is empty"),
        (b">long\n" + b"A" * 40_000, r"record 1 \(long\): 40,000 letters"),
        (b"\xff\xfe\x00", "byte 0 is no text"),
        (gzip.compress(b">good\nACDEF\n", mtime=0)[:-9], "damaged or cut short"),
    ],
)
def test_a_bad_file_is_refused_with_the_record(tmp_path, content, message):
    path = tmp_path / "bad.fasta"
    path.write_bytes(content)
    with pytest.raises(FoldError, match=message):
        ortholog_rows(find_receptor("ADRB2").protein, path, 4)
    with pytest.raises(FoldError, match="cannot be read"):
        ortholog_rows(find_receptor("ADRB2").protein, tmp_path / "none.fasta", 4)
