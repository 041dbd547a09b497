"""Where a named modulator touches a receptor: against a loop over all pairs of atoms, and whichever copies a file has."""

import numpy as np
import pytest
from biotite.structure import concatenate

from allo_core.errors import StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.protein.contacts import NEAR_TARGET
from allo_core.protein.residues import format_residues
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import map_structure
from allo_core.structure.modulator import Modulator, modulator_contacts
from allo_core.structure.neighbours import residues_near, targets
from allo_core.structure.read import Structure, read_structure


def shipped(entry):
    known = shipped_structure(entry)
    return read_structure(known.path), find_receptor(known.receptor).protein


def found(structure, protein, text):
    return modulator_contacts(structure, protein, Modulator.parse(text))


def by_loop(structure, protein, mapping, is_modulator, cutoff=NEAR_TARGET):
    """Every atom of every residue with every atom of the modulator."""
    heavy = [atom for atom in structure.atoms if atom.element not in ("H", "D")]
    ligand = np.array([atom.coord for atom in heavy if is_modulator(atom)])
    near = set()
    for atom in heavy:
        key = (atom.chain_id, int(atom.res_id), atom.ins_code.strip())
        index = mapping.index_of.get(key)
        if index is not None and not atom.hetero and (np.linalg.norm(ligand - atom.coord, axis=1) <= cutoff).any():
            near.add(index)
    return tuple(sorted(near))


@pytest.mark.parametrize(("entry", "component"), [("4LDO", "ALE"), ("3SN6", "P0G"), ("1U19", "RET"), ("8FYN", "ZMA"), ("8FYN", "NA")])
def test_contacts_are_those_of_a_loop_over_all_atoms(entry, component):
    structure, protein = shipped(entry)
    contacts = found(structure, protein, component)
    assert contacts.residues == by_loop(structure, protein, contacts.mapping, lambda atom: atom.res_name == component)
    assert len(contacts.residues) >= 5


def test_contacts_with_named_chains_are_those_of_a_loop():
    structure, protein = shipped("3SN6")
    contacts = found(structure, protein, "pep(A,B)")
    assert contacts.residues == by_loop(structure, protein, contacts.mapping, lambda atom: atom.chain_id in "AB")
    assert [place.copies for place in contacts.places] == [("chains A, B",)]
    assert "R131" in format_residues(protein, contacts.residues)


@pytest.mark.parametrize("entry", ["8FYN", "4LDO", "3SN6"])
def test_it_is_the_rule_by_which_the_page_marks_what_is_near_a_ligand(entry):
    structure, protein = shipped(entry)
    mapping = map_structure(structure, protein)
    checked = 0
    for target in targets(structure, mapping):
        if target.kind in ("ligand", "ion", "lipid"):
            component = target.key.split(".")[0]
            near = residues_near(structure, mapping, target.key)
            if not near:
                continue
            places = found(structure, protein, component).places
            assert any(set(near) <= set(place.residues) for place in places), target
            checked += 1
    assert checked >= 1


def test_the_shipped_extract_of_an_entry_gives_what_the_whole_entry_gives(shared):
    for entry, text in (("4LDO", "ALE"), ("3SN6", "pep(A,B)"), ("8FYN", "ZMA")):
        structure, protein = shipped(entry)
        whole = read_structure(shared / "data/structures" / f"{entry}.pdb.gz")
        assert found(structure, protein, text).residues == found(whole, protein, text).residues


def test_copies_of_the_receptor_are_compared_and_one_is_taken(shared):
    """5G53 has two receptors, A with mini-Gs C and B with D; both bind NECA, and A alone an octyl thioglucoside."""
    structure, protein = read_structure(shared / "data/structures/5G53.pdb.gz"), find_receptor("AA2AR").protein
    neca = found(structure, protein, "NEC")
    assert (neca.mapping.chain, neca.others) == ("A", (("B", 16, 16),))
    assert [place.copies for place in neca.places] == [("NEC 400, chain A",)]
    interface = found(structure, protein, "pep(C,D)")
    assert interface.mapping.chain == "A"
    for chain, size, shared_residues in interface.others:
        mapping = map_structure(structure, protein, chain)
        other = by_loop(structure, protein, mapping, lambda atom: atom.chain_id in "CD")
        assert (len(other), len(set(other) & set(interface.residues))) == (size, shared_residues)


