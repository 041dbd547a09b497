"""CA traces of one protein as a scene: one that is coloured, and one beside it that it is laid on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from allo_core.protein.sequence import Protein
from allo_core.structure.orient import Placement, helix_ends
from allo_core.structure.pdbtext import AtomRows, pdb_text
from allo_core.structure.residue_names import three_letters
from allo_core.structure.scene import RECEPTOR_CHAIN, Partner, Scene

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["trace_scene"]

_BESIDE = "B"  # chain of the trace that the other is laid on


def trace_scene(
    protein: Protein,
    xyz: Float[np.ndarray, "L 3"],
    beside: Float[np.ndarray, "L 3"] | None = None,
    segments: Sequence[str] | None = None,
) -> Scene:
    """A scene of one trace, and of another one of the same protein as a chain beside it.

    Parameters
    ----------
    protein : Protein
        Of L residues.
    xyz : ndarray, dtype=float, shape=(L, 3)
        CA in Å as they stand in the scene; NaN where a residue has no place.
    beside : ndarray, dtype=float, shape=(L, 3), optional
        The same of the trace beside it.
    segments : sequence of str, length L, optional
        Segment of each residue ("TM1", ...).

    Raises
    ------
    ValueError
        A number or coordinate that the PDB format cannot hold.
    """
    chains = [_rows(protein, xyz, RECEPTOR_CHAIN)]
    partners: tuple[Partner, ...] = ()
    if beside is not None:
        chains.append(_rows(protein, beside, _BESIDE))
        partners = (Partner(_BESIDE, _BESIDE, len(chains[1])),)
    text = pdb_text(chains)
    return Scene(
        pdb=text,
        id=hashlib.sha256(text.encode()).hexdigest(),
        ligands=(),
        partners=partners,
        shown=tuple(chains[0].number.tolist()),
        fusion_residues=0,
        placement=Placement(np.eye(3), np.zeros(3)),
        helices=() if segments is None else tuple(helix_ends(xyz, segments)),
        trace=True,
    )


def _rows(protein: Protein, xyz: np.ndarray, chain: str) -> AtomRows:
    shown = np.flatnonzero(np.isfinite(xyz).all(axis=1))
    every = len(shown)
    names = [three_letters(protein.sequence[index]) for index in shown]
    blank, atom, element = np.full(every, ""), np.full(every, "CA"), np.full(every, "C")
    return AtomRows(chain, False, shown + protein.first, blank, np.array(names), atom, element, xyz[shown])
