"""Structures for the tests: the entries of the shared data, and small ones made up."""

import csv
import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from allo_core.protein.sequence import Protein
from allo_core.structure.mapping import map_structure
from allo_core.structure.read import read_structure

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
ENTRIES = {
    "3VG9": ("AA2AR", "3VG9.pdb.gz"),
    "5G53": ("AA2AR", "5G53.pdb.gz"),
    "8FYN": ("AA2AR", "8FYN.pdb.gz"),
    "4LDO": ("ADRB2", "4LDO.pdb.gz"),
    "3SN6": ("ADRB2", "3SN6.pdb.gz"),
    "1U19": ("OPSD", "1U19.cif.gz"),
}
LETTERS = dict(
    zip(
        [
            "ALA",
            "ARG",
            "ASN",
            "ASP",
            "CYS",
            "GLN",
            "GLU",
            "GLY",
            "HIS",
            "ILE",
            "LEU",
            "LYS",
            "MET",
            "PHE",
            "PRO",
            "SER",
            "THR",
            "TRP",
            "TYR",
            "VAL",
        ],
        ["A", "R", "N", "D", "C", "Q", "E", "G", "H", "I", "L", "K", "M", "F", "P", "S", "T", "W", "Y", "V"],
        strict=True,
    )
)
NAMES = {letter: name for name, letter in LETTERS.items()}


def path_of(entry):
    path = SHARED / "data" / "structures" / ENTRIES[entry][1]
    if not path.is_file():
        pytest.skip("the structures of the shared data are not at hand")
    return path


def text_of(entry):
    return gzip.decompress(path_of(entry).read_bytes()).decode()


@cache
def _sequences():
    with (SHARED / "data" / "gpcr_receptors.csv").open() as file:
        return {row["receptor"]: row["sequence"] for row in csv.DictReader(file)}


@cache
def _segments():
    segments = {}
    with gzip.open(SHARED / "data" / "gpcr_residue_numbers.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            segments.setdefault(row["receptor"], []).append((int(row["position"]), row["segment"]))
    return {receptor: [segment for _, segment in sorted(rows)] for receptor, rows in segments.items()}


@cache
def _read(entry):
    return read_structure(path_of(entry))


@cache
def _mapped(entry):
    return map_structure(_read(entry), protein_of(entry))


def structure_of(entry):
    path_of(entry)
    return _read(entry)


def protein_of(entry):
    path_of(entry)
    return Protein(ENTRIES[entry][0], _sequences()[ENTRIES[entry][0]])


def map_of(entry):
    path_of(entry)
    return _mapped(entry)


def segments_of(entry):
    path_of(entry)
    return _segments()[ENTRIES[entry][0]]


def pdb_line(name, residue, chain, number, xyz, *, code="", element="C", record="ATOM", altloc="", occupancy="1.00"):
    x, y, z = xyz
    atom = f" {name:<3s}" if len(name) < 4 else name
    place = f"{altloc:1s}{residue:>3s} {chain:1s}{number:4d}{code:1s}   "
    return f"{record:<6s}    1 {atom}{place}{x:8.3f}{y:8.3f}{z:8.3f}{occupancy:>6s}  0.00          {element:>2s}  "


def chain_lines(residues, chain="A", y=0.0, only_ca=False):
    """PDB lines of a straight chain.

    residues: (letter or residue name, number, insertion code, gap before it) each; peptide bonds have 1.3 Å, a gap puts 10 Å between.
    """
    lines, x = [], 0.0
    for letter, number, code, gap in residues:
        x += 13.8 if gap else 3.8
        name = NAMES.get(letter, letter)
        record = "ATOM" if name in LETTERS else "HETATM"
        atoms = {"N": (x, y, 0), "CA": (x + 1.46, y, 0), "C": (x + 2.5, y, 0), "O": (x + 2.5, y + 1.2, 0)}
        for atom, xyz in atoms.items():
            if atom == "CA" or not only_ca:
                lines.append(pdb_line(atom, name, chain, number, xyz, code=code, element=atom[0], record=record))
    return lines


def pdb_of(*chains):
    return ("\n".join(line for chain in chains for line in [*chain, "TER"]) + "\nEND\n").encode()


def plain_residues(sequence, first=1, missing=()):
    """Residues of a sequence numbered along it; ``missing``: 0-based indices that the model lacks."""
    shown = [index for index in range(len(sequence)) if index not in set(missing)]
    before = [shown[0] - 1, *shown[:-1]]
    return [(sequence[index], index + first, "", index - last > 1) for index, last in zip(shown, before, strict=True)]


def random_sequence(length, seed):
    return "".join(np.random.default_rng(seed).choice(list(NAMES), length))
