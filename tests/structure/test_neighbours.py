import re
from dataclasses import replace

import numpy as np
import pytest
from biotite.structure import CellList

from allo_core.errors import StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.sites import find_site, site_indices
from allo_core.library.structures import shipped_structure
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import map_structure
from allo_core.structure.neighbours import residues_near, targets
from allo_core.structure.read import read_structure
from allo_core.structure.scene import build_scene
from tests.structure.structure_files import chain_lines, map_of, pdb_line, pdb_of, plain_residues, protein_of, random_sequence, structure_of

SEQUENCE = random_sequence(120, seed=21)
PROTEIN = Protein("made up", SEQUENCE)
RECEPTOR = chain_lines(plain_residues(SEQUENCE))


def shipped(entry):
    """A shipped structure with the names of its partners, its map, and the receptor's protein."""
    known = shipped_structure(entry)
    structure = known.described(read_structure(known.path))
    protein = find_receptor(known.receptor).protein
    return structure, map_structure(structure, protein), protein


def key_of(structure, mapping, name):
    (key,) = (target.key for target in targets(structure, mapping) if target.name == name)
    return key


def near_by_cell_list(structure, mapping, of_target, cutoff):
    """Biotite's neighbour search over all atoms, mapped residue by mapped residue."""
    atoms = structure.atoms[~np.isin(structure.atoms.element, ("H", "D"))]
    target = atoms[of_target(atoms)]
    assert len(target)
    chosen = CellList(target, cell_size=5).get_atoms(atoms.coord, cutoff, as_mask=True).any(axis=1)
    found = zip(atoms.chain_id[chosen].tolist(), atoms.res_id[chosen].tolist(), atoms.ins_code[chosen].tolist(), strict=True)
    return tuple(sorted({mapping.index_of[residue] for residue in found if residue in mapping.index_of}))


@pytest.mark.parametrize("cutoff", [3.0, 4.0, 4.9])
@pytest.mark.parametrize(
    ("entry", "name", "of_target"),
    [
        ("3SN6", "Gs, chains A and B", lambda atoms: np.isin(atoms.chain_id, ("A", "B"))),
        ("3SN6", "P0G 1601", lambda atoms: atoms.res_name == "P0G"),
        ("4LDO", "nanobody, chain B", lambda atoms: atoms.chain_id == "B"),
        ("4LDO", "ALE 1402", lambda atoms: atoms.res_name == "ALE"),
        ("8FYN", "Na+ 2426", lambda atoms: atoms.res_name == "NA"),
        ("1U19", "RET 1296", lambda atoms: (atoms.res_name == "RET") & (atoms.res_id == 1296)),
    ],
)
def test_residues_near_agree_with_biotite(entry, name, of_target, cutoff):
    structure, mapping, _ = shipped(entry)
    near = residues_near(structure, mapping, key_of(structure, mapping, name), cutoff)
    assert near == near_by_cell_list(structure, mapping, of_target, cutoff)
    assert cutoff == 3.0 or len(near) >= 3


def test_residues_near_gs_in_3sn6_and_the_g_protein_interface():
    """Of the library's site D130 R131 F139 Y141 all but D130 are within 4 Å of Gs; D130 holds R131 inside the receptor."""
    structure, mapping, protein = shipped("3SN6")
    near = {protein.label(i) for i in residues_near(structure, mapping, key_of(structure, mapping, "Gs, chains A and B"))}
    receptor = find_receptor("ADRB2")
    site = {protein.label(i) for i in site_indices(find_site(receptor, "G protein interface"), protein, receptor.numbers)}
    assert site == {"D130", "R131", "F139", "Y141"}
    assert site & near == {"R131", "F139", "Y141"}
    assert {"E62", "I135", "P138", "Q142", "E225", "A226", "A271", "T274", "L275"} <= near
    assert len(near) == 27


def test_adrenaline_touches_its_site():
    structure, mapping, protein = shipped("4LDO")
    near = {protein.label(i) for i in residues_near(structure, mapping, key_of(structure, mapping, "ALE 1402"))}
    assert {"D113", "S203", "S207", "F290", "N293", "N312"} <= near


def test_the_sodium_of_8fyn_is_not_in_the_sodium_pocket():
    structure, mapping, protein = shipped("8FYN")
    near = {protein.label(i) for i in residues_near(structure, mapping, key_of(structure, mapping, "Na+ 2426"), 5.0)}
    assert near
    assert not near & {"D52", "S91", "W246", "N280", "N284"}


@pytest.mark.parametrize("entry", ["3VG9", "5G53", "8FYN", "4LDO", "3SN6", "1U19"])
def test_targets_are_what_the_scene_shows(entry):
    structure, mapping = structure_of(entry), map_of(entry)
    found, scene = targets(structure, mapping), build_scene(structure, mapping, protein_of(entry))
    small = [target for target in found if target.kind not in ("partner", "copy")]
    named = {target.key.split(".")[0]: target.kind == "ion" for target in small}
    assert named == {ligand.label: ligand.is_ion for ligand in scene.ligands}
    assert len(small) == len(scene.ligands)
    for is_copy, kind in ((False, "partner"), (True, "copy")):
        chains = [chain for target in found if target.kind == kind for chain in target.key.split(".")[1:]]
        assert chains == [partner.author_chain for partner in scene.partners if partner.is_copy is is_copy]
    kinds = [target.kind for target in found]
    assert kinds == sorted(kinds, key=("ligand", "ion", "partner", "lipid", "copy").index)  # what people mark by comes first
    assert len({target.key for target in found}) == len({target.name for target in found}) == len(found) > 0
    assert all(re.fullmatch(r"[A-Za-z0-9.]{1,40}", target.key) for target in found)
    assert all(target.name.isprintable() and len(target.name) < 90 for target in found)
    assert found == targets(structure, mapping)


