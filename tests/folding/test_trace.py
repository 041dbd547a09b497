from dataclasses import replace

import numpy as np
import pytest

from allo_core.errors import FoldError
from allo_core.folding.family_average import family_average
from allo_core.folding.template import thread
from allo_core.folding.trace import fold_structure, trace_cif, trace_pdb, trace_words
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.protein.sequence import Protein
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.polymer import residue_table
from allo_core.structure.read import read_structure
from allo_core.structure.scene import build_scene

PROTEIN = find_receptor("GP173").protein


@pytest.mark.parametrize("write", [trace_cif, trace_pdb])
@pytest.mark.parametrize("draw", [family_average, thread])
def test_a_fold_reads_back_and_maps_at_identity_1(draw, write):
    fold = draw(PROTEIN)
    structure = read_structure(write(fold).encode(), "fold")
    assert structure.trace
    assert not structure.predicted
    mapping = map_structure(structure, PROTEIN)
    assert mapping.identity == 1
    assert mapping.aligned == fold.drawn.sum()
    assert mapping.chain == "A"
    np.testing.assert_allclose(ca_positions(structure, mapping, len(PROTEIN)), fold.xyz, atol=0.001)
    assert {residue.number for residue in mapping.residues if residue} == {PROTEIN.number(int(i)) for i in np.flatnonzero(fold.drawn)}
    table = residue_table(structure.atoms)
    assert len(table) == len(structure.atoms), "one atom a residue"
    np.testing.assert_allclose(structure.atoms.b_factor, 100 * fold.confidence[fold.drawn], atol=0.006)
    assert fold.name in structure.title


def test_the_files_say_how_they_were_made_and_whose_they_are():
    fold = family_average(PROTEIN)
    pdb, cif = trace_pdb(fold), trace_cif(fold)
    said = " ".join(line[10:].strip() for line in pdb.splitlines() if line.startswith("REMARK   6"))
    for text in (said, " ".join(cif.split())):
        assert "The average fold of class A" in text
        assert "Expected TM-score 0.9" in text
        assert "CC BY 4.0" in text
        assert "100/(1 + sd)" in text
    assert all(len(line) == 80 for line in pdb.splitlines())
    assert "CC BY" not in trace_pdb(family_average(PROTEIN, "active")), "experiments are in the public domain"


def test_a_fold_opens_as_other_structures_do():
    structure = fold_structure(family_average(PROTEIN))
    scene = build_scene(structure, map_structure(structure, PROTEIN), PROTEIN)
    assert len(scene.shown) > 200
    assert not scene.ligands


def test_hostile_names_stay_on_their_line():
    protein = Protein("x\nATOM      1  CA  'é\u202e\"; loop_", find_receptor("AA2AR").protein.sequence)
    fold = family_average(protein)
    for write in (trace_cif, trace_pdb):
        structure = read_structure(write(fold).encode(), "fold")
        assert map_structure(structure, protein).aligned == fold.drawn.sum()
        assert write(fold).isascii()


def test_letters_without_a_name_and_numbers_that_pdb_cannot_hold():
    whole = find_receptor("AA2AR").protein.sequence
    protein = Protein("mine", whole[:50] + "X" + whole[51:], first=9_800)
    fold = family_average(protein)
    assert " UNK A 1 9850 " in trace_cif(fold)
    with pytest.raises(FoldError, match="PDB files number residues from -999 to 9999; write mmCIF"):
        trace_pdb(fold)
    moved = replace(fold, protein=replace(protein, first=1))
    assert " UNK A  51 " in trace_pdb(moved)


def test_rare_amino_acids_have_their_names():
    whole = find_receptor("AA2AR").protein.sequence
    text = trace_pdb(family_average(Protein("mine", whole[:50] + "UOBZ" + whole[54:])))
    assert [line[17:20] for line in text.splitlines() if line[:4] == "ATOM" and 51 <= int(line[22:26]) <= 54] == [
        "SEC",
        "PYL",
        "ASX",
        "GLX",
    ]


def test_the_viewer_is_told_that_it_is_a_trace():
    for structure in (fold_structure(thread(PROTEIN)), read_structure(shipped_structure("8FYN").path)):
        protein = PROTEIN if structure.trace else find_receptor("AA2AR").protein
        assert build_scene(structure, map_structure(structure, protein), protein).trace == structure.trace


def test_a_receptor_on_its_own_structure_is_said_to_be_that():
    own = find_receptor("P2RY1").protein
    assert trace_words(thread(own)) == "CA trace on its own structure 4XNV"
    assert trace_words(thread(replace(own, name="mine"))) == "CA trace on the structure of P2RY1, whose numbers it has, 4XNV"
    assert trace_words(family_average(own)) == "CA trace, no structure of this receptor"
    assert trace_words(thread(PROTEIN)) == "CA trace, no structure of this receptor"
