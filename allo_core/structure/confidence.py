"""How sure a predicted structure is of itself: pLDDT, the expected local distance difference test of each residue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allo_core.structure.mapping import StructureMap, receptor_index
from allo_core.structure.polymer import residue_table
from allo_core.structure.read import Structure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["LOW_CONFIDENCE", "plddt"]

# Below it AlphaFold's prediction should not be interpreted as a structure (Tunyasuvunakool et al. 2021, Nature 596, 590).
LOW_CONFIDENCE = 50.0


def plddt(structure: Structure, mapping: StructureMap, length: int) -> Float64[np.ndarray, " L"] | None:
    """pLDDT of each residue of the sequence, as the file's column of B factors holds it.

    Parameters
    ----------
    mapping : StructureMap
        ``map_structure(structure, protein)``.
    length : int
        L, the length of the protein.

    Returns
    -------
    ndarray, dtype=float64, shape=(L,), or None
        From 0 to 100, NaN where the structure shows no residue; None where the file does not say that it is a prediction, or holds no
        such values.  Files that count from 0 to 1, as ESMFold writes them, are taken times 100.

    Raises
    ------
    StructureError
        The map is that of another structure.
    """
    if not structure.predicted:
        return None
    table = residue_table(structure.atoms)
    index = receptor_index(structure, mapping, table)
    of_residue = np.maximum.reduceat(structure.atoms.b_factor.astype(float), table.starts[:-1])
    values = np.full(length, np.nan)
    values[index[index >= 0]] = of_residue[index >= 0]
    highest = np.nanmax(values, initial=0.0)
    if not 0 < highest <= 100:
        return None
    return values * 100 if highest <= 1 else values
