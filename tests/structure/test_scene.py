import hashlib
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from biotite.structure.io.pdb import PDBFile
from biotite.structure.io.pdbx import CIFFile, set_structure

from allo_core.errors import StructureError
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from allo_core.structure.scene import build_scene, compact
from tests.structure.structure_files import (
    chain_lines,
    map_of,
    pdb_line,
    pdb_of,
    plain_residues,
    protein_of,
    random_sequence,
    segments_of,
    structure_of,
)

ENTRIES = ("3VG9", "5G53", "8FYN", "4LDO", "3SN6", "1U19")
SEQUENCE = random_sequence(120, seed=21)
PROTEIN = Protein("made up", SEQUENCE)
RECEPTOR = chain_lines(plain_residues(SEQUENCE))


def scene_of(entry):
    return build_scene(structure_of(entry), map_of(entry), protein_of(entry), segments_of(entry))


def scene_from(content, protein=PROTEIN):
    structure = read_structure(content, "made up")
    scene = build_scene(structure, map_structure(structure, protein), protein)
    check_text(scene)
    return scene


def parsed(scene):
    """The scene read by biotite's PDB reader."""
    return PDBFile.read(io.StringIO(scene.pdb)).get_structure(model=1)


def check_text(scene):
    """Fixed columns, serial numbers that count, finite coordinates."""
    lines = scene.pdb.split("\n")
    assert lines[-2:] == ["END", ""]
    assert all(len(line) == 80 for line in lines[:-2])
    for count, line in enumerate(lines[:-2], 1):
        assert int(line[6:11]) == count
        if not line.startswith("TER"):
            assert line.startswith(("ATOM  ", "HETATM"))
            assert re.fullmatch(r"[A-Za-z0-9'* ]{4}", line[12:16])
            assert re.fullmatch(r" *[A-Za-z0-9]+", line[17:20])
            assert re.fullmatch(r"[A-Za-z0-9]", line[21])
            assert np.isfinite([float(line[start : start + 8]) for start in (30, 38, 46)]).all()
            int(line[22:26])


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_receptor_is_chain_r_in_uniprot_numbers(entry):
    scene, mapping, protein = scene_of(entry), map_of(entry), protein_of(entry)
    check_text(scene)
    atoms, source = parsed(scene), structure_of(entry).atoms
    receptor = atoms[atoms.chain_id == "R"]
    assert not receptor.hetero.any()
    assert set(receptor.ins_code.tolist()) == {""}
    assert tuple(dict.fromkeys(receptor.res_id.tolist())) == scene.shown
    assert len(scene.shown) == mapping.aligned
    assert {protein.number(index) for index in mapping.index_of.values()} == set(scene.shown)
    # every CA is that of the mapped residue, moved
    ca = {int(atom.res_id): atom.coord for atom in receptor[receptor.atom_name == "CA"]}
    own = source[(source.chain_id == mapping.chain) & (source.atom_name == "CA") & ~source.hetero]
    checked = 0
    for atom in own:
        index = mapping.index_of.get((atom.chain_id, int(atom.res_id), atom.ins_code))
        if index is not None:
            np.testing.assert_allclose(scene.placement.apply(atom.coord), ca[protein.number(index)], atol=2e-3)  # three decimals
            checked += 1
    assert checked == mapping.aligned