def test_names_come_from_the_file_where_the_library_has_none():
    names = {target.name for target in targets(structure_of("3VG9"), map_of("3VG9"))}
    assert {"ANTIBODY FAB FRAGMENT LIGHT CHAIN, chain B", "ANTIBODY FAB FRAGMENT HEAVY CHAIN, chain C"} <= names
    assert "Zn2+ 957" in {target.name for target in targets(structure_of("1U19"), map_of("1U19"))}
    anonymous = replace(structure_of("3VG9"), molecules={})
    assert {"chain B", "chain C"} <= {target.name for target in targets(anonymous, map_of("3VG9"))}


def made_up(*more, molecules=None):
    structure = read_structure(pdb_of(RECEPTOR, *more), "made up")
    structure = replace(structure, molecules=molecules or {})
    return structure, map_structure(structure, PROTEIN)


def test_exactly_at_the_cutoff_and_waters_and_hydrogens():
    """Atoms of residue 1 lie at x = 5.26 (CA); a ligand 4 Å from it counts at 4.0 and not below."""
    ca = next(line for line in RECEPTOR if line[12:16].strip() == "CA")
    x = float(ca[30:38])
    ligand = [
        pdb_line("C1", "LIG", "A", 900, (x, -4, 0), record="HETATM"),
        pdb_line("C2", "LIG", "A", 900, (x, -5, 0), record="HETATM"),
        pdb_line("H1", "LIG", "A", 900, (x, -1, 0), element="H", record="HETATM"),
        pdb_line("O", "HOH", "A", 901, (x, 3, 0), element="O", record="HETATM"),
    ]
    structure, mapping = made_up(ligand)
    (target,) = targets(structure, mapping)
    assert (target.key, target.name, target.kind) == ("LIG.A.900", "LIG 900", "ligand")
    assert residues_near(structure, mapping, target.key, 4.0) == (0,)
    assert residues_near(structure, mapping, target.key, 3.99) == ()


def partner(chain, y):
    return chain_lines(plain_residues("GAGAG"), chain=chain, y=y)


def test_chains_of_one_molecule_are_one_target():
    structure, mapping = made_up(partner("B", 4), partner("C", -4), partner("D", -4.5), molecules={"B": "Gs", "C": "Gs", "D": "arrestin"})
    both, other = targets(structure, mapping)
    assert (both.key, both.name) == ("partner.B.C", "Gs, chains B and C")
    assert (other.key, other.name) == ("partner.D", "arrestin, chain D")
    alone = replace(structure, molecules={})
    single = {target.key: residues_near(alone, mapping, target.key) for target in targets(alone, mapping)}
    assert list(single) == ["partner.B", "partner.C", "partner.D"]
    assert set(residues_near(structure, mapping, both.key)) == set(single["partner.B"]) | set(single["partner.C"])
    assert single["partner.B"]


def test_text_from_the_file_is_kept_printable_and_short():
    hostile = "<script>alert(1)</script>\x1b[31m\n{{ x }}" + "y" * 500
    structure, mapping = made_up(partner("<", 4), partner('"', -4), molecules={"<": hostile, '"': "a\x00b"})
    found = targets(structure, mapping)
    assert [target.key for target in found] == ["partner.x", "partner.x.2"]
    assert all(target.name.isprintable() and len(target.name) <= 90 for target in found)
    assert found[0].name.startswith("<script>")  # shown as text; who puts it into HTML escapes it
    assert all(residues_near(structure, mapping, target.key) for target in found)


def test_many_chains_are_named_by_the_first():
    chains = "BCDEFGHI"
    more = [partner(chain, 3 + 0.1 * number) for number, chain in enumerate(chains)]
    structure, mapping = made_up(*more, molecules=dict.fromkeys(chains, "Gs"))
    (target,) = targets(structure, mapping)
    assert target.name == "Gs, chains B, C, D, E, F, G and 2 more"
    assert target.key == "partner.B.C.D.E.F.G"


def test_unknown_targets_are_refused_with_those_there_are():
    structure, mapping, _ = shipped("3SN6")
    with pytest.raises(
        StructureError, match=r"nothing called 'chain Z' near the receptor; there is: P0G\.R\.1601, partner\.A\.B\."
    ) as error:
        residues_near(structure, mapping, "chain Z")
    assert "\n" not in str(error.value)
    bare, its_map = made_up()
    assert targets(bare, its_map) == ()
    with pytest.raises(StructureError, match="there is: none"):
        residues_near(bare, its_map, "partner.A")


def test_the_other_copy_of_a_receptor_comes_last_and_is_called_that():
    structure, mapping = structure_of("5G53"), map_of("5G53")
    found, scene = targets(structure, mapping), build_scene(structure, mapping, protein_of("5G53"))
    assert found[0].kind == "ligand"
    copies = [target for target in found if target.kind == "copy"]
    assert [target.name for target in copies] == ["another copy of the receptor, chain A"]
    assert {partner.author_chain: partner.is_copy for partner in scene.partners} == {"A": True, "D": False}
