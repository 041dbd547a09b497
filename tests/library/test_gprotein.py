"""The positions that touch a G protein are those of the two complexes, and are known for class A alone."""

from allo_core.library.build_gprotein import write_gprotein_contacts
from allo_core.library.gprotein import CONTACTS, gprotein_positions, gprotein_residues
from allo_core.library.receptors import DATA, find_receptor


def test_positions():
    positions = gprotein_positions()
    # In every complex of a class A receptor with a G protein (Flock et al. 2017, Nature 545:317).
    assert {"3x50", "3x53", "34x50", "34x51", "5x65", "5x68", "6x33", "6x36", "7x56", "8x47"} <= set(positions)
    assert positions.index("3x50") < positions.index("34x50") < positions.index("5x65")
    assert "7x50" not in positions
    assert "2x50" not in positions


def test_residues():
    receptor = find_receptor("ADRB2")
    residues = gprotein_residues(receptor.numbers)
    assert residues is not None
    assert receptor.protein.label(130) == "R131"
    assert 130 in residues
    assert list(residues) == sorted(residues)
    assert gprotein_residues(None) is None
    assert gprotein_residues(find_receptor("GLP1R").numbers) is None


def test_the_file_is_what_the_script_writes(shared, tmp_path):
    assert write_gprotein_contacts(shared / "data/structures", tmp_path) == len(gprotein_positions())
    assert (tmp_path / CONTACTS).read_bytes() == (DATA / CONTACTS).read_bytes()
