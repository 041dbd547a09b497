"""The structure file with one value for each residue, read back with biotite and with our own reader."""

import io

import numpy as np
import pytest
from biotite.structure.io.pdbx import CIFFile, get_structure

from allo_core.export import coloured_structure
from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import Structure, read_structure
from tests.structure.structure_files import (
    chain_lines,
    map_of,
    pdb_line,
    pdb_of,
    plain_residues,
    protein_of,
    random_sequence,
    structure_of,
)


def read_back(text):
    return get_structure(CIFFile.read(io.StringIO(text)), model=1, extra_fields=["b_factor"])


def by_residue(atoms):
    """B-factors of the atoms of each residue, by (chain, number, insertion code)."""
    found = {}
    for chain, number, code, b in zip(atoms.chain_id, atoms.res_id, atoms.ins_code, atoms.b_factor, strict=True):
        found.setdefault((str(chain), int(number), str(code)), []).append(float(b))
    return found


def values_for(protein, seed=0):
    """Six orders of magnitude, a zero and a gap."""
    values = 10.0 ** np.random.default_rng(seed).uniform(-5, 1, len(protein))
    values[40], values[60] = 0.0, np.nan
    return values


@pytest.mark.parametrize("entry", ["4LDO", "8FYN", "1U19"])
def test_every_atom_carries_the_value_of_its_residue(entry):
    structure, mapping, values = structure_of(entry), map_of(entry), values_for(protein_of(entry))
    atoms = read_back(coloured_structure(structure, mapping, values))
    found = by_residue(atoms)
    assert mapping.aligned > 200
    for index, residue in enumerate(mapping.residues):
        if residue is not None:
            expected = -1.0 if np.isnan(values[index]) else values[index]
            read = np.array(found.pop(tuple(residue)))
            # Six decimals, read in single precision.
            assert (np.abs(read - expected) <= np.maximum(1e-4 * abs(expected), 5e-7)).all(), residue
    assert len(found) > 10  # ligands, other chains, waters
    assert {value for values in found.values() for value in values} == {-1.0}


@pytest.mark.parametrize("entry", ["4LDO", "1U19"])
def test_the_whole_structure_is_in_the_file_as_it_was_read(entry):
    structure = structure_of(entry)
    text = coloured_structure(structure, map_of(entry), values_for(protein_of(entry)))
    for atoms in (read_back(text), read_structure(text.encode(), "coloured.cif").atoms):
        for name in ("chain_id", "res_id", "ins_code", "res_name", "atom_name", "element", "hetero"):
            np.testing.assert_array_equal(atoms.get_annotation(name), structure.atoms.get_annotation(name), name)
        np.testing.assert_allclose(atoms.coord, structure.atoms.coord, atol=5e-4)  # three decimals
    again = read_structure(text.encode(), "coloured.cif")
    assert (again.entry, again.title, again.notes) == (structure.entry, structure.title, ())


def test_insertion_codes_negative_numbers_and_shared_numbers():
    sequence = random_sequence(60, seed=4)
    residues = plain_residues(sequence, first=-5)
    residues[20] = (*residues[19][:2], "A", False)  # 14 and 14A
    content = pdb_of(chain_lines(residues), [pdb_line("C1", "LIG", "A", 500, (0, 9, 0), record="HETATM")])
    structure = read_structure(content, "made.pdb")
    mapping = map_structure(structure, Protein("made", sequence))
    values = np.arange(60) / 7
    found = by_residue(read_back(coloured_structure(structure, mapping, values)))
    assert found["A", -5, ""] == pytest.approx([0.0] * 4)
    assert found["A", 14, ""] == pytest.approx([19 / 7] * 4)
    assert found["A", 14, "A"] == pytest.approx([20 / 7] * 4)
    assert found["A", 500, ""] == [-1.0]


@pytest.mark.parametrize("chain", ["", "A B", "'", '"', "#1", "_x", "?", "<script>"])
def test_odd_chain_names_come_back(chain):
    sequence = random_sequence(60, seed=5)
    plain = read_structure(pdb_of(chain_lines(plain_residues(sequence))), "made.pdb")
    atoms = plain.atoms.copy()
    atoms.chain_id = np.full(len(atoms), chain, dtype="U8")
    structure = Structure(atoms, "made")
    mapping = map_structure(structure, Protein("made", sequence))
    again = read_structure(coloured_structure(structure, mapping, np.ones(60)).encode(), "made.cif")
    assert (set(again.atoms.chain_id.tolist()), len(again.atoms)) == ({chain}, 240)


def test_a_hostile_title_stays_a_title():
    plain = structure_of("4LDO")
    title = 'it\'s "so" _atom_site.x ; loop_ # data_x'
    structure = Structure(plain.atoms[:400], "x", "", title)
    mapping = map_of("4LDO")
    shorter = type(mapping)(mapping.chain, 1.0, 0, (None,) * len(mapping.residues), ())
    again = read_structure(coloured_structure(structure, shorter, np.zeros(len(mapping.residues))).encode(), "x.cif")
    assert again.title == title
    assert len(again.atoms) == 400


def test_the_number_of_values_must_fit():
    with pytest.raises(ValueError, match="413"):
        coloured_structure(structure_of("4LDO"), map_of("4LDO"), np.zeros(412))
