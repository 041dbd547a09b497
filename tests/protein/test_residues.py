import numpy as np
import pytest

from allo_core.errors import ResidueError
from allo_core.library.receptors import SODIUM_POCKET, find_receptor, receptors
from allo_core.protein.residues import format_residues, parse_residues, residue_label
from allo_core.protein.sequence import Protein

A2A = find_receptor("AA2AR")


def numbers_of(indices):
    return [A2A.protein.number(index) for index in indices]


def read(text):
    return numbers_of(parse_residues(text, A2A.protein, A2A.numbers))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D52 S91 N280", [52, 91, 280]),
        ("n280, d52;\ts91", [52, 91, 280]),
        ("Asp52 SER91", [52, 91]),
        ("52-55", [52, 53, 54, 55]),
        ("52 – 55, D52-A54", [52, 53, 54, 55]),
        ("2x50 2.50", [52]),
        ("2.64 2x63 2.64x63", [66]),
        ("D52 D52 52", [52]),
        ("", []),
        (" , ; ", []),
    ],
)
def test_residues_are_read(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("D53", "D53: residue 53 is I"),
        ("Glu52", "Glu52: residue 52 is D"),
        ("413", "residue 413 does not exist; AA2AR has residues 1 to 412"),
        ("0", "residue 0 does not exist"),
        ("410-420", "residue 420 does not exist"),
        ("55-52", "the range runs backwards"),
        ("9x99", "AA2AR .* has no residue with this generic number"),
        ("2.99", "has no residue with this generic number"),
        ("2.64x64", "residue 2.64 of AA2AR is 2x63"),
        ("D52N", "mutations are not read here"),
        ("xyz52", "'xyz' is not an amino acid"),
        ("hello", "'hello' is not a residue"),
        ("<b>52</b>", "is not a residue"),
        ("999999", "residue 999999 does not exist"),
        ("99999999999999999999", "'99999999999999999999' is not a residue"),
        ("9" * 5000, f"'{'9' * 40}' is not a residue"),
        (f"52-{'9' * 5000}", "is not a residue"),
    ],
)
def test_bad_residues_are_named(text, words):
    with pytest.raises(ResidueError, match=words):
        read(text)


def test_generic_numbers_need_a_numbered_sequence():
    with pytest.raises(ResidueError, match="no generic numbers"):
        parse_residues("2x50", Protein("x", "MPIMGSS"))


def test_a_cropped_domain_keeps_its_numbers():
    part = A2A.protein.crop(40, 120)
    assert [part.number(index) for index in parse_residues("D52 S91", part)] == [52, 91]
    with pytest.raises(ResidueError, match="has residues 40 to 120"):
        parse_residues("39", part)


def test_text_round_trip():
    indices = parse_residues(" ".join(SODIUM_POCKET), A2A.protein, A2A.numbers)
    assert len(indices) == 16
    assert parse_residues(format_residues(A2A.protein, indices), A2A.protein) == indices


def test_both_schemes_of_a2a_agree_with_the_literature():
    """Ballesteros-Weinstein numbers of A2A residues as papers give them (Lebon et al. 2011; Liu et al. 2012; Segala et al. 2016)."""
    published = (
        "D52 2.50, S91 3.39, W246 6.48, N280 7.45, N284 7.49, Y288 7.53, E13 1.39, T88 3.36, "
        "N253 6.55, H278 7.43, S277 7.42, R102 3.50, E228 6.30, I66 2.64, N181 5.42"
    )
    for name, number in (pair.split() for pair in published.split(", ")):
        (index,) = parse_residues(name, A2A.protein)
        assert A2A.numbers.ballesteros[index] == number, name
    assert residue_label(A2A.protein, 65, A2A.numbers) == "I66 2.64 2x63"
    assert A2A.protein.sequence[65] == "I"


def test_conserved_positions_are_x50_in_most_class_a_receptors():
    most_conserved = {"1.50": "N", "2.50": "D", "3.50": "R", "4.50": "W", "5.50": "P", "6.50": "P", "7.50": "P"}
    counted = {number: [] for number in most_conserved}
    for receptor in receptors().values():
        if receptor.receptor_class == "A" and receptor.numbers is not None:
            for number in most_conserved:
                if number in receptor.numbers.ballesteros:
                    counted[number].append(receptor.protein.sequence[receptor.numbers.ballesteros.index(number)])
    for number, letters in counted.items():
        assert len(letters) > 250
        assert letters.count(most_conserved[number]) / len(letters) > 0.7, number


def test_strata_are_segment_by_conservation():
    strata = A2A.numbers.strata()
    assert len(strata) == 412
    assert strata[51] == "TM2, high"
    assert strata[411] == "C-term, unnumbered"
    assert {name.split(",")[0] for name in strata} == {"TM1", "TM2", "TM3", "TM4", "TM5", "TM6", "TM7", "H8", "ICL", "ECL", "C-term"}
    known = ~np.isnan(A2A.numbers.family_conservation)
    levels = np.array([name.split(", ")[1] for name in strata])
    for lower, higher in (("low", "middle"), ("middle", "high")):
        assert A2A.numbers.family_conservation[levels == lower].max() <= A2A.numbers.family_conservation[levels == higher].min()
        assert abs((levels == lower).sum() - known.sum() / 3) < 12


def test_cropped_numbers_follow_the_sequence():
    part = A2A.numbers.crop(40, 60)
    assert len(part) == 20
    assert part.ballesteros[11] == "2.50"
    assert part.spans()[0][1] == 0
