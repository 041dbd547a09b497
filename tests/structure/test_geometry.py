import numpy as np
import pytest
from biotite.structure import get_residues

from allo_core.errors import StructureError
from allo_core.protein.sequence import Protein
from allo_core.structure.geometry import cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from tests.structure.structure_files import chain_lines, map_of, pdb_line, pdb_of, plain_residues, protein_of, random_sequence, structure_of

SEQUENCE = random_sequence(80, seed=8)


@pytest.mark.parametrize("entry", ["3VG9", "5G53", "8FYN", "4LDO", "3SN6", "1U19"])
def test_positions_are_those_of_the_mapped_residues(entry):
    """Against biotite's selection of atoms, residue by residue."""
    structure, mapping, protein = structure_of(entry), map_of(entry), protein_of(entry)
    positions = cb_positions(structure, mapping, len(protein))
    chain = structure.atoms[(structure.atoms.chain_id == mapping.chain) & ~structure.atoms.hetero]
    names = {(int(number), name) for number, name in zip(*get_residues(chain), strict=True)}
    glycines = beta_carbons = missing = 0
    for index, residue in enumerate(mapping.residues):
        if residue is None:
            assert np.isnan(positions[index]).all()
            continue
        glycine = (residue.number, "GLY") in names
        own = chain[(chain.res_id == residue.number) & (chain.ins_code == residue.insertion)]
        atom = own[own.atom_name == ("CA" if glycine else "CB")]
        if len(atom):
            np.testing.assert_array_equal(positions[index], atom.coord[0].astype(float))
        else:
            assert np.isnan(positions[index]).all()
        glycines += glycine
        beta_carbons += not glycine and len(atom) > 0
        missing += not len(atom)
    assert glycines > 5
    assert beta_carbons > 200
    assert missing < 30
    assert np.isfinite(positions[:, 0]).sum() == glycines + beta_carbons


def with_cb(residues):
    """A straight chain with a CB 1.5 Å beside each CA, glycines too, which a file may name so by mistake."""
    lines = []
    for line in chain_lines(residues):
        lines.append(line)
        if line[12:16].strip() == "CA":
            x = float(line[30:38])
            lines.append(pdb_line("CB", line[17:20].strip(), "A", int(line[22:26]), (x, -1.5, 0)))
    return lines


def test_glycine_in_the_structure_decides_and_a_cb_that_is_missing_is_missing():
    letters = list("AAG" + SEQUENCE[3:])
    protein = Protein("made up", "".join(letters))
    letters[1], letters[2] = "G", "A"  # mutated in the structure: A2G, G3A
    lines = with_cb(plain_residues("".join(letters)))
    lines = [line for line in lines if not (line[12:16].strip() == "CB" and int(line[22:26]) == 10)]
    structure = read_structure(pdb_of(lines), "made up")
    mapping = map_structure(structure, protein)
    positions = cb_positions(structure, mapping, len(protein))
    assert positions.shape == (80, 3)
    assert positions[[0, 1, 2], 1].tolist() == [-1.5, 0.0, -1.5]
    assert np.isnan(positions[9]).all() == (letters[9] != "G")
    assert letters[9] != "G"
    assert np.isfinite(np.delete(positions, 9, axis=0)).all()


def test_neighbours_in_a_helix_are_in_contact():
    """The second transmembrane helix of AA2AR: CB atoms of i and i + 4 lie about 6 Å apart, of i and i + 10 about 15 Å."""
    positions = cb_positions(structure_of("8FYN"), map_of("8FYN"), 412)
    helix = positions[42:62]
    assert np.nanmedian(np.linalg.norm(helix[4:] - helix[:-4], axis=1)) == pytest.approx(6.2, abs=0.6)
    assert np.nanmedian(np.linalg.norm(helix[10:] - helix[:-10], axis=1)) == pytest.approx(15.2, abs=1)


def test_a_map_of_another_structure():
    with pytest.raises(StructureError, match="does not belong to 4LDO"):
        cb_positions(structure_of("4LDO"), map_of("8FYN"), 412)