@pytest.mark.parametrize("entry", ENTRIES)
def test_ligands_and_partners_are_those_within_5_angstrom(entry):
    """Against all distances, computed chain by chain and residue by residue."""
    scene, mapping, source = scene_of(entry), map_of(entry), structure_of(entry).atoms
    heavy = source[~np.isin(source.element, ["H", "D"])]
    own = heavy[[(a.chain_id, int(a.res_id), a.ins_code) in mapping.index_of and not a.hetero for a in heavy]]

    def near(atoms):
        return np.sqrt(((atoms.coord[:, None].astype(float) - own.coord[None]) ** 2).sum(-1).min()) <= 5.0

    others = heavy[heavy.hetero & (heavy.res_name != "HOH")]
    groups = dict.fromkeys((a.chain_id, int(a.res_id), a.res_name) for a in others)
    expected = []
    for chain, number, name in groups:
        atoms = others[(others.chain_id == chain) & (others.res_id == number) & (others.res_name == name)]
        if near(atoms):
            expected.append((name, len(atoms)))
    assert [(ligand.label, ligand.n_atoms) for ligand in scene.ligands] == expected
    chains = [chain for chain in dict.fromkeys(heavy.chain_id.tolist()) if chain != mapping.chain]
    touching = [chain for chain in chains if near(heavy[(heavy.chain_id == chain) & ~heavy.hetero])]
    assert [partner.author_chain for partner in scene.partners] == touching
    shown = parsed(scene)
    assert "HOH" not in shown.res_name
    assert not np.isin(shown.element, ["H", "D"]).any()
    for ligand in scene.ligands:
        atoms = shown[(shown.chain_id == ligand.chain) & (shown.res_id == ligand.number)]
        assert (len(atoms), set(atoms.res_name)) == (ligand.n_atoms, {ligand.label})
        assert atoms.hetero.all()
        assert ligand.is_ion == (ligand.label in {"NA", "ZN", "HG"})
    for partner in scene.partners:
        atoms = shown[shown.chain_id == partner.chain]
        assert partner.chain != "R"
        assert len(set(zip(atoms.res_id.tolist(), atoms.ins_code.tolist(), strict=True))) == partner.n_residues


def test_what_the_shipped_structures_show():
    labels = {entry: [ligand.label for ligand in scene_of(entry).ligands] for entry in ENTRIES}
    assert [labels["8FYN"].count(name) for name in ("ZMA", "CLR", "NA")] == [1, 3, 1]
    assert "ALE" in labels["4LDO"]
    assert labels["3SN6"] == ["P0G"]
    assert labels["1U19"].count("RET") == 1
    assert labels["1U19"].count("PLM") >= 2
    assert labels["5G53"] == ["NEC"]
    partners = {entry: [partner.chain for partner in scene_of(entry).partners] for entry in ENTRIES}
    assert partners == {"3VG9": ["B", "C"], "5G53": ["A", "D"], "8FYN": [], "4LDO": ["B"], "3SN6": ["A", "B"], "1U19": ["B"]}
    # 8FYN: BRIL 1001-1105 and tag residues present; 3SN6 and 4LDO: T4 lysozyme; 1U19: the acetyl cap is no fusion
    fusion = {entry: scene_of(entry).fusion_residues for entry in ENTRIES}
    assert fusion == {"3VG9": 0, "5G53": 0, "8FYN": 93, "4LDO": 171, "3SN6": 159, "1U19": 0}


def test_upright():
    shown = parsed(scene_of("3SN6"))
    middle = {chain: shown.coord[shown.chain_id == chain].mean(axis=0) for chain in set(shown.chain_id)}
    assert middle["A"][1] < middle["R"][1] - 30  # the G protein is inside the cell
    assert middle["Z"][1] > 5  # the orthosteric ligand is near the outside
    tm1 = [number for number, segment in enumerate(segments_of("3SN6"), 1) if segment == "TM1"]
    assert shown.coord[(shown.chain_id == "R") & np.isin(shown.res_id, tm1)].mean(axis=0)[0] < -8


def test_the_id_is_the_hash_of_the_text_and_repeats():
    scene = scene_of("8FYN")
    assert scene.id == hashlib.sha256(scene.pdb.encode()).hexdigest()
    assert scene == scene_of("8FYN")
    assert hash(scene) == hash(scene_of("8FYN"))
    assert scene.id != scene_of("3VG9").id


@pytest.mark.parametrize("entry", ENTRIES)
def test_compact_through_mmcif_gives_the_same_mapping_and_scene(entry):
    structure, mapping, protein = structure_of(entry), map_of(entry), protein_of(entry)
    atoms = compact(structure, mapping)
    assert len(atoms) < len(structure.atoms)
    file, buffer = CIFFile(), io.StringIO()
    set_structure(file, atoms)
    file.write(buffer)
    again = read_structure(buffer.getvalue().encode(), f"{entry}.cif")
    assert map_structure(again, protein) == mapping
    before, after = scene_of(entry), build_scene(again, map_structure(again, protein), protein, segments_of(entry))
    assert (after.pdb, after.id, after.ligands, after.partners, after.shown) == (
        before.pdb,
        before.id,
        before.ligands,
        before.partners,
        before.shown,
    )
    assert after.fusion_residues == 0
    np.testing.assert_array_equal(compact(again, mapping).coord, atoms.coord)


