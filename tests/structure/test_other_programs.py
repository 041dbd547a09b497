"""Structure files as other programs write them; each kind was reported for a program of the field."""

import re
from pathlib import Path

import numpy as np
import pytest

from allo_core.errors import StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.mapping import map_structure
from allo_core.structure.neighbours import targets
from allo_core.structure.read import read_structure
from allo_core.structure.scene import build_scene

PROTEIN = find_receptor("AA2AR").protein


@pytest.fixture
def cases(shared) -> Path:
    return shared / "cases"


def numbers_of(structure) -> dict[int, int]:
    """Index in the sequence -> author number."""
    mapping = map_structure(structure, PROTEIN)
    assert mapping.identity > 0.9  # 2YDO has thermostabilising mutations
    return {index: residue.number for index, residue in enumerate(mapping.residues) if residue is not None}


RIGHT = {number - 1: number for number in (*range(6, 76),)}


@pytest.mark.parametrize(
    "name",
    [
        "cif_without_label_alt_id.cif",
        "cif_without_model_num.cif",
        "cif_without_ins_code.cif",
        "cif_without_group_pdb.cif",
        "cif_with_restraint_block.cif",
        "openmm_8.6_output.cif",
    ],
)
def test_optional_columns_blocks_and_ends(cases, name):
    """A missing optional column, a block of restraints behind the atoms, a last category that is not closed (OpenMM)."""
    structure = read_structure(cases / name)
    found = numbers_of(structure)
    assert len(found) > 40
    assert found == {index: RIGHT[index] for index in found}
    assert structure.notes == ()


def test_a_name_may_be_indented(cases):
    """phenix.refine indents the names of a loop; here the authors' numbers are two lower than the sequence's."""
    found = numbers_of(read_structure(cases / "cif_indented_phenix_style.cif"))
    assert len(found) > 40
    assert len({number - index for index, number in found.items()}) == 1


@pytest.mark.parametrize("keyword", ["loop_", "data_", "_atom_site."])
def test_keywords_know_no_case(cases, keyword):
    text = (cases / "openmm_8.6_output.cif").read_text()
    assert keyword in text
    structure = read_structure(text.replace(keyword, keyword.upper()).encode(), "upper.cif")
    assert numbers_of(structure) == numbers_of(read_structure(cases / "openmm_8.6_output.cif"))


def test_author_columns_that_are_empty(cases):
    structure = read_structure(cases / "cif_auth_unknown.cif")
    assert len(numbers_of(structure)) > 40
    assert structure.notes == ("cif_auth_unknown.cif has no residue numbers of its authors; those of the file's own count are used.",)


def test_one_author_number_that_is_unknown(cases):
    """The file's own count and its usual difference from the authors' stand in."""
    atoms = read_structure(cases / "cif_one_auth_number_unknown.cif").atoms
    whole = read_structure(cases / "cif_without_ins_code.cif").atoms
    assert atoms.res_id.tolist() == whole.res_id.tolist()


def test_a_ligand_without_a_number_has_none_in_its_name(cases):
    text = (cases / "cif_without_ins_code.cif").read_text()
    last = next(line for line in reversed(text.splitlines()) if line.startswith("ATOM")).split()
    names = re.findall(r"^_atom_site\.(\S+)", text, flags=re.MULTILINE)
    row = dict(zip(names, last, strict=True)) | {
        "group_PDB": "HETATM",
        "label_comp_id": "LIG",
        "auth_comp_id": "LIG",
        "label_atom_id": "C1",
    }
    row |= {"auth_atom_id": "C1", "type_symbol": "C", "label_seq_id": ".", "auth_seq_id": ".", "label_asym_id": "B", "auth_asym_id": "B"}
    row["Cartn_x"] = f"{float(row['Cartn_x']) + 2:.3f}"
    body = text.rstrip().removesuffix("#")
    structure = read_structure(f"{body}{' '.join(row[name] for name in names)}\n#\n".encode(), "made.cif")
    (target,) = targets(structure, map_structure(structure, PROTEIN))
    assert target.name == "LIG, chain B"


def _rows(component: str, count: int) -> list[str]:
    rows = []
    for k in range(count):
        for at, name in enumerate(("N", "CA", "C", "O")):
            place = f"{3.8 * k + 1.2 * at:.2f} {at % 2:.2f} 0.0"
            rows.append(f"ATOM {4 * k + at} {name[0]} {name} . {component} A {k + 1} ? {place} 1.0 0.0 {k + 1} {component} A {name} 1")
    return rows


def _cif(rows: list[str]) -> bytes:
    columns = (
        "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y "
        "Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_comp_id auth_asym_id auth_atom_id pdbx_PDB_model_num"
    )
    return "\n".join(["data_x", "loop_", *(f"_atom_site.{name}" for name in columns.split()), *rows, "#", ""]).encode()


def test_the_first_block_with_atoms_is_used_and_the_others_are_named():
    block = _cif(_rows("ALA", 3)).decode()
    structure = read_structure((block.replace("data_x", "data_one") + block.replace("data_x", "data_two")).encode(), "two.cif")
    assert structure.notes == ("two.cif has 2 data blocks with atoms; the first one, one, is used.",)
    assert len(structure.atoms) == 12


