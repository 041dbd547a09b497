"""Substitutions as people write them, and what is refused in one sentence."""

import numpy as np
import pytest

from allo_core.errors import ResidueError
from allo_core.library.receptors import find_receptor
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.protein.variants import Substitution, read_variant, variant_of

A2A = find_receptor("AA2AR")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W246A", "W246A"),
        ("w246a", "W246A"),
        ("W246A R102A", "R102A W246A"),
        ("W246A, D52N", "D52N W246A"),
        ("W246A/R102A;D52N+S91A", "D52N S91A R102A W246A"),
        ("Trp246Ala p.Arg102Ala", "R102A W246A"),
        ("6x48A", "W246A"),
        ("6×48A", "W246A"),
        ("W6x48A", "W246A"),
        ("W6.48A", "W246A"),
        ("6.48Ala", "W246A"),
        ("2.64x63A", "I66A"),
    ],
)
def test_substitutions_are_read(text, expected):
    variant, substitutions = read_variant(text, A2A.protein, A2A.numbers)
    assert " ".join(one.label(A2A.protein) for one in substitutions) == expected
    assert variant.name == f"AA2AR {expected}"
    assert variant.first == 1
    letters = list(A2A.protein.sequence)
    for one in expected.split():
        assert letters[int(one[1:-1]) - 1] == one[0]
        letters[int(one[1:-1]) - 1] = one[-1]
    assert variant.sequence == "".join(letters)


def test_a_domain_keeps_its_numbering():
    domain = A2A.protein.crop(200, 300)
    variant, (one,) = read_variant("W246A", domain)
    assert (variant.first, one.index, variant.sequence[46]) == (200, 46, "A")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("W245A", "W245A: residue 245 of AA2AR is C, not W; check the number, or write C245A."),
        ("W2.50A", "W2.50A: residue 52 of AA2AR is D, not W; check the number, or write D52A."),
        ("W246W", "W246W: residue 246 of AA2AR is W already; give another letter."),
        ("6x48W", "6x48W: residue 246 of AA2AR is W already; give another letter."),
        ("W246X", "W246X: 'X' is none of the twenty"),
        ("W246J", "W246J: 'J' is none of the twenty"),
        ("J246A", "J246A: 'J' is none of the twenty"),
        ("Trp246Abc", "Trp246Abc: 'Abc' is none of the twenty"),
        ("W999A", "W999A: residue 999 does not exist; AA2AR has residues 1 to 412."),
        ("W0A", "W0A: residue 0 does not exist"),
        ("1x99A", "1x99A: AA2AR (class A) has no residue with this generic number."),
        ("W246A W246F", "W246A and W246F are both at residue 246 of AA2AR; give one of them."),
        ("W246A 6x48F", "W246A and 6x48F are both at residue 246 of AA2AR; give one of them."),
        ("246A", "246A: the letter of the wild type is missing"),
        ("W246", "'W246' is not a substitution; write W246A, W6.48A or 6x48A."),
        ("delW246", "'delW246' is not a substitution"),
        ("W246A246", "'W246A246' is not a substitution"),
        (" ,", "No substitution is given"),
    ],
)
def test_what_is_none_is_refused_in_one_sentence(text, said):
    with pytest.raises(ResidueError) as refused:
        read_variant(text, A2A.protein, A2A.numbers)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_generic_numbers_need_a_numbered_sequence():
    with pytest.raises(ResidueError, match="6x48A: this sequence has no generic numbers"):
        read_variant("6x48A", A2A.protein)


def test_what_is_read_is_found_again():
    generator = np.random.default_rng(1)
    protein = Protein("made", "".join(generator.choice(list(AMINO_ACIDS), 60)), first=31)
    for _ in range(50):
        places = generator.choice(60, 3, replace=False)
        new = [generator.choice([letter for letter in AMINO_ACIDS if letter != protein.sequence[place]]) for place in places]
        text = " ".join(f"{protein.label(place)}{letter}" for place, letter in zip(places, new, strict=True))
        variant, substitutions = read_variant(text, protein)
        pairs = enumerate(zip(protein.sequence, variant.sequence, strict=True))
        assert substitutions == tuple(Substitution(index, old, new) for index, (old, new) in pairs if old != new)
        assert variant_of(protein, substitutions) == variant
        assert {(one.index, one.new) for one in substitutions} == set(zip(places, new, strict=True))


def test_many_substitutions_make_a_short_name():
    text = " ".join(f"{A2A.protein.label(index)}{'A' if A2A.protein.sequence[index] != 'A' else 'G'}" for index in range(30))
    assert read_variant(text, A2A.protein).protein.name == "AA2AR M1A P2A I3A M4A and 26 more"
