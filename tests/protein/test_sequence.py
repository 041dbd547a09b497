import pytest

from allo_core.errors import SequenceError
from allo_core.protein.sequence import Protein, parse_protein


@pytest.mark.parametrize("text", ["MPIMGSS", "mpi mgss\n", ">x\nMPI\nMGSS\n", "\ufeff>x y z\r\nmpim\r\n gss\r\n", "\n\n  MPIMGSS  "])
def test_lower_case_white_space_and_fasta_are_read(text):
    assert parse_protein(text).sequence == "MPIMGSS"


def test_name_is_the_first_word_of_the_header():
    assert parse_protein(">sp|P29274|AA2AR_HUMAN Adenosine receptor\nMPIM").name == "sp|P29274|AA2AR_HUMAN"
    assert parse_protein("MPIM").name == "pasted sequence"


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_a_line_ends_where_a_file_ends_it(end):
    for words in ("HUMAN", "protein 5", ">P2"):
        protein = parse_protein(f">P1 foo{end}{words}\nMPIM{end}GSS\n")
        assert (protein.name, protein.sequence) == ("P1", "MPIMGSS")
    assert parse_protein(f"{end}>P1 foo\r{end}MPIM\rGSS\r\n{end}").sequence == "MPIMGSS"


@pytest.mark.parametrize("text", ["", "  \n\t", ">only a header\n", ">a\n>b\nMPI"])
def test_empty_text_is_refused(text):
    with pytest.raises(SequenceError):
        parse_protein(text)


def test_several_records_need_a_choice():
    text = ">sp|P1|A\nMPIM\n>sp|P2|B\nGSSV\n"
    with pytest.raises(SequenceError, match=r"holds 2 sequences \(sp\|P1\|A, sp\|P2\|B\)"):
        parse_protein(text)
    assert parse_protein(text, "2").sequence == "GSSV"
    assert parse_protein(text, "P1").sequence == "MPIM"
    assert parse_protein(text, "sp|P2|B").sequence == "GSSV"
    with pytest.raises(SequenceError, match="no record named 'C'"):
        parse_protein(text, "C")
    for name in ("3", "0", "²", "9" * 5000):
        with pytest.raises(SequenceError, match="no record named"):
            parse_protein(text, name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("MPI1M", "digit '1' at position 4"),
        ("MPIM*", r"'\*' at position 5 is a stop codon"),
        ("MP-IM", "'-' at position 3 is an alignment gap"),
        ("MPIJM", "'J' at position 4 is not an amino acid"),
        ("MPI\u00c4M", "at position 4 is not an amino acid"),
        ("MP<script>", "'<' at position 3"),
    ],
)
def test_foreign_letters_are_named_with_their_position(text, words):
    with pytest.raises(SequenceError, match=words):
        parse_protein(text)


def test_dna_gets_a_hint():
    with pytest.raises(SequenceError, match=r"nucleotide sequence .* translate it"):
        parse_protein("ATGCCCATCATGGGCTCCTCGGTG")
    assert parse_protein("GATTACA").sequence == "GATTACA"  # short peptides of these letters exist


def test_rare_letters_are_kept_for_the_model_to_judge():
    assert parse_protein("MUOBZXM").sequence == "MUOBZXM"


def test_numbers_are_uniprot_numbers():
    protein = Protein("GRM5", "LTWE", first=579)
    assert (protein.number(0), protein.index(582), protein.label(3)) == (579, 3, "E582")
    assert protein.crop(580, 581) == Protein("GRM5", "TW", first=580)
    with pytest.raises(SequenceError, match="Residue 583 does not exist: GRM5 has residues 579 to 582"):
        protein.index(583)


def test_a_protein_cannot_hold_what_is_not_a_residue():
    with pytest.raises(SequenceError):
        Protein("x", "")
    with pytest.raises(SequenceError, match="position 7"):
        Protein("x", "MP?", first=5)