def test_elements_follow_from_names_where_the_file_has_none():
    text = re.sub(r"^(ATOM \d+) \S+", r"\1", _cif(_rows("ALA", 3)).decode().replace("_atom_site.type_symbol\n", ""), flags=re.MULTILINE)
    assert read_structure(text.encode(), "made.cif").atoms.element.tolist() == ["N", "C", "C", "O"] * 3


def test_a_cut_file_is_still_refused(cases):
    text = (cases / "openmm_8.6_output.cif").read_text()
    for end in (text.rindex("\n", 0, -1) - 30, len(text) - 5):
        with pytest.raises(StructureError, match="cut"):
            read_structure(text[:end].encode(), "cut.cif")


@pytest.mark.parametrize("field", ["271a", "****", "abcd", "-0-1", "    "])
def test_waters_beyond_9999_are_counted_anew(cases, field):
    text = (cases / "star_waters.pdb").read_text().replace("W****", f"W{field}")
    structure = read_structure(text.encode(), "vmd.pdb")
    assert len(numbers_of(structure)) > 40
    assert len(structure.notes) <= 1
    if field not in ("abcd",):  # hybrid-36, which is a number
        assert "no number that can be read" in structure.notes[0]
        waters = structure.atoms.res_id[structure.atoms.chain_id == "W"]
        assert len(set(waters.tolist())) == len(waters)


def frames(cases) -> list[str]:
    text = (cases / "vmd_three_frames.pdb").read_text()
    return [part for part in text.split("END\n") if part.strip()]


def models(parts: list[str], end: str) -> str:
    return "".join(f"MODEL     {at + 1:4d}\n{part}{end}" for at, part in enumerate(parts)) + "END\n"


COUNTED = "has 3 models; the first one is used."
REPEATED = "holds the same atoms 3 times, as the frames of a simulation; the first one is used."
WRITERS = {
    "VMD": (lambda parts: "".join(f"{part}END\n" for part in parts), COUNTED),
    "MDTraj without header": ("".join, REPEATED),
    "MODEL without ENDMDL": (lambda parts: models(parts, ""), COUNTED),
    "MODEL and ENDMDL": (lambda parts: models(parts, "ENDMDL\n"), COUNTED),
}


@pytest.mark.parametrize(("join", "note"), WRITERS.values(), ids=WRITERS)
def test_frames_are_not_partners(cases, join, note):
    parts = frames(cases)
    assert len(parts) == 3
    structure = read_structure(join(parts).encode(), "frames.pdb")
    alone = read_structure((parts[0] + "END\n").encode(), "frames.pdb")
    assert (structure.n_models, structure.notes) == (3, (f"frames.pdb {note}",))
    np.testing.assert_array_equal(structure.atoms.coord, alone.atoms.coord)
    mapping = map_structure(structure, PROTEIN)
    assert build_scene(structure, mapping, PROTEIN).partners == ()
    assert targets(structure, mapping) == ()


def test_two_chains_of_one_name_apart_are_no_frames(cases):
    """A dimer as simulation programs write it: the same atoms, elsewhere."""
    part = frames(cases)[0]
    moved = re.sub(r"^(ATOM.{26})(.{8})", lambda line: f"{line[1]}{float(line[2]) + 30:8.3f}", part, flags=re.MULTILINE)
    structure = read_structure((part + moved + "END\n").encode(), "dimer.pdb")
    assert structure.n_models == 1
    assert len(set(structure.atoms.chain_id.tolist())) == 2


def test_a_modified_residue_behind_its_chain_is_put_into_the_gap(cases):
    structure = read_structure(cases / "mse_records_at_end.pdb")
    assert 140 in {residue.number for residue in map_structure(structure, PROTEIN).residues if residue is not None}
    assert "put into the gaps that they close" in structure.notes[0]
    assert targets(structure, map_structure(structure, PROTEIN)) == ()


def test_a_loop_appended_at_the_end_is_put_into_its_gap():
    lines = _pdb_lines()
    loop = [line for line in lines if 60 <= int(line[22:26]) <= 70]
    rest = [line for line in lines if not 60 <= int(line[22:26]) <= 70]
    there = numbers_of(read_structure(("\n".join([*lines, "END", ""])).encode(), "whole.pdb"))
    found = read_structure("\n".join([*rest, "TER", *loop, "END", ""]).encode(), "appended.pdb")
    assert numbers_of(found) == there
    assert "put into the gaps" in found.notes[0]


def _pdb_lines() -> list[str]:
    """Residues 10 to 120 of 8FYN as PDB lines."""
    atoms = read_structure(shipped_structure("8FYN").path).atoms
    atoms = atoms[(atoms.chain_id == "A") & (atoms.res_id >= 10) & (atoms.res_id <= 120) & ~atoms.hetero]
    return [
        f"ATOM  {serial:5d}  {atom.atom_name:<3} {atom.res_name} A{atom.res_id:4d}    "
        f"{atom.coord[0]:8.3f}{atom.coord[1]:8.3f}{atom.coord[2]:8.3f}  1.00  0.00          {atom.element:>2}"
        for serial, atom in enumerate(atoms, start=1)
    ]


def test_fusion_numbers_move_nothing():
    for entry in ("8FYN", "4LDO", "3SN6", "1U19"):
        assert not any("gaps" in note for note in read_structure(shipped_structure(entry).path).notes)


def test_a_reference_that_begins_late_drops_no_residue_that_fits(cases):
    found = numbers_of(read_structure(cases / "dbref_drops_residues.pdb"))
    assert {6, 7, 8, 9} <= set(found.values())
