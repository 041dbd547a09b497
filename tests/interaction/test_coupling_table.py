"""The table of G protein families is what the script writes, counts what is reported, and takes nothing unknown for a negative."""

import json

import numpy as np
import pytest

from allo_core.errors import LibraryError, PairError
from allo_core.interaction import coupling_table
from allo_core.interaction.coupling_table import coupling_pairs, families, reported, studied, unknown
from allo_core.library.build import receptor_rows
from allo_core.library.build_couplings import write_couplings
from allo_core.library.receptors import DATA, receptors
from allo_core.library.structures import shipped_structure
from allo_core.structure.read import read_structure


def test_the_file_that_ships_is_the_one_that_the_script_writes(shared, tmp_path):
    source = shared / "data/interactions"
    table, proteins = source / "gpcr_gprotein_families_gtopdb.tsv", source / "pan_proteins.tsv.gz"
    write_couplings(table, proteins, receptor_rows(shared / "data"), tmp_path)
    assert (tmp_path / "gprotein_families.json").read_bytes() == (DATA / "gprotein_families.json").read_bytes()


def test_the_file_carries_its_notice():
    content = json.loads((DATA / "gprotein_families.json").read_text(encoding="utf-8"))
    assert "GtoPdb" in content["source"]
    assert "GPCRdb" in content["source"]
    assert "ODbL" in content["licence"]
    assert "CC BY-SA 4.0" in content["licence"]


def test_pairs():
    pairs = coupling_pairs()
    assert len(pairs) == 1004
    assert pairs.labels.sum() == 385
    assert pairs.labels.reshape(251, 4).sum(axis=0).tolist() == [80, 159, 120, 26]
    assert [family.name for family in families()] == ["Gs", "Gi/o", "Gq/11", "G12/13"]
    assert [len(family.partner) for family in families()] == [394, 354, 359, 377]
    assert [pairs.proteins[place].name for place in pairs.second[:4]] == ["GNAS2", "GNAI1", "GNAQ", "GNA13"]
    assert [pairs.proteins[place].name for place in pairs.first[::4]] == list(studied())
    classes = [receptors()[entry].receptor_class for entry in studied()]
    assert {name: classes.count(name) for name in "ABCF"} == {"A": 214, "B": 18, "C": 10, "F": 9}
    for row in (0, 250, 1003):
        name, family = pairs.proteins[pairs.first[row]].name, families()[row % 4].name
        assert pairs.labels[row] == (family in (reported(name) or ()))


def test_what_is_reported():
    assert reported("ADRB2") == reported("P07550") == ("Gs", "Gi/o")
    assert reported("5HT2A") == ("Gi/o", "Gq/11")
    with pytest.raises(LibraryError):
        reported("nobody")


def test_what_is_not_known_is_no_negative():
    """Rhodopsin couples to Gt and PAR1 to three families; the source has no row for either."""
    assert reported("OPSD") is None
    assert reported("PAR1") is None
    assert {"OPSD", "PAR1"} <= set(unknown())
    assert sorted([*studied(), *unknown()]) == sorted(receptors())
    names = {protein.name for protein in coupling_pairs().proteins}
    assert not names & set(unknown())


def test_gs_is_the_one_in_the_structure_that_ships():
    """Residues 9 to 394 of bovine Gs in 3SN6; of these the human one differs in A188, which is D there (UniProt P63092, P04896)."""
    structure = read_structure(shipped_structure("3SN6").path)
    shown = structure.atoms[(structure.atoms.chain_id == "A") & (structure.atoms.atom_name == "CA")]
    from biotite.sequence import ProteinSequence

    letters = np.array([ProteinSequence.convert_letter_3to1(name) for name in shown.res_name])
    own = np.array([families()[0].partner.sequence[number - 1] for number in shown.res_id])
    assert len(shown) > 300
    assert shown.res_id[letters != own].tolist() == [188]


def test_a_missing_table_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(coupling_table, "DATA", tmp_path)
    coupling_table._content.cache_clear()
    try:
        with pytest.raises(PairError, match="missing or damaged; get AlloScope again"):
            unknown()
    finally:
        coupling_table._content.cache_clear()
