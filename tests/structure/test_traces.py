import numpy as np

from allo_core.protein.sequence import Protein
from allo_core.structure.traces import trace_scene

PROTEIN = Protein("mine", "ACXW", 10)
XYZ = np.array([[0, 0, 0], [3.8, 0, 0], [np.nan] * 3, [7, 1, 2.5]])


def test_a_trace_beside_another_keeps_places_and_numbers():
    scene = trace_scene(PROTEIN, XYZ, XYZ[::-1] + 1)
    atoms = [line for line in scene.pdb.splitlines() if line.startswith("ATOM")]
    assert [line[21] for line in atoms] == [atoms[0][21]] * 3 + ["B"] * 3
    assert [int(line[22:26]) for line in atoms] == [10, 11, 13, 10, 12, 13]
    assert float(atoms[2][46:54]) == 2.5
    assert atoms[4][17:20] == "UNK"
    assert scene.shown == (10, 11, 13)
    assert scene.partners[0].n_residues == 3
    assert scene.trace


def test_alone_it_has_no_partner():
    scene = trace_scene(PROTEIN, XYZ)
    assert scene.partners == ()
    assert scene.id != trace_scene(PROTEIN, XYZ + 1).id


def test_letters_that_few_proteins_have_are_named():
    scene = trace_scene(Protein("mine", "UOBZ"), np.arange(12.0).reshape(4, 3))
    assert [line[17:20] for line in scene.pdb.splitlines() if line.startswith("ATOM")] == ["SEC", "PYL", "ASX", "GLX"]
