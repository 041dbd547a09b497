"""The atoms between which contacts are counted: all heavy atoms, CA or CB, of the resolved residues of the receptor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.errors import NetworkError
from allo_core.structure.geometry import ca_positions, cb_positions
from allo_core.structure.mapping import StructureMap, receptor_index
from allo_core.structure.polymer import is_heavy, residue_table
from allo_core.structure.read import Structure

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = ["RULES", "ContactRule", "Points", "Rule", "points_of"]

Rule = Literal["heavy", "ca", "cb"]

_FEWEST_SIDE_CHAINS = 0.5  # share of the residues other than glycine with an atom beyond the backbone
_BACKBONE = ("N", "CA", "C", "O", "OXT")


class ContactRule(NamedTuple):
    """When two residues touch.

    Parameters
    ----------
    label : str
        In words.
    nearest, farthest : float
        Å between two of the atoms that count.
    apart : int
        Residues along the chain from which on a contact counts.
    bonds : bool
        Whether chain bonds are edges, too, so that loops connect.
    """

    label: str
    nearest: float
    farthest: float
    apart: int
    bonds: bool


# heavy: Sethi et al., PNAS 106, 6620 (2009), of one structure instead of a trajectory.  ca: the notebook contact_graphs of
# jdlg-42/GPCRAllostericAnalysis, whose lower end drops the chain neighbours (3.8 Å).  cb: as contact maps are judged.
RULES: dict[Rule, ContactRule] = {
    "heavy": ContactRule("heavy atoms within 4.5 Å", 0.0, 4.5, 2, True),
    "ca": ContactRule("CA 4 to 8 Å apart", 4.0, 8.0, 1, False),
    "cb": ContactRule("CB within 8 Å", 0.0, 8.0, 2, True),
}


@dataclass(frozen=True, eq=False)
class Points:
    """What contacts of one structure are counted from; residues are 0-based places in a sequence of length L.

    Parameters
    ----------
    rule : {"heavy", "ca", "cb"}
    positions : ndarray, dtype=float64, shape=(A, 3)
        Of the atoms that count, in Å.
    residue : ndarray, dtype=int, shape=(A,)
        Of each of these atoms.
    nodes : ndarray, dtype=int, shape=(n,)
        Resolved residues, ascending.
    bonds : ndarray, dtype=int, shape=(k, 2)
        Chain neighbours without a break between them.
    places : ndarray, dtype=float64, shape=(L, 3)
        CB (CA where there is none) in Å; NaN where a residue is not resolved.
    """

    rule: Rule
    positions: Float64[np.ndarray, "A 3"] = field(repr=False)
    residue: Integer[np.ndarray, " A"] = field(repr=False)
    nodes: Integer[np.ndarray, " n"] = field(repr=False)
    bonds: Integer[np.ndarray, "k 2"] = field(repr=False)
    places: Float64[np.ndarray, "L 3"] = field(repr=False)

    def __len__(self) -> int:
        return len(self.places)


def points_of(structure: Structure, mapping: StructureMap, length: int, rule: Rule) -> Points:
    """The atoms that count by a rule.

    Parameters
    ----------
    length : int
        L, the length of the protein.

    Raises
    ------
    NetworkError
        A rule that needs side chains, and a structure without them (a CA trace, a backbone).
    StructureError
        The map is that of another structure.
    """
    atoms, table = structure.atoms, residue_table(structure.atoms)
    index = receptor_index(structure, mapping, table)
    ca = ca_positions(structure, mapping, length)
    cb = cb_positions(structure, mapping, length)
    row = np.searchsorted(table.starts, np.arange(len(atoms)), side="right") - 1
    own = is_heavy(atoms) & (index[row] >= 0)
    if rule != "ca":
        _check_side_chains(structure, atoms.atom_name, own, row, table.letter, index >= 0, RULES[rule].label)
    if rule == "heavy":
        residue, positions = index[row[own]], atoms.coord[own].astype(np.float64)
    else:
        chosen = ca if rule == "ca" else cb
        residue = np.flatnonzero(np.isfinite(chosen).all(axis=1))
        positions = chosen[residue]
    joined = np.flatnonzero(table.bonded[1:] & (index[1:] >= 0) & (index[:-1] >= 0) & (index[1:] == index[:-1] + 1)) + 1
    bonds = np.column_stack([index[joined - 1], index[joined]])
    return Points(rule, positions, residue, np.sort(index[index >= 0]), bonds, np.where(np.isfinite(cb), cb, ca))


def _check_side_chains(
    structure: Structure, names: np.ndarray, own: np.ndarray, row: np.ndarray, letters: np.ndarray, mapped: np.ndarray, rule: str
) -> None:
    wanted = mapped & (letters != "G")
    with_side_chain = np.zeros(len(letters), dtype=bool)
    with_side_chain[row[own & ~np.isin(names, _BACKBONE)]] = True
    found = int((with_side_chain & wanted).sum())
    if found < _FEWEST_SIDE_CHAINS * wanted.sum():
        raise NetworkError(
            f"{structure.name} shows a side chain at {found} of {int(wanted.sum())} residues, and the rule '{rule}' needs them; choose "
            f"the rule '{RULES['ca'].label}', or a structure with all atoms."
        )
