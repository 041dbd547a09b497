"""Which residues of a structure are the receptor, its ligands and ions, and the proteins that touch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from biotite.structure import AtomArray
from scipy.spatial import cKDTree

from allo_core.protein.contacts import TOUCHES_RECEPTOR
from allo_core.structure.mapping import StructureMap, receptor_index
from allo_core.structure.polymer import ResidueTable, is_heavy, residue_table
from allo_core.structure.read import Structure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Integer

__all__ = ["Parts", "scene_parts"]


@dataclass(frozen=True)
class Parts:
    """What the R residues of a structure are to a scene.

    Parameters
    ----------
    table : ResidueTable
    index : ndarray, dtype=int, shape=(R,)
        0-based index in the sequence of each mapped residue, -1 elsewhere.
    ligand, ion, partner : ndarray, dtype=bool, shape=(R,)
        Ligands that touch the receptor (ions included), those of them that are one atom, and the chains that touch it.
    """

    table: ResidueTable
    index: Integer[np.ndarray, " R"]
    ligand: Bool[np.ndarray, " R"]
    ion: Bool[np.ndarray, " R"]
    partner: Bool[np.ndarray, " R"]

    @property
    def receptor(self) -> np.ndarray:
        return self.index >= 0


def scene_parts(structure: Structure, mapping: StructureMap) -> Parts:
    """Which residues of a structure are the receptor, ligands that touch it, and partners; StructureError as in `receptor_index`."""
    table = residue_table(structure.atoms)
    index = receptor_index(structure, mapping, table)
    touches = _touches(structure.atoms, table, index >= 0)
    others = np.unique(table.chain[touches & table.partner_like & (table.chain != mapping.chain)])
    ligand = touches & ~table.partner_like & ~table.water
    return Parts(table, index, ligand, ligand & _is_ion(structure.atoms, table), np.isin(table.chain, others) & table.partner_like)


def _is_ion(atoms: AtomArray, table: ResidueTable) -> np.ndarray:
    """Mask [R] of the residues with one heavy atom; a lipid of which one carbon was modelled is no ion."""
    heavy = is_heavy(atoms)
    return (np.add.reduceat(heavy, table.starts[:-1], dtype=int) == 1) & ~np.logical_or.reduceat(
        heavy & (atoms.element == "C"), table.starts[:-1]
    )


def _touches(atoms: AtomArray, table: ResidueTable, receptor: np.ndarray) -> np.ndarray:
    """Mask [R] of the residues outside the receptor with a heavy atom within `TOUCHES_RECEPTOR` Å of one of its heavy atoms."""
    heavy, own = is_heavy(atoms), table.atoms_of(receptor)
    others = np.flatnonzero(heavy & ~own)
    distance, _ = cKDTree(atoms.coord[heavy & own]).query(atoms.coord[others], distance_upper_bound=np.nextafter(TOUCHES_RECEPTOR, np.inf))
    rows = np.searchsorted(table.starts, others[np.isfinite(distance)], side="right") - 1
    touches = np.zeros(len(table), dtype=bool)
    touches[rows] = True
    return touches
