"""Stretches of a protein: ten as published, or the regions of a receptor."""

from itertools import chain

import numpy as np
import pytest

from allo_core.interaction.cuts import REGIONS, region_numbers, regions, ten_segments
from allo_core.library.receptors import receptors
from allo_core.protein.sequence import Protein


def published(length: int) -> list[list[int]]:
    """The residues of each segment, dealt out as protloc-mex-x describes it: all of one size, the first ``length % 10`` with one more."""
    left, found = list(range(length)), []
    for number in range(10):
        size = length // 10 + (1 if number < length % 10 else 0)
        found.append(left[:size])
        left = left[size:]
    return found


@pytest.mark.parametrize("length", [1, 3, 9, 10, 11, 19, 20, 99, 100, 359, 412, 3969])
def test_ten_segments(length):
    parts = [list(range(*ends)) for ends in ten_segments(length)]
    assert parts == published(length)
    assert list(chain.from_iterable(parts)) == list(range(length))
    # In the notes of the published code: (start, end] of 1-based residues with start = i b + min(i, r).
    base, rest = divmod(length, 10)
    assert [start for start, _ in ten_segments(length)] == [number * base + min(number, rest) for number in range(10)]


def test_regions_are_the_segments_of_the_library():
    receptor = receptors()["ADRB2"]
    found = regions(receptor.numbers, len(receptor.protein))
    assert tuple(found) == REGIONS
    assert sorted(np.concatenate(list(found.values()))) == list(range(len(receptor.protein)))
    assert receptor.numbers.gpcrdb.index("3x50") in found["TM3"]
    assert found["ICL2"].min() == found["TM3"].max() + 1
    assert found["C-term"].max() == len(receptor.protein) - 1
    for name, residues in found.items():
        assert {receptor.numbers.segment[index] for index in residues} == {name}


def test_a_gain_domain_is_n_terminal_and_the_linker_counts_to_h8():
    with_gain = next(one for one in receptors().values() if one.numbers and "B.GPS" in one.numbers.segment)
    found = regions(with_gain.numbers, len(with_gain.protein))
    assert with_gain.numbers.segment.index("B.GPS") in found["N-term"]
    assert found["N-term"].max() < found["TM1"].min()
    with_linker = next(one for one in receptors().values() if one.numbers and "ICL4" in one.numbers.segment)
    found = regions(with_linker.numbers, len(with_linker.protein))
    assert with_linker.numbers.segment.index("ICL4") in found["H8"]


def test_every_numbered_receptor_is_divided():
    for receptor in receptors().values():
        if receptor.numbers is not None:
            found = regions(receptor.numbers, len(receptor.protein))
            assert sum(map(len, found.values())) == sum(bool(name) for name in receptor.numbers.segment)


def test_numbers_of_a_homologue_will_do():
    without = receptors()["5HT2C"]
    assert without.numbers is None
    numbers = region_numbers(without.protein)
    assert numbers is not None
    assert numbers.receptor == "5HT2A"
    found = regions(numbers, len(without.protein))
    assert "".join(without.protein.sequence[index] for index in found["TM3"]).find("DRY") > 0


def test_a_protein_that_is_no_receptor_has_no_regions():
    other = Protein(
        "other", "MGCTLSAEDKAAVERSKMIDRNLREDGEKAAREVKLLLLGAGESGKSTIVKQMKIIHEAGYSEEECKQYKAVVYSNTIQSIIAIIRAMGRLKIDFGDSARADDARQ" * 2
    )
    assert region_numbers(other) is None
    assert all(len(residues) == 0 for residues in regions(None, len(other)).values())


def test_numbers_of_another_length_are_refused():
    with pytest.raises(ValueError, match="numbers of 413 residues for a protein of 100"):
        regions(receptors()["ADRB2"].numbers, 100)
