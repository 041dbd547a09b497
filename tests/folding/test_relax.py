import sys
import threading

import numpy as np
import pytest

from allo_core.errors import Cancelled, ExtraError, FoldError
from allo_core.folding.family_average import family_average
from allo_core.folding.fold_files import atoms_pdb
from allo_core.folding.relax import relax
from allo_core.folding.trace import trace_pdb
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.read import read_structure


@pytest.fixture(scope="module")
def strained():
    """Two strands of an experimental structure (Gβ of 3SN6), each heavy atom moved by about 0.15 Å, with values in the B column."""
    atoms = read_structure(shipped_structure("3SN6").path).atoms
    atoms = atoms[(atoms.chain_id == "B") & ~atoms.hetero & (atoms.res_id >= 60) & (atoms.res_id < 85)]
    atoms.coord = atoms.coord + np.random.default_rng(0).normal(0, 0.1, atoms.coord.shape).astype(np.float32)
    atoms.b_factor = atoms.res_id / 2
    return atoms_pdb(atoms, "strained", ["as it was"])


@pytest.fixture
def installed():
    for name in ("openmm", "pdbfixer"):
        pytest.importorskip(name, reason="OpenMM and PDBFixer are not installed (the extra 'relax')")


def test_strain_is_taken_out_and_nothing_else(strained, installed):
    found = relax(strained)
    assert found.energy_before > 1000
    assert found.energy_after < found.energy_before / 10
    assert 0.01 < found.moved < 0.3
    before, after = read_structure(strained.encode()), read_structure(found.pdb_text.encode())
    heavy = after.atoms[after.atoms.element != "H"]
    assert after.title == "strained"
    places = {
        (number, name): xyz for number, name, xyz in zip(before.atoms.res_id, before.atoms.atom_name, before.atoms.coord, strict=True)
    }
    assert {*zip(heavy.res_id.tolist(), heavy.atom_name.tolist(), strict=True)} - {*places} == {(84, "OXT")}
    shifts = [np.linalg.norm(a.coord - places[(a.res_id, a.atom_name)]) for a in heavy if a.atom_name != "OXT"]
    assert max(shifts) < 1
    ca = [k for k, a in enumerate(a for a in heavy if a.atom_name != "OXT") if a.atom_name == "CA"]
    assert found.moved == pytest.approx(np.sqrt(np.mean(np.square(np.array(shifts)[ca]))), abs=0.002)
    assert len(after.atoms) > 1.8 * len(before.atoms), "with hydrogens"
    np.testing.assert_allclose(after.atoms.b_factor, after.atoms.res_id / 2)
    said = " ".join(line[10:].strip() for line in found.pdb_text.splitlines() if line.startswith("REMARK   6"))
    assert " ".join(said.split()).startswith("as it was Relaxed by OpenMM with Amber ff14SB in vacuum")
    assert found.sentence.replace("Å", "A") in said
    assert all(len(line) == 80 for line in found.pdb_text.splitlines())


def test_bonds_are_as_long_as_they_should_be(strained, installed):
    def spread(text):
        atoms = read_structure(text.encode()).atoms
        n, c = (atoms[atoms.atom_name == name] for name in ("N", "C"))
        return np.abs(np.linalg.norm(n.coord[1:] - c.coord[:-1], axis=1) - 1.335).max()  # Engh and Huber 1991: 1.329 Å

    assert spread(strained) > 0.15
    assert spread(relax(strained).pdb_text) < 0.06


def test_cancel(strained, installed):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        relax(strained, cancel)


def test_atoms_on_one_another_are_refused(strained, installed):
    lines = [line[:30] + "   0.000" * 3 + line[54:] if line.startswith("ATOM") else line for line in strained.splitlines()]
    with pytest.raises(FoldError, match="OpenMM cannot relax this structure") as error:
        relax("\n".join(lines))
    assert "\n" not in str(error.value)


def test_a_trace_is_refused_with_the_reason():
    with pytest.raises(FoldError, match="A CA trace cannot be relaxed: it has no backbone"):
        relax(trace_pdb(family_average(find_receptor("GP173").protein)))


def test_other_residues_and_chains_are_refused(strained):
    with pytest.raises(FoldError, match="the twenty amino acids alone, and residue 60 is UNK"):
        relax("\n".join(line[:17] + "UNK" + line[20:] if line[22:26] == "  60" else line for line in strained.splitlines()))
    half = [line[:21] + "B" + line[22:] if line[:4] == "ATOM" and int(line[22:26]) > 70 else line for line in strained.splitlines()]
    with pytest.raises(FoldError, match="One chain can be relaxed"):
        relax("\n".join(half))


def test_what_to_install(strained, monkeypatch):
    monkeypatch.setitem(sys.modules, "openmm", None)
    with pytest.raises(ExtraError, match=r"needs OpenMM and PDBFixer: pip install '\.\[relax\]'\."):
        relax(strained)
