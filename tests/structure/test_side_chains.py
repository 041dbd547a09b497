import numpy as np
import pytest

from allo_core.errors import NetworkError, StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.networks.points import points_of
from allo_core.structure.geometry import ca_positions, cb_positions
from allo_core.structure.mapping import map_structure
from allo_core.structure.neighbours import residues_near, residues_touching, targets
from allo_core.structure.parts import scene_parts
from allo_core.structure.read import Structure, read_structure
from allo_core.structure.side_chains import require_side_chains

PROTEIN = find_receptor("ADRB2").protein


@pytest.fixture
def trace() -> Structure:
    """The CA of 3SN6 and its partners, as a coarse-grained model has them."""
    whole = read_structure(shipped_structure("3SN6").path)
    atoms = whole.atoms[(whole.atoms.atom_name == "CA") & (whole.atoms.element == "C")]
    lines = [
        f"ATOM  {k % 100000:5d}  CA  {atom.res_name} {atom.chain_id}{atom.res_id:4d}    "
        f"{atom.coord[0]:8.3f}{atom.coord[1]:8.3f}{atom.coord[2]:8.3f}  1.00  0.00           C"
        for k, atom in enumerate(atoms, 1)
    ]
    return read_structure("\n".join([*lines, "END", ""]).encode(), "trace.pdb")


def test_what_needs_side_chains_is_refused(trace):
    mapping = map_structure(trace, PROTEIN)
    assert trace.trace
    assert targets(trace, mapping) == ()
    parts = scene_parts(trace, mapping)
    assert parts.partner.any(), "the partners are shown all the same"
    with pytest.raises(StructureError, match=r"What lies near a target cannot be told from trace: it is a CA trace"):
        residues_near(trace, mapping, "partner.A")
    with pytest.raises(StructureError, match="it is a CA trace"):
        residues_touching(trace, parts, parts.partner)
    with pytest.raises(NetworkError, match=r"shows a side chain at 0 of"):
        points_of(trace, mapping, len(PROTEIN), "heavy")
    assert len(points_of(trace, mapping, len(PROTEIN), "ca").nodes) > 200


def test_a_trace_has_no_cb_not_even_of_glycine(trace):
    mapping = map_structure(trace, PROTEIN)
    assert np.isnan(cb_positions(trace, mapping, len(PROTEIN))).all()
    assert np.isfinite(ca_positions(trace, mapping, len(PROTEIN))[:, 0]).sum() > 200


def test_other_structures_are_not_refused():
    structure = read_structure(shipped_structure("3SN6").path)
    assert not structure.trace
    require_side_chains(structure, "Anything")
