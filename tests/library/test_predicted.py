"""The AlphaFold models that ship: found by receptor and by name, whole, and honest about their confidence."""

import gzip

import numpy as np
import pytest
from biotite.structure.io.pdbx import BinaryCIFFile

from allo_core.fetch import fetch_structure, fetched_structure
from allo_core.library.predicted import LICENCE_URL, predicted_structure, predicted_structures
from allo_core.library.receptors import find_receptor, receptors
from allo_core.structure.confidence import LOW_CONFIDENCE, plddt
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure
from allo_core.structure.scene import build_scene

MODELS = predicted_structures()


def test_323_receptors_have_a_model_under_9_megabytes():
    assert len(MODELS) == 323
    assert {model.receptor for model in MODELS.values()} <= receptors().keys()
    assert predicted_structure("CXCR4") == MODELS["AF-P61073-F1"]
    assert predicted_structure("AGRV1") is None  # 6,306 residues, which the database does not model in one piece
    assert sum(model.path.stat().st_size for model in MODELS.values()) < 9_000_000


def test_they_are_found_without_fetching(monkeypatch):
    monkeypatch.setenv("ALLOSCOPE_ALPHAFOLD", "http://127.0.0.1:9")  # nobody answers there
    path = MODELS["AF-P61073-F1"].path
    assert fetched_structure("AF-P61073-F1") == path
    for asked in ("AF-P61073-F1", "af-p61073-f1", "P61073"):
        fetched = fetch_structure(asked)
        assert (fetched.path, fetched.name, fetched.source) == (path, "AF-P61073-F1", "AlloScope")
    assert fetched_structure("AF-P61073-F2") is None


def check(name: str) -> None:
    """The whole sequence, residue by residue, with its confidence, and a scene of it."""
    receptor = find_receptor(MODELS[name].receptor)
    structure = read_structure(MODELS[name].path)
    mapping = map_structure(structure, receptor.protein)
    length = len(receptor.protein)
    assert structure.predicted, name
    assert (mapping.identity, mapping.aligned, mapping.substitutions) == (1.0, length, ()), name
    assert [residue.number for residue in mapping.residues] == list(range(1, length + 1)), name
    confidence = plddt(structure, mapping, length)
    assert ((confidence > 0) & (confidence <= 100)).all(), name
    scene = build_scene(structure, mapping, receptor.protein, receptor.numbers.segment if receptor.numbers is not None else None)
    assert len(scene.shown) == length, name
    assert scene.uncertain == tuple(np.flatnonzero(confidence < LOW_CONFIDENCE) + 1), name


@pytest.mark.parametrize("name", sorted(MODELS)[::27])
def test_models_map_on_their_receptor_whole(name):
    check(name)


@pytest.mark.slow  # one in 27 is looked at above
def test_every_model_maps_on_its_receptor_whole():
    for name in MODELS:
        check(name)


def test_helices_are_surer_than_the_rest():
    receptor = find_receptor("CXCR4")
    structure = read_structure(MODELS["AF-P61073-F1"].path)
    confidence = plddt(structure, map_structure(structure, receptor.protein), len(receptor.protein))
    helix = np.array([segment.startswith("TM") for segment in receptor.numbers.segment])
    assert np.median(confidence[helix]) > 85
    assert np.median(confidence[~helix]) < np.median(confidence[helix]) - 5


def test_a_file_names_its_licence_and_what_its_b_factors_are():
    with gzip.open(MODELS["AF-P61073-F1"].path) as file:
        block = BinaryCIFFile.read(file).block
    assert block["pdbx_data_usage"]["url"].as_item() == LICENCE_URL
    assert block["ma_qa_metric"]["type"].as_item() == "pLDDT"
    assert "predicted" in block["struct"]["title"].as_item()


def test_the_models_are_those_of_the_source(shared):
    """Against the table they were written from: coordinates in steps of 0.05 Å, confidence residue by residue."""
    with np.load(shared / "data/gpcr_alphafold_models.npz", allow_pickle=False) as table:
        at = table["receptor"].tolist().index("AA2AR")
        atoms = slice(*table["atom_offset"][at : at + 2])
        xyz, per_residue = table["xyz_hundredths"][atoms] / 100, table["plddt"][slice(*table["residue_offset"][at : at + 2])]
    receptor = find_receptor("AA2AR")
    structure = read_structure(predicted_structure("AA2AR").path)
    assert structure.atoms.coord == pytest.approx(xyz, abs=0.0251)
    assert plddt(structure, map_structure(structure, receptor.protein), len(receptor.protein)).tolist() == per_residue.tolist()
