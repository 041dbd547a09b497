"""Which receptors a set holds."""

from dataclasses import replace

import pytest

from allo_core.errors import AlloScopeError, ScoreError
from allo_core.family.members import Member, ReceptorSet, fitted, library_set, parse_positions, positions_set
from allo_core.library.receptors import SODIUM_POCKET, find_receptor, receptors
from allo_core.models.registry import DEFAULT_MODEL, MODELS, get_spec
from allo_core.protein.residues import parse_residues
from allo_core.protein.sequence import Protein


def test_sodium_pocket_of_class_a():
    asked = positions_set("sodium pocket")
    assert len(asked.members) == 280
    assert asked.title == "sodium-pocket positions of class A"
    assert asked.positions == tuple(SODIUM_POCKET)
    a2a = next(member for member in asked.members if member.name == "AA2AR")
    receptor = find_receptor("AA2AR")
    assert a2a.sites == parse_residues(
        "sodium pocket".replace("sodium pocket", " ".join(SODIUM_POCKET)), receptor.protein, receptor.numbers
    )
    # every class A receptor is either a member or refused with a reason
    everyone = {receptor.entry for receptor in receptors().values() if receptor.receptor_class == "A"}
    assert {member.name for member in asked.members} | {row.where for row in asked.refused} == everyone
    reasons = {row.where: row.reason for row in asked.refused}
    assert reasons["DRD3"] == "has no generic numbers"
    assert reasons["NPY6R"] == "lacks 7x45, 7x46, 7x49, 7x50, 7x53"


def test_only_receptors_with_a_required_residue():
    whole, with_aspartate = positions_set("sodium pocket"), positions_set("sodium pocket", required="D2.50")
    names = {member.name for member in with_aspartate.members}
    for member in whole.members:
        letter = member.protein.sequence[member.numbers.gpcrdb.index("2x50")]
        assert (member.name in names) == (letter == "D")
    assert with_aspartate.title.endswith("with D2.50")
    assert {member.name for member in positions_set("sodium pocket", required="d2x50").members} == names
    assert any(row.reason.endswith("at 2x50, not D") for row in with_aspartate.refused)


def test_some_receptors_only_and_those_of_another_class():
    asked = positions_set("2x50 7x49", entries=["AA2AR", "GLP1R", "NOSUCH", "DRD3"])
    assert [member.name for member in asked.members] == ["AA2AR"]
    reasons = {row.where: row.reason for row in asked.refused}
    assert reasons["GLP1R"] == "is class B, where the positions of class A name other residues"
    assert reasons["NOSUCH"] == "is not in the library"
    assert reasons["DRD3"] == "has no generic numbers"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("2.50",), r"2\.50: write the GPCRdb number \(2x50\)"),
        (("D52",), "'D52' is not a generic position"),
        (("",), "No position is given"),
        (("2x50", "Z"), "no receptor class 'Z'; the classes are A, B, C"),
        (("sodium pocket", "B"), "The sodium pocket is that of class A"),
        (("9x99",), "No receptor of class A has 9x99"),
        (("2x50", "A", "D2"), "'D2' is not a residue at a position; write D2.50"),
        (("2x50", "A", "D2.46"), r"write the GPCRdb number \(D2x46\)"),
        (("2x50", "A", "W2.50"), "No receptor of class A has 2x50 and W2.50"),
    ],
)
def test_bad_questions(arguments, words):
    with pytest.raises(AlloScopeError, match=words):
        positions_set(*arguments)


def test_positions_each_once():
    assert parse_positions("2X50, 3x39;2x50 5x461") == ("2x50", "3x39", "5x461")


def test_allosteric_sites_of_the_library():
    asked = library_set()
    assert len(asked.members) == 16
    assert asked.positions == ()
    sites = {member.name: member for member in asked.members}
    a2a = sites["AA2AR"]
    assert [a2a.protein.label(index) for index in a2a.sites] == ["D52", "S91", "N280"]  # its own contacts, not the 16 positions
    assert "(ligand contacts): PDB 4EIY, Na+ (NA); residues as the compiler lists them" in a2a.note
    assert "compiled by AlloSteric Database, release 2019-09" in a2a.note
    assert {member.name for member in library_set(evidence="ligand contacts").members} < set(sites)
    with pytest.raises(ScoreError, match="no nonsense sites; its kinds are allosteric, orthosteric, transducer"):
        library_set("nonsense")


def test_long_receptors_are_read_by_their_helices():
    asked = library_set()
    short = fitted(asked, MODELS["alloscope_gpcr_8m"])
    for before, after in zip(asked.members, short.members, strict=True):
        assert before.name == after.name
        assert [before.protein.label(i) for i in before.sites] == [after.protein.label(i) for i in after.sites]
        assert len(after.numbers) == len(after.protein) <= 1022
        assert [before.numbers.label(i) for i in before.sites] == [after.numbers.label(i) for i in after.sites]
        assert ("7TM domain" in after.note) == (len(before.protein) > 1022)
    assert {after.name for after in short.members if "7TM domain" in after.note} == {"GRM1", "GRM5"}


def test_too_long_without_a_domain_is_refused():
    long = Member("long", Protein("long", "A" * 600), None, (5,))
    fine = Member("fine", Protein("fine", "A" * 100), None, (5,))
    short = fitted(ReceptorSet("two", (long, fine)), MODELS["antiberty"])
    assert [member.name for member in short.members] == ["fine"]
    assert short.refused[0].where == "long"
    assert "600 residues are more than the 510 of AntiBERTy" in short.refused[0].reason
    with pytest.raises(ScoreError, match="AntiBERTy can read none of the 1 receptors"):
        fitted(ReceptorSet("one", (long,)), MODELS["antiberty"])


def test_too_many_sequences_like_no_receptor():
    bare = replace(positions_set("sodium pocket", entries=["AA2AR"]).members[0], numbers=None)
    many = ReceptorSet("made", tuple(replace(bare, name=f"sequence {at}") for at in range(41)))
    with pytest.raises(ScoreError, match=r"41 sequences are like no receptor of the library; .* at most 40"):
        fitted(many, get_spec(DEFAULT_MODEL))
    assert len(fitted(replace(many, members=many.members[:40]), get_spec(DEFAULT_MODEL)).members) == 40
