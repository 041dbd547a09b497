"""BinaryCIF, B factors, and what a file says of being a prediction."""

import gzip
import io

import msgpack
import numpy as np
import pytest
from biotite.structure.io.pdbx import BinaryCIFCategory, BinaryCIFFile, CIFFile, compress, get_structure, set_structure

from allo_core.errors import StructureError
from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure


@pytest.fixture(scope="module")
def atoms():
    with gzip.open(shipped_structure("8FYN").path, "rt") as file:
        atoms = get_structure(CIFFile.read(file), model=1)
    atoms.set_annotation("b_factor", np.linspace(20, 95, len(atoms)).round(2))
    return atoms


def binary(atoms, packed=True, **categories) -> bytes:
    file = BinaryCIFFile()
    set_structure(file, atoms, data_block="8FYN")
    for name, items in categories.items():
        file.block[name] = BinaryCIFCategory({item: np.array([value]) for item, value in items.items()})
    content = io.BytesIO()
    (compress(file) if packed else file).write(content)
    return content.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_binary_cif_is_read_as_the_text_is(atoms, packed):
    protein = find_receptor("AA2AR").protein
    text = read_structure(shipped_structure("8FYN").path)
    read = read_structure(gzip.compress(binary(atoms, packed)), "mine.bcif.gz")
    assert read.name == "mine"
    assert map_structure(read, protein) == map_structure(text, protein)
    assert read.atoms.coord == pytest.approx(text.atoms.coord, abs=1e-3)
    assert read.atoms.b_factor == pytest.approx(atoms.b_factor, abs=1e-3)
    assert not read.predicted


def test_a_file_that_says_so_is_a_prediction(atoms):
    assert read_structure(binary(atoms, ma_qa_metric={"id": "1", "name": "pLDDT", "type": "pLDDT"})).predicted
    assert not read_structure(binary(atoms, ma_qa_metric={"id": "1", "name": "QMEANDisCo", "type": "other"})).predicted


@pytest.mark.parametrize(
    ("title", "predicted"),
    [
        ("ALPHAFOLD MONOMER V2.0 PREDICTION FOR ADENOSINE RECEPTOR A2A (P29274)", True),
        ("ESMFOLD V1 PREDICTION FOR INPUT", True),
        ("CRYSTAL STRUCTURE SOLVED WITH AN ALPHAFOLD MODEL", False),
    ],
)
def test_pdb_files_keep_b_factors_and_say_in_their_title_what_they_are(title, predicted):
    lines = [f"TITLE     {title}"[:80]]
    for serial, (number, name) in enumerate(((number, name) for number in (1, 2, 3) for name in ("N", "CA", "C", "O")), start=1):
        x, y, b = float(number), float(serial % 4), 30.0 + number
        lines.append(f"ATOM  {serial:5d}  {name:<3} ALA A{number:4d}    {x:8.3f}{y:8.3f}{0:8.3f}  1.00{b:6.2f}           {name[0]}")
    lines.append("END")
    read = read_structure("\n".join(lines).encode(), "made.pdb")
    assert read.predicted is predicted
    assert read.atoms.b_factor.tolist() == [31.0] * 4 + [32.0] * 4 + [33.0] * 4


def test_files_that_are_cut_or_unpack_to_too_much_are_refused(atoms):
    content = binary(atoms)
    for end in (60, 1000, len(content) // 2, len(content) - 1):
        with pytest.raises(StructureError, match="BinaryCIF"):
            read_structure(content[:end], "cut.bcif")
    unpacked = msgpack.unpackb(content)
    hostile = {"kind": "RunLength", "srcType": 3, "srcSize": 2_000_000_000}
    unpacked["dataBlocks"][0]["categories"][0]["columns"][0]["data"]["encoding"].append(hostile)
    with pytest.raises(StructureError, match="unpacks to more"):
        read_structure(msgpack.packb(unpacked), "bomb.bcif")
    del hostile["srcSize"]
    with pytest.raises(StructureError, match="unpacks to more"):
        read_structure(msgpack.packb(unpacked), "bomb.bcif")
    unpacked["dataBlocks"][0]["categories"] = []
    with pytest.raises(StructureError, match="has no atoms"):
        read_structure(msgpack.packb(unpacked), "empty.bcif")
