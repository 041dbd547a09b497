"""A structure file that carries one value for each residue, where programs expect the B-factor."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Shaped

    from allo_core.structure.mapping import StructureMap
    from allo_core.structure.read import Structure

__all__ = ["COLOURED_FILE", "coloured_structure"]

COLOURED_FILE = "structure_coloured.cif"  # the scripts for other viewers load it by this name
_NO_VALUE = "-1.00"  # attention is never negative


def coloured_structure(structure: Structure, mapping: StructureMap, values: Shaped[np.ndarray, " L"]) -> str:
    """mmCIF text of a whole structure with a value for each mapped residue as B-factor.

    Chains, residue numbers and insertion codes are the authors'.  It holds what was read: the first model, one conformer a residue.

    Parameters
    ----------
    structure : Structure
    mapping : StructureMap
        That of ``structure`` on the sequence of length L.
    values : ndarray, shape=(L,)
        Written with six decimals to every atom of the residue; atoms of other residues, and those whose value is not finite, get -1.00.

    Raises
    ------
    StructureError
        The map is that of another structure.
    ValueError
        If the number of values is not L.
    """
    # Only here, so that the terminal need not wait for biotite.
    from biotite.structure.io.pdbx import CIFBlock, CIFCategory, CIFColumn, CIFFile, set_structure

    file = CIFFile()
    name = structure.entry or "alloscope"
    block = CIFBlock({"entry": CIFCategory({"id": name})})
    if structure.title:
        block["struct"] = CIFCategory({"entry_id": name, "title": structure.title})
    file[name] = block
    atoms = structure.atoms.copy()
    atoms.del_annotation("b_factor")  # the values take its place
    set_structure(file, atoms, data_block=name)
    block["atom_site"]["B_iso_or_equiv"] = CIFColumn(_b_factors(structure, mapping, values))
    text = io.StringIO()
    file.write(text)
    # biotite does not quote a name that begins like a comment.
    return re.sub(r"(?m)^(?:ATOM|HETATM) .*", lambda row: re.sub(r"(?<=\s)#\S*", r"'\g<0>'", row[0]), text.getvalue())


def _b_factors(structure: Structure, mapping: StructureMap, values: np.ndarray) -> np.ndarray:
    """Text [atoms]."""
    from allo_core.structure.mapping import receptor_index
    from allo_core.structure.polymer import residue_table

    if np.shape(values) != (len(mapping.residues),):
        raise ValueError(f"{np.shape(values)} values for {len(mapping.residues)} residues")
    table = residue_table(structure.atoms)
    texts = np.full(len(table), _NO_VALUE, dtype="U32")
    for row, index in enumerate(receptor_index(structure, mapping, table)):
        if index >= 0 and np.isfinite(values[index]):
            texts[row] = f"{values[index]:.6f}"
    return np.repeat(texts, np.diff(table.starts))
