"""A fold as a structure: a CA trace, as PDB or mmCIF text, or as the app opens it."""

from __future__ import annotations

import io
import textwrap

import numpy as np
from biotite.sequence import ProteinSequence
from biotite.structure import AtomArray
from biotite.structure.io.pdbx import CIFBlock, CIFCategory, CIFFile, set_structure

from allo_core.errors import FoldError
from allo_core.folding.calibration import expected
from allo_core.folding.fold import Fold
from allo_core.structure.pdbtext import NUMBERS
from allo_core.structure.read import Structure, read_structure

__all__ = ["fold_structure", "trace_cif", "trace_pdb"]

_CHAIN = "A"
_REMARK = 6  # the first of the free numbers of the PDB format, for what the authors say
_WIDTH = 69  # letters in a remark
_B_FACTORS = "The column of B factors holds 100/(1 + sd): sd in Angstrom, of distances within 15 Angstrom, {}."
_UNKNOWN = "UNK"


def fold_structure(fold: Fold) -> Structure:
    """The fold as the app opens it: its mmCIF text read again."""
    return read_structure(trace_cif(fold).encode(), f"{fold.protein.name}, {fold.name}")


def trace_cif(fold: Fold) -> str:
    """mmCIF text of the CA atoms, chain A, UniProt numbers; the method is the title, the confidence in percent the B factor.

    Parameters
    ----------
    fold : Fold
    """
    name = "fold"
    block = CIFBlock({"entry": CIFCategory({"id": name})})
    block["struct"] = CIFCategory({"entry_id": name, "title": _title(fold), "pdbx_model_details": " ".join(_remarks(fold))})
    if fold.attribution:
        block["pdbx_data_usage"] = CIFCategory({"id": "1", "type": "license", "details": fold.attribution})
    file = CIFFile()
    file[name] = block
    set_structure(file, _atoms(fold), data_block=name)
    text = io.StringIO()
    file.write(text)
    return text.getvalue()


def trace_pdb(fold: Fold) -> str:
    """PDB text of the same; the method stands in REMARK 6.

    Parameters
    ----------
    fold : Fold

    Raises
    ------
    FoldError
        Residue numbers that the format cannot hold.
    """
    numbers = [fold.protein.number(int(index)) for index in np.flatnonzero(fold.drawn)]
    if numbers[0] < NUMBERS.start or numbers[-1] >= NUMBERS.stop:
        raise FoldError(f"PDB files number residues from {NUMBERS.start} to {NUMBERS.stop - 1}; write mmCIF for residue {numbers[-1]}.")
    lines = [f"TITLE     {part:<70}" for part in _numbered_lines(_title(fold), 60, start=2)]
    lines.append("EXPDTA    THEORETICAL MODEL")
    for remark in _remarks(fold):
        lines.append(f"REMARK {_REMARK:3d}")
        lines += [f"REMARK {_REMARK:3d} {line}" for line in textwrap.wrap(remark, _WIDTH)]
    atoms = _atoms(fold)
    columns = zip(atoms.res_name.tolist(), atoms.res_id.tolist(), atoms.coord.tolist(), atoms.b_factor.tolist(), strict=True)
    for serial, (residue, number, (x, y, z), b_factor) in enumerate(columns, 1):
        lines.append(f"ATOM  {serial:5d}  CA  {residue} {_CHAIN}{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00{b_factor:6.2f}           C  ")
    lines.append(f"TER   {len(atoms) + 1:5d}      {atoms.res_name[-1]} {_CHAIN}{atoms.res_id[-1]:4d}")
    return "\n".join([*(line.ljust(80) for line in lines), "END".ljust(80), ""])


def _atoms(fold: Fold) -> AtomArray:
    drawn = np.flatnonzero(fold.drawn)
    atoms = AtomArray(len(drawn))
    atoms.coord = fold.xyz[drawn].astype(np.float32)
    atoms.chain_id[:] = _CHAIN
    atoms.res_id = np.array([fold.protein.number(int(index)) for index in drawn])
    atoms.res_name = np.array([_three_letters(fold.protein.sequence[index]) for index in drawn])
    atoms.atom_name[:] = "CA"
    atoms.element[:] = "C"
    atoms.set_annotation("b_factor", np.round(100 * fold.confidence[drawn], 2))
    return atoms


def _three_letters(letter: str) -> str:
    return _UNKNOWN if letter == "X" else ProteinSequence.convert_letter_1to3(letter)


def _title(fold: Fold) -> str:
    return _plain(f"{fold.protein.name}, {fold.name}; CA trace")


def _remarks(fold: Fold) -> list[str]:
    """What a person needs who finds the file alone."""
    said = [fold.method, expected(fold).sentence, _B_FACTORS.format(fold.sd_of), fold.attribution]
    return [_plain(text) for text in said if text]


def _plain(text: str) -> str:
    """One line of ASCII, as the PDB format wants."""
    return " ".join(text.replace("Å", "A").encode("ascii", "replace").decode().split())


def _numbered_lines(text: str, width: int, start: int) -> list[str]:
    """Lines of a PDB record that is continued: from the second one on they begin with their number."""
    first, *others = textwrap.wrap(text, width)
    return [first, *(f"{number} {line}" for number, line in enumerate(others, start))]