def test_the_copy_with_more_contacts_is_taken_wherever_it_stands():
    """The second rhodopsin of the file is given the ligand, the first is left with none: a receptor beside another one."""
    structure, protein = shipped("1U19")
    second = structure.atoms.copy()
    second.chain_id[:] = "Z"
    second.coord += np.array([0, 0, 200], dtype=np.float32)
    empty = structure.atoms[structure.atoms.res_name != "RET"]
    both = Structure(concatenate([empty, second]), "two rhodopsins")
    contacts = found(both, protein, "RET")
    assert contacts.mapping.chain == "Z"
    assert contacts.others == ()
    assert contacts.residues == found(structure, protein, "RET").residues


def test_copies_of_the_ligand_at_separate_places_stay_apart():
    structure, protein = shipped("8FYN")
    places = found(structure, protein, "CLR").places
    assert [len(place.copies) for place in places] == [1, 2]  # two cholesterols side by side share residues
    assert set(places[0].residues).isdisjoint(places[1].residues)


def test_three_copies_of_which_the_last_joins_the_first_two():
    structure, protein = shipped("8FYN")
    atoms = structure.atoms
    zma = atoms[(atoms.res_name == "ZMA")]
    longer = [atoms]
    for number, shift in ((901, 0.0), (902, 0.5)):
        copy = zma.copy()
        copy.res_id[:] = number
        copy.coord += np.float32(shift)
        longer.append(copy)
    places = found(Structure(concatenate(longer), "made"), protein, "ZMA").places
    assert len(places) == 1
    assert len(places[0].copies) == 3


def test_a_ligand_of_another_protein_says_how_far_away_it_is(shared):
    structure, protein = read_structure(shared / "data/structures/5G53.pdb.gz"), find_receptor("AA2AR").protein
    with pytest.raises(
        StructureError, match=r"5G53 has GDP, but no residue of AA2AR within 4 Å of it; the nearest, L110 of chain A, is 23\.9"
    ):
        found(structure, protein, "GDP")


def test_what_is_not_there_is_said_with_what_is():
    structure, protein = shipped("8FYN")
    with pytest.raises(StructureError, match="has no ligand 2CU; near AA2AR it has ZMA, CLR"):
        found(structure, protein, "2CU")
    structure, protein = shipped("3SN6")
    with pytest.raises(StructureError, match="has no chain X beside ADRB2; it has A, B"):
        found(structure, protein, "pep(X)")
    with pytest.raises(StructureError, match="is not a structure of random"):
        found(structure, Protein("random", "MKTAYIAKQR" * 20), "P0G")


def test_residues_stand_in_the_numbers_of_the_sequence_that_is_asked_for():
    """4LDO numbers its receptor from 1,001 on, and 1U19 is bovine; the library's numbers are those of the human receptor."""
    structure, protein = shipped("4LDO")
    assert {"D113", "S203", "N312"} <= {protein.label(index) for index in found(structure, protein, "ALE").residues}
    structure, protein = shipped("1U19")
    contacts = found(structure, protein, "RET")
    assert "K296" in format_residues(protein, contacts.residues)
    assert contacts.mapping.identity < 1


@pytest.mark.parametrize("text", ["", "pep()", "pep(A", "2cu", "TOOLONG", "2CU;", "pep(A B)", "../x"])
def test_what_names_no_modulator(text):
    with pytest.raises(StructureError, match="names no ligand; give a component of the wwPDB"):
        Modulator.parse(text)


@pytest.mark.parametrize(("text", "name"), [("2CU", "2CU"), ("NA", "NA"), ("pep(C)", "chain C"), ("pep(A,B)", "chains A, B")])
def test_names_of_modulators(text, name):
    assert Modulator.parse(text).name == name
