"""Atoms of a fold as PDB or mmCIF text whose header says how they were made."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

from biotite.structure import AtomArray
from biotite.structure.io.pdbx import CIFBlock, CIFCategory, CIFFile, set_structure

from allo_core.errors import FoldError
from allo_core.structure.pdbtext import NUMBERS

__all__ = ["CHAIN", "atom_lines", "atoms_cif", "atoms_pdb", "pdb_file", "plain_line", "remark_lines"]

CHAIN = "A"
_REMARK = 6  # the first of the free numbers of the PDB format, for what the authors say
_WIDTH = 69  # letters in a remark


def atoms_cif(atoms: AtomArray, title: str, remarks: Sequence[str], attribution: str, plddt: bool = False) -> str:
    """mmCIF text; the title says what it is, the details of the model how it was made.

    Parameters
    ----------
    atoms : AtomArray
        Å, with ``b_factor``.
    title : str
    remarks : sequence of str
        What a person needs who finds the file alone.
    attribution : str
        Whom a licence asks to name; "" where nobody.
    plddt : bool
        Whether the B factors are pLDDT, as ModelCIF says it.
    """
    name = "fold"
    block = CIFBlock({"entry": CIFCategory({"id": name})})
    details = " ".join(map(plain_line, remarks))
    block["struct"] = CIFCategory({"entry_id": name, "title": plain_line(title), "pdbx_model_details": details})
    if attribution:
        block["pdbx_data_usage"] = CIFCategory({"id": "1", "type": "license", "details": plain_line(attribution)})
    if plddt:
        block["ma_qa_metric"] = CIFCategory({"id": "1", "mode": "local", "name": "pLDDT", "type": "pLDDT"})
    file = CIFFile()
    file[name] = block
    set_structure(file, atoms, data_block=name)
    text = io.StringIO()
    file.write(text)
    return text.getvalue()


def atoms_pdb(atoms: AtomArray, title: str, remarks: Sequence[str]) -> str:
    """PDB text of one chain; how it was made stands in REMARK 6.

    Parameters
    ----------
    atoms : AtomArray
        Å, with ``b_factor``.
    title : str
    remarks : sequence of str

    Raises
    ------
    FoldError
        Residue numbers that the format cannot hold.
    """
    lines = [f"TITLE     {part:<70}" for part in _numbered_lines(plain_line(title), 60, start=2)]
    lines.append("EXPDTA    THEORETICAL MODEL")
    lines += [line for remark in remarks for line in remark_lines(remark)]
    return pdb_file([*lines, *atom_lines(atoms)])


def remark_lines(remark: str) -> list[str]:
    """A sentence as lines of REMARK 6.

    Parameters
    ----------
    remark : str
    """
    return [f"REMARK {_REMARK:3d}", *(f"REMARK {_REMARK:3d} {line}" for line in textwrap.wrap(plain_line(remark), _WIDTH))]


def atom_lines(atoms: AtomArray) -> list[str]:
    """The ATOM records of one chain, and its TER.

    Parameters
    ----------
    atoms : AtomArray
        Å, with ``b_factor``.

    Raises
    ------
    FoldError
        Residue numbers that the format cannot hold.
    """
    first, last = int(atoms.res_id[0]), int(atoms.res_id[-1])
    if first < NUMBERS.start or last >= NUMBERS.stop:
        raise FoldError(f"PDB files number residues from {NUMBERS.start} to {NUMBERS.stop - 1}; write mmCIF for residue {last}.")
    columns = (atoms.atom_name, atoms.element, atoms.res_name, atoms.res_id, atoms.coord, atoms.b_factor)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    lines = []
    for serial, (atom, element, residue, number, (x, y, z), b_factor) in enumerate(rows, 1):
        name = atom if len(atom) == 4 else f" {atom:<3}"
        place = f"{residue} {CHAIN}{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00{b_factor:6.2f}"
        lines.append(f"ATOM  {serial:5d} {name} {place}          {element:>2}  ")
    return [*lines, f"TER   {len(atoms) + 1:5d}      {atoms.res_name[-1]} {CHAIN}{last:4d}"]


def pdb_file(lines: Sequence[str]) -> str:
    """A PDB file of these records, 80 letters each.

    Parameters
    ----------
    lines : sequence of str
    """
    return "\n".join([*(line.ljust(80) for line in lines), "END".ljust(80), ""])


def plain_line(text: str) -> str:
    """One line of ASCII, as the PDB format wants.

    Parameters
    ----------
    text : str
        May hold anything.
    """
    return " ".join(text.replace("Å", "A").encode("ascii", "replace").decode().split())


def _numbered_lines(text: str, width: int, start: int) -> list[str]:
    """Lines of a PDB record that is continued: from the second one on they begin with their number."""
    first, *others = textwrap.wrap(text, width)
    return [first, *(f"{number} {line}" for number, line in enumerate(others, start))]
