"""Sequences as databases, tables and word processors give them, and residues as papers write them."""

import random
import string

import pytest

from allo_core.errors import ResidueError, SequenceError
from allo_core.library.receptors import find_receptor
from allo_core.protein.residues import format_residues, parse_residues, read_residues
from allo_core.protein.sequence import LETTERS, parse_protein, read_protein
from allo_core.storage.packed import text_in

A2A = find_receptor("AA2AR")
SEQUENCE = A2A.protein.sequence
GENBANK = """LOCUS       AA2AR_HUMAN              412 aa            linear   PRI 01-JAN-2020
DEFINITION  Adenosine receptor A2a.
ORIGIN
        1 mpimgssvyi tvelaiavla ilgnvlvcwa vwlnsnlqnv tnyfvvslaa adiavgvlai
       61 pfaitistgf caachgclfi acfvlvltqs sifsllaiai dryiairipl rynglvtgtr
//
"""
UNIPROT = """ID   AA2AR_HUMAN             Reviewed;         412 AA.
AC   P29274;
SQ   SEQUENCE   120 AA;  13000 MW;  0000000000000000 CRC64;
     MPIMGSSVYI TVELAIAVLA ILGNVLVCWA VWLNSNLQNV TNYFVVSLAA ADIAVGVLAI
     PFAITISTGF CAACHGCLFI ACFVLVLTQS SIFSLLAIAI DRYIAIRIPL RYNGLVTGTR
//
"""
FIRST_120 = SEQUENCE[:120]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (GENBANK, "AA2AR_HUMAN"),
        (GENBANK[GENBANK.index("ORIGIN") :], "pasted sequence"),
        (UNIPROT, "AA2AR_HUMAN"),
        (GENBANK[GENBANK.index("        1") :], "pasted sequence"),
        ("\n".join(f"{SEQUENCE[at : at + 60]} {at + 60}" for at in (0, 60)), "pasted sequence"),
    ],
)
def test_flat_files_and_numbered_lines(text, name):
    read = read_protein(text)
    assert (read.protein.sequence, read.protein.name) == (FIRST_120, name)
    assert len(read.notes) == 1


def test_the_advice_once_given_for_genbank_leads_to_the_right_residues(shared):
    text = (shared / "cases/genbank_advice_followed.txt").read_text()
    assert parse_protein(text).sequence == FIRST_120[: len(parse_protein(text))]


@pytest.mark.parametrize("between", [" ", "-", ", ", "\n"])
def test_three_letter_codes_are_residues(between):
    read = read_protein(between.join(["MET", "Pro", "ile", "MET", "GLY", "SER"]))
    assert read.protein.sequence == "MPIMGS"
    assert read.notes == ("6 three-letter codes were read as residues.",)
    assert parse_protein("MPI MGS").sequence == "MPIMGS"  # blocks of three are no codes
    assert parse_protein("TYR").sequence == "TYR"


def test_three_letter_codes_of_a_file(shared):
    assert parse_protein((shared / "cases/three_letter_codes.txt").read_text()).sequence == SEQUENCE[:30]


@pytest.mark.parametrize("text", [f"Rhodopsin\t{SEQUENCE}", f"Rhodopsin\n{SEQUENCE}", f"ADRB\t{SEQUENCE}", f"a2a {SEQUENCE}"])
def test_a_name_before_the_sequence_is_no_residues(text):
    with pytest.raises(SequenceError, match="looks like a name before the sequence; write it as a line '>"):
        parse_protein(text)


def test_lines_of_one_case_are_one_sequence(shared):
    assert parse_protein(f"{SEQUENCE[:10]}\n{SEQUENCE[10:]}").sequence == SEQUENCE
    assert parse_protein(f"{SEQUENCE[:10].lower()} {SEQUENCE[10:].lower()}").sequence == SEQUENCE
    with pytest.raises(SequenceError, match="name before"):
        parse_protein((shared / "cases/name_before_sequence.txt").read_text())


def test_pir():
    """The second line is a description, the star a full stop; of several records, too."""
    text = f">P1;AA2AR\nadenosine receptor A2a - human\n{SEQUENCE[:60]}\n{SEQUENCE[60:]}*\n>F1;part\n\n{SEQUENCE[:40]}*\n"
    assert parse_protein(text, "1").sequence == SEQUENCE
    assert (parse_protein(text, "part").sequence, parse_protein(text, "part").name) == (SEQUENCE[:40], "part")
    with pytest.raises(SequenceError, match="stop codon"):
        parse_protein(f">AA2AR\n{SEQUENCE}*\n")


def test_dna_with_ambiguity_letters(shared):
    with pytest.raises(SequenceError, match="nucleotide"):
        parse_protein((shared / "cases/dna_with_ambiguity_code.fasta").read_text())
    assert parse_protein("ACDGKRSTW" * 3).sequence == "ACDGKRSTW" * 3  # too few of the four letters


@pytest.mark.parametrize("letter", ["ß", "é", "İ", "ﬁ", "Α"])
def test_letters_whose_capital_is_another_are_refused(letter):
    with pytest.raises(SequenceError, match="at position 4"):
        parse_protein(f"MPI{letter}MGSS")


@pytest.mark.parametrize("text", ["HEADER    SIGNALING PROTEIN\nATOM      1  N", "data_8FYN\n#\nloop_\n", "ATOM      1  N   MET A   1"])
def test_a_structure_is_no_sequence(text):
    with pytest.raises(SequenceError, match="This is a structure file"):
        parse_protein(text)