def test_numbers_follow_the_protein():
    structure, protein = structure_of("4LDO"), protein_of("4LDO").crop(40, 330)
    scene = build_scene(structure, map_structure(structure, protein), protein)
    assert (scene.shown[0], scene.shown[-1]) == (40, 330)


def test_numbers_beyond_the_format_are_refused():
    structure = structure_of("4LDO")
    for first in (9900, -2000):
        protein = Protein("far", protein_of("4LDO").sequence, first)
        with pytest.raises(StructureError, match="cannot be shown"):
            build_scene(structure, map_structure(structure, protein), protein)


def test_a_map_of_another_structure_is_refused():
    with pytest.raises(StructureError, match="does not belong to 4LDO"):
        build_scene(structure_of("4LDO"), map_of("3SN6"), protein_of("3SN6"))


# ---- made-up scenes; the receptor runs along x at y = 0


def test_modified_residues_and_a_free_amino_acid():
    residues = plain_residues(SEQUENCE)
    at = SEQUENCE.index("M")
    residues[at] = ("MSE", *residues[at][1:])
    # glutamate as ligand, in the receptor's own chain
    ligand = [
        pdb_line(name, "GLU", "A", 901, (40.0 + k, 4.0, 0), element=name[0], record="HETATM")
        for k, name in enumerate(("N", "CA", "C", "O", "CB"))
    ]
    scene = scene_from(pdb_of(chain_lines(residues), ligand))
    shown = parsed(scene)
    assert set(shown.res_name[(shown.chain_id == "R") & (shown.res_id == at + 1)]) == {"MSE"}
    assert not shown.hetero[shown.chain_id == "R"].any()
    assert [(ligand.label, ligand.n_atoms) for ligand in scene.ligands] == [("GLU", 5)]
    assert scene.fusion_residues == 0


def test_hostile_and_long_names_from_mmcif():
    structure = read_structure(pdb_of(RECEPTOR, chain_lines([("A", k, "", False) for k in range(1, 6)], "B", y=4.0)), "made up")
    atoms = structure.atoms
    ligand = atoms[:3].copy()
    ligand.hetero[:] = True
    ligand.chain_id = ligand.chain_id.astype("U40")
    ligand.res_name = ligand.res_name.astype("U40")
    ligand.atom_name = ligand.atom_name.astype("U40")
    ligand.element = ligand.element.astype("U40")
    ligand.chain_id[:] = "<script>"
    ligand.res_name[:] = "'\n<b>A1LU6"
    ligand.atom_name[:] = ["C1'", 'O"5<', "N\nATOM LONG"]
    ligand.element[:] = ["C", "<O", "\n"]
    ligand.coord += np.float32([0, 3, 0])
    for name in ("chain_id", "res_name", "atom_name", "element"):
        setattr(atoms, name, getattr(atoms, name).astype("U40"))
    atoms.chain_id[atoms.chain_id == "B"] = "long-é\nname"
    odd = replace(structure, atoms=atoms + ligand)
    scene = build_scene(odd, map_structure(odd, PROTEIN), PROTEIN)
    check_text(scene)
    assert [ligand.label for ligand in scene.ligands] == ["bA1LU"]
    assert [(partner.chain, partner.author_chain) for partner in scene.partners] == [("A", "long-é\nname")]


def test_partner_chains_keep_their_letters_where_they_can():
    five = [("A", k, "", False) for k in range(1, 6)]
    names = ["R", "b", "Z", "7"]
    receptor = chain_lines(plain_residues(SEQUENCE), "Q")
    partners = [chain_lines(five, name, y=4.0 + 0.1 * k) for k, name in enumerate(names)]
    scene = scene_from(pdb_of(receptor, *partners))
    assert [(partner.author_chain, partner.chain) for partner in scene.partners] == [("R", "A"), ("b", "b"), ("Z", "B"), ("7", "7")]


