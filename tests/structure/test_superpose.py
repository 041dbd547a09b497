"""Receptors laid on each other by generic numbers, compared with scipy."""

import sys
from types import ModuleType

import numpy as np
import pytest
from biotite.structure import rmsd
from scipy.spatial.transform import Rotation

from allo_core.errors import StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.geometry import ca_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from allo_core.structure.superpose import superpose


def trace(entry):
    receptor = find_receptor(shipped_structure(entry).receptor)
    structure = read_structure(shipped_structure(entry).path)
    return ca_positions(structure, map_structure(structure, receptor.protein), len(receptor.protein)), receptor.numbers.gpcrdb


def test_two_states_of_one_receptor_and_two_receptors():
    fixed, names = trace("8FYN")
    for entry, most in (("4LDO", 3.5), ("3SN6", 3.5), ("1U19", 3.5)):
        mobile, own = trace(entry)
        found = superpose(mobile, own, fixed, names)
        assert 0.5 < found.rmsd < most
        assert 120 < found.core <= found.pairs
        moved = found.placement.apply(mobile)
        place = {name: at for at, name in enumerate(names) if name}
        pairs = np.array([(at, place[name]) for at, name in enumerate(own) if name in place])
        apart = np.linalg.norm(moved[pairs[:, 0]] - fixed[pairs[:, 1]], axis=1)
        assert np.nanmedian(apart) < 2.5
        assert np.linalg.det(found.placement.rotation) == pytest.approx(1)


def test_without_outliers_it_is_scipys_fit():
    generator = np.random.default_rng(1)
    fixed = generator.normal(size=(80, 3)) * 15
    angle = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])
    mobile = (fixed + generator.normal(size=fixed.shape) * 0.05) @ angle + [10, -4, 3]
    names = [f"1x{at}" for at in range(80)]
    found = superpose(mobile, names, fixed, names)
    assert found.core > 60
    turn, _ = Rotation.align_vectors(fixed - fixed.mean(axis=0), mobile - mobile.mean(axis=0))
    assert found.placement.rotation == pytest.approx(turn.as_matrix(), abs=1e-3)
    expected = turn.apply(mobile - mobile.mean(axis=0)) + fixed.mean(axis=0)
    assert found.placement.apply(mobile) == pytest.approx(expected, abs=0.03)
    assert rmsd(fixed, found.placement.apply(mobile)) < 0.1


def test_it_works_while_another_thread_imports_torch(monkeypatch):
    """As at the first opening of a page with two structures; parts of scipy look for torch.Tensor then, which is not there yet."""
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    fixed, names = trace("8FYN")
    assert superpose(fixed, names, fixed, names).rmsd == pytest.approx(0, abs=1e-3)


def test_a_moved_helix_does_not_turn_the_rest():
    generator = np.random.default_rng(2)
    fixed = generator.normal(size=(200, 3)) * 15
    mobile = fixed.copy()
    mobile[:20] += [0, 12, 0]
    names = [f"1x{at:03d}" for at in range(200)]
    found = superpose(mobile, names, fixed, names)
    assert found.core == 180
    assert found.rmsd == pytest.approx(0, abs=1e-6)


def test_too_few_shared_residues():
    fixed, names = trace("8FYN")
    with pytest.raises(StructureError, match=r"Only \d+ residues with the same generic numbers"):
        superpose(np.ones((20, 3)), [name for name in names if name][:20], fixed, names)
