"""Write the AlphaFold models that ship: BinaryCIF files with what the viewer and the scores of distances need.

The source table, gpcr_alphafold_models.npz, holds the heavy atoms of the models that the AlphaFold Protein Structure Database (version 4,
DeepMind and EMBL-EBI, CC BY 4.0) has of those receptors whose human sequence it models as it stands in the library.  Coordinates are
rounded to 0.01 Å there, and pLDDT to whole numbers; here coordinates are written in steps of 0.05 Å, which makes the files a quarter
smaller and is far below what the models are good for.
"""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from biotite.sequence import ProteinSequence
from biotite.structure import AtomArray
from biotite.structure.io.pdbx import (
    BinaryCIFBlock,
    BinaryCIFCategory,
    BinaryCIFColumn,
    BinaryCIFData,
    BinaryCIFFile,
    ByteArrayEncoding,
    DeltaEncoding,
    FixedPointEncoding,
    IntegerPackingEncoding,
    compress,
    set_structure,
)

from allo_core.library.predicted import LICENCE, LICENCE_URL, identifier_of

__all__ = ["write_models"]

_CHAIN = "A"
_STEPS = 20  # of a coordinate in 1 Å


def write_models(table: Path, rows: list[dict], target: Path) -> int:
    """Write a file for each model of the table whose sequence is that of the receptor; returns how many.

    Parameters
    ----------
    table : Path
        The source table.
    rows : list of dict
        The receptors: entry, accession, name, sequence.
    target : Path
        The folder of the files.
    """
    target.mkdir(exist_ok=True)
    receptors = {row["entry"]: row for row in rows}
    count = 0
    for entry, version, atoms in _models(table, receptors):
        row = receptors[entry]
        (target / f"{identifier_of(row['accession'])}.bcif.gz").write_bytes(_file(row, version, atoms))
        count += 1
    return count


def _models(table: Path, receptors: dict[str, dict]) -> Iterator[tuple[str, str, AtomArray]]:
    """Entry name, the database's name of the model, and its atoms."""
    with np.load(table, allow_pickle=False) as file:
        source = {name: file[name] for name in file.files}
    atom_names = source["atom_names"][source["atom_name"]]
    for k, (entry, version) in enumerate(zip(source["receptor"].tolist(), source["id"].tolist(), strict=True)):
        first, last = source["atom_offset"][k : k + 2]
        plddt = source["plddt"][slice(*source["residue_offset"][k : k + 2])]
        sequence = receptors[entry]["sequence"]
        if len(plddt) != len(sequence):
            raise SystemExit(f"{entry}: the model has {len(plddt)} residues, the receptor {len(sequence)}")
        number = source["residue"][first:last].astype(int)
        atoms = AtomArray(last - first)
        atoms.coord = source["xyz_hundredths"][first:last].astype(np.float32) / 100
        atoms.chain_id[:] = _CHAIN
        atoms.res_id = number
        atoms.res_name = np.array([ProteinSequence.convert_letter_1to3(letter) for letter in sequence])[number - 1]
        atoms.atom_name = atom_names[first:last]
        atoms.element = np.array([name[0] for name in atoms.atom_name.tolist()])
        atoms.set_annotation("b_factor", plddt[number - 1].astype(np.float32))
        yield entry, version, atoms


def _file(row: dict, version: str, atoms: AtomArray) -> bytes:
    """The content of one file, the same bytes every time."""
    file = BinaryCIFFile()
    set_structure(file, atoms, data_block=identifier_of(row["accession"]))
    _describe(file.block, row, version)
    file = compress(file)
    for axis, values in zip("xyz", atoms.coord.T, strict=True):
        steps = [FixedPointEncoding(_STEPS), DeltaEncoding(), IntegerPackingEncoding(1), ByteArrayEncoding()]
        file.block["atom_site"][f"Cartn_{axis}"] = BinaryCIFColumn(BinaryCIFData(values.astype(np.float32), steps))
    buffer = io.BytesIO()
    file.write(buffer)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as out:
        out.write(buffer.getvalue())
    return packed.getvalue()


def _describe(block: BinaryCIFBlock, row: dict, version: str) -> None:
    """What the file is, whose it is, and what stands in the column of B factors."""
    database, accession = "AlphaFold Protein Structure Database", row["accession"]
    for category, items in {
        "entry": {"id": identifier_of(accession)},
        "struct": {"title": f"{row['name']} ({accession}), predicted: {version} of the {database}"},
        "pdbx_data_usage": {"id": "1", "type": "license", "details": LICENCE, "url": LICENCE_URL},
        "ma_qa_metric": {"id": "1", "mode": "local", "name": "pLDDT", "type": "pLDDT"},
    }.items():
        block[category] = BinaryCIFCategory({name: np.array([value]) for name, value in items.items()})