@pytest.mark.parametrize(
    ("name", "length"), [("packed.fasta.gz", None), ("latin1_header.fasta", None), ("utf16.fasta", None), ("eszett.fasta", 0)]
)
def test_files_in_every_encoding(shared, name, length):
    with (shared / "cases" / name).open("rb") as file:
        content = text_in(file).read()
    if length == 0:
        with pytest.raises(SequenceError, match="not an amino acid"):
            parse_protein(content)
    else:
        assert set(parse_protein(content).sequence) <= set(LETTERS)
        assert parse_protein(content).sequence[:4] == "MPIM"


def test_a_whole_header_of_uniprot_names_a_receptor():
    for text in ("sp|P29274|AA2AR_HUMAN", "SP|P29274|AA2AR_HUMAN", "AA2AR_HUMAN", "P29274"):
        assert find_receptor(text).entry == "AA2AR"


# --- residues ------------------------------------------------------------------------------------------------------------------


def read(text):
    return parse_residues(text, A2A.protein, A2A.numbers)


def labels(text) -> str:
    return format_residues(A2A.protein, read(text))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("D2.50", "D52"),
        ("D2x50", "D52"),
        ("Asp2.50", "D52"),
        ("2×50", "D52"),
        ("D52(2.50)", "D52"),
        ("D52^2.50", "D52"),
        ("D52^{2.50}", "D52"),
        ("D52[2x50]", "D52"),
        ("2.50-2.53", "52-55"),
        ("7x45-7x50", "280-285"),
        ("D2.50–2.53", "52-55"),
        ("2.50 - 55", "52-55"),
    ],
)
def test_residues_as_papers_write_them(text, same):
    assert read(text) == read(same)


@pytest.mark.parametrize("name", ["TM3", "tm3", "ICL2", "ECL2", "H8", "N-term", "C-term", "Cterm", "N-terminus"])
def test_segments_by_name(name):
    wanted = {"tm3": "TM3", "Cterm": "C-term", "N-terminus": "N-term"}.get(name, name)
    inside = tuple(index for index, segment in enumerate(A2A.numbers.segment) if segment == wanted)
    if inside:
        assert read(name) == inside
    else:
        with pytest.raises(ResidueError, match="has no segment of this name"):
            read(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("N2.50", "N2.50: residue 52 is D"),
        ("D52(3.50)", "3.50 is not D52"),
        ("2.53-2.50", "the range runs backwards"),
        ("ICL4", "has no segment"),
        ("2,50", "2,50: the generic number 2.50, or residues 2 and 50?"),
        ("D52 D53 9.99", "D53: residue 53 is I. 9.99: AA2AR"),
    ],
)
def test_what_is_wrong_is_named(text, words):
    with pytest.raises(ResidueError) as error:
        read(text)
    assert words in str(error.value)


def test_lists_with_commas_stay_lists():
    assert read("52,91") == read("52 91")
    assert read("D52,S91,280") == read("52 91 280")
    assert read("2, 50") == read("2 50")
    assert parse_residues("2,50", A2A.protein) == read("2 50")  # without generic numbers there is one reading


def test_good_words_are_taken_and_bad_ones_named():
    found = read_residues("2.50 3.50 9.99 D53", A2A.protein, A2A.numbers)
    assert found.indices == read("2.50 3.50")
    assert [problem.split(":")[0] for problem in found.problems] == ["9.99", "D53"]


# --- seeded mutants ------------------------------------------------------------------------------------------------------------

ODD = [*string.printable, "×", "–", "ß", "\u2028", "\0", "é", "１"]


def mutant(text: str, generator: random.Random) -> str:
    letters = list(text)
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(letters) + 1)
        match generator.randrange(3):
            case 0:
                letters[at:at] = generator.choice(ODD)
            case 1:
                del letters[at : at + generator.randint(1, 3)]
            case 2:
                letters[at : at + 1] = generator.choice(ODD)
    return "".join(letters)


TEXTS = (f">sp|P29274|AA2AR_HUMAN A2a\n{SEQUENCE}\n", f">one\n{SEQUENCE[:90]}\n>two\n{SEQUENCE[90:]}\n", GENBANK, UNIPROT, SEQUENCE)


@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_sequences_are_read_or_refused(seed):
    generator, read_whole = random.Random(seed), 0
    for _ in range(200):
        text = mutant(generator.choice(TEXTS), generator)
        try:
            found = parse_protein(text, "1")
        except SequenceError:
            continue
        assert set(found.sequence) <= set(LETTERS)
        read_whole += 1
    assert read_whole >= 75  # 300 over all seeds


RESIDUES = "D52 Ser91 280 52-55 2x50 2.50 2.64x63 D2.50 7x45-7x50 TM3 N280(7.45) W246^6.48"


@pytest.mark.parametrize("seed", range(4))
def test_mutants_of_residues_never_name_another_letter(seed):
    generator, taken = random.Random(seed), 0
    for _ in range(300):
        text = mutant(RESIDUES, generator)
        found = read_residues(text, A2A.protein, A2A.numbers)
        assert all(0 <= index < len(SEQUENCE) for index in found.indices)
        for word in text.replace(",", " ").replace(";", " ").split():
            alone = read_residues(word, A2A.protein, A2A.numbers).indices
            if len(alone) == 1 and word[0].isascii() and word[0].isalpha() and word[1:2].isdigit():
                assert SEQUENCE[alone[0]] == word[0].upper(), word
                taken += 1
    assert taken >= 300
