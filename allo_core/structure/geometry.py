"""Where the residues of the sequence lie in a structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allo_core.structure.mapping import StructureMap, receptor_index
from allo_core.structure.polymer import residue_table
from allo_core.structure.read import Structure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["ca_positions", "cb_positions", "neighbour_counts"]


def cb_positions(structure: Structure, mapping: StructureMap, length: int) -> Float64[np.ndarray, "L 3"]:
    """CB positions, CA for glycine: the points between which contacts are counted.

    What the structure shows decides: where it has a glycine instead of another residue (a mutant) the CA is taken, and a residue whose CB
    was not modelled has no position, since its CA would make it look farther away.  A CA trace has none at all, not even of its glycines.

    Parameters
    ----------
    mapping : StructureMap
        ``map_structure(structure, protein)``.
    length : int
        L, the length of the protein.

    Returns
    -------
    ndarray, dtype=float64, shape=(L, 3)
        In Å; NaN where there is none.

    Raises
    ------
    StructureError
        The map is that of another structure.
    """
    atoms, table = structure.atoms, residue_table(structure.atoms)
    index = receptor_index(structure, mapping, table)
    cb = np.full((len(table), 3), np.nan)
    found = np.flatnonzero(atoms.atom_name == "CB")[::-1]  # of repeated atoms the first one
    cb[np.searchsorted(table.starts, found, side="right") - 1] = atoms.coord[found]
    glycine = (table.letter == "G") & (not structure.trace)
    return _along(np.where(glycine[:, None], table.ca, cb), index, length)


def ca_positions(structure: Structure, mapping: StructureMap, length: int) -> np.ndarray:
    """CA positions; parameters, result and errors as for `cb_positions`."""
    table = residue_table(structure.atoms)
    return _along(table.ca, receptor_index(structure, mapping, table), length)


def neighbour_counts(positions: Float[np.ndarray, "L 3"], radius: float) -> Float64[np.ndarray, " L"]:
    """Other residues whose position lies within a radius in Å, ndarray, dtype=float64, shape=(L,); NaN where there is no position."""
    from scipy.spatial import cKDTree  # the terminal's errors need not wait for it

    known = np.isfinite(positions).all(axis=1)
    counts = np.full(len(positions), np.nan)
    if known.any():
        counts[known] = cKDTree(positions[known]).query_ball_point(positions[known], radius, return_length=True) - 1
    return counts


def _along(points: np.ndarray, index: np.ndarray, length: int) -> np.ndarray:
    """Points of the table's residues in the order of the sequence, NaN where there is none; `index` is -1 where a residue is not in it."""
    positions = np.full((length, 3), np.nan)
    positions[index[index >= 0]] = points[index >= 0]
    return positions