def test_more_partner_chains_than_letters():
    """70 chains of one nucleotide-free tripeptide each; 60 letters are left beside R and Z."""
    structure = read_structure(pdb_of(RECEPTOR), "made up")
    tripeptide = read_structure(pdb_of(chain_lines([("A", k, "", False) for k in range(1, 4)], "B", y=4.0)), "x").atoms
    atoms = structure.atoms
    for k in range(70):
        copy = tripeptide.copy()
        copy.chain_id = np.full(len(copy), f"p{k}", dtype="U4")
        atoms = atoms + copy
    many = replace(structure, atoms=atoms)
    scene = build_scene(many, map_structure(many, PROTEIN), PROTEIN)
    check_text(scene)
    assert len(scene.partners) == len({partner.chain for partner in scene.partners}) == 60
    assert not {"R", "Z"} & {partner.chain for partner in scene.partners}
    assert "10 of 70 partner chains are not shown" in scene.notes[0]


def test_partner_numbers_with_insertion_codes_and_beyond_the_format():
    kabat = [("A", 52, code, False) for code in ("", "A", "B")] + [("A", 53, "", False)]
    scene = scene_from(pdb_of(RECEPTOR, chain_lines(kabat, "H", y=4.0)))
    shown = parsed(scene)
    partner = shown[(shown.chain_id == "H") & (shown.atom_name == "CA")]
    assert list(zip(partner.res_id.tolist(), partner.ins_code.tolist(), strict=True)) == [(52, ""), (52, "A"), (52, "B"), (53, "")]
    structure = read_structure(pdb_of(RECEPTOR, chain_lines(kabat, "H", y=4.0)), "made up")
    structure.atoms.res_id[structure.atoms.chain_id == "H"] += 20_000
    shown = parsed(build_scene(structure, map_structure(structure, PROTEIN), PROTEIN))
    assert shown.res_id[(shown.chain_id == "H") & (shown.atom_name == "CA")].tolist() == [1, 2, 3, 4]


def many_atoms(structure, name, n_residues, per_residue):
    """A partner chain of n_residues with N, CA, C and O and side-chain atoms, curled up beside the receptor."""
    atoms = read_structure(pdb_of(chain_lines([("A", 1, "", False)], "B", y=4.0)), "x").atoms
    template = atoms[np.arange(per_residue) % len(atoms)]
    template.atom_name[len(atoms) :] = "CB"
    partner = template[np.tile(np.arange(per_residue), n_residues)]
    partner.res_id = np.repeat(np.arange(1, n_residues + 1), per_residue)
    partner.chain_id = np.full(len(partner), name, dtype="U4")
    return replace(structure, atoms=structure.atoms + partner)


def test_more_atoms_than_the_format_counts():
    """First partners become CA traces, then they are left out, then the scene is refused."""
    structure = read_structure(pdb_of(RECEPTOR), "made up")
    big = many_atoms(many_atoms(structure, "B", 6000, 10), "C", 6000, 10)
    mapping = map_structure(big, PROTEIN)
    scene = build_scene(big, mapping, PROTEIN)
    check_text(scene)
    shown = parsed(scene)
    assert set(shown.atom_name[shown.chain_id != "R"]) == {"CA"}
    assert len(scene.partners) == 2
    assert "CA atoms only" in scene.notes[0]

    ligands = structure.atoms[np.tile([0], 100_000)]
    ligands.hetero[:] = True
    ligands.res_name[:] = "LIG"
    ligands.res_id = np.repeat(np.arange(1000, 3000), 50)
    ligands.coord += np.float32([0, 3, 0])
    crowded = replace(structure, atoms=structure.atoms + ligands)
    with pytest.raises(StructureError, match=r"have 100\d+ atoms, 99999 can be shown"):
        build_scene(crowded, map_structure(crowded, PROTEIN), PROTEIN)


def test_coordinates_beyond_the_format():
    far = [pdb_line("CA", "ALA", "B", 2, (9000.0, 0, 0))]
    near = chain_lines([("A", 1, "", False)], "B", y=4.0)
    with pytest.raises(StructureError, match="from the receptor's middle"):
        scene_from(pdb_of(RECEPTOR, [*near, *far]))


def test_only_the_receptor():
    scene = scene_from(pdb_of(RECEPTOR))
    assert (scene.ligands, scene.partners, scene.notes) == ((), (), ())
    assert scene.shown == tuple(range(1, 121))
