"""Residues of homologues that are called alike."""

from dataclasses import replace
from itertools import pairwise

from allo_core.family.members import library_set
from allo_core.family.names import common_names

MEMBER = next(member for member in library_set("orthosteric").members if member.name == "ADRB2")


def cut(member, start):
    """The member without its first residues."""
    numbers = None if member.numbers is None else member.numbers.crop(start, len(member.protein))
    protein = replace(member.protein, sequence=member.protein.sequence[start:], first=member.protein.first + start)
    return replace(member, protein=protein, numbers=numbers)


def test_ends_of_different_length_do_not_shift_names():
    for member in (MEMBER, replace(MEMBER, numbers=None)):
        whole, less = common_names([member, cut(member, 4)])
        assert whole[4:] == less
        assert len(set(whole)) == len(whole)


def test_generic_numbers_and_the_nearest_one_for_what_has_none():
    (names,) = common_names([MEMBER])
    first = next(index for index, number in enumerate(MEMBER.numbers.gpcrdb) if number)
    assert names[first] == MEMBER.numbers.gpcrdb[first]
    assert names[first - 2] == f"{names[first]} -2"
    last = max(index for index, number in enumerate(MEMBER.numbers.gpcrdb) if number)
    assert names[last + 3] == f"{names[last]} +3"


def test_a_loop_is_counted_from_both_ends():
    numbers = [index for index, number in enumerate(MEMBER.numbers.gpcrdb) if number]
    before, after = next((a, b) for a, b in pairwise(numbers) if b - a > 6)
    (names,) = common_names([MEMBER])
    assert names[before + 1] == f"{names[before]} +1"
    assert names[after - 1] == f"{names[after]} -1"
    assert len(set(names)) == len(names)


def test_an_insertion_is_named_alike_in_those_that_have_it():
    bare = replace(MEMBER, numbers=None)
    letters = bare.protein.sequence
    longer = [
        replace(bare, name=name, protein=replace(bare.protein, sequence=letters[:200] + "GSG" + letters[200:])) for name in ("one", "two")
    ]
    first, one, two = common_names([bare, *longer])
    assert one == two
    assert len(set(one) - set(first)) == 3
    assert one[:190] == first[:190]
    assert one[210:] == first[207:]
    assert len(set(one)) == len(one)


def test_sequences_that_share_nothing():
    other = replace(MEMBER, numbers=None, protein=replace(MEMBER.protein, sequence="G" * 50))
    none, names = common_names([replace(MEMBER, numbers=None), other])
    assert len(set(names)) == 50
    assert none[7] == "7"
