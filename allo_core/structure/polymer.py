"""Which residues of a structure form protein chains, and where those chains are interrupted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from biotite.structure import AtomArray, get_residue_starts
from biotite.structure.info import amino_acid_names, nucleotide_names, one_letter_code

from allo_core.structure.components import CAPS, FORCE_FIELD_NAMES, WATERS

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Shaped

__all__ = ["ResidueTable", "is_heavy", "residue_table"]

# A C-N peptide bond has 1.33 Å and CA to CA 3.8 Å (2.9 for cis).  Badly restrained junctions are longer, but where CA atoms are closer
# than 4.7 Å no residue fits between them: the CA of a residue and of the next but one are 5.0 Å apart or more.
_LONGEST_PEPTIDE_BOND = 2.0
_LONGEST_CA_STEP = 4.7


@dataclass(frozen=True)
class ResidueTable:
    """The R residues of an atom array, in file order.

    Parameters
    ----------
    starts : ndarray, dtype=int, shape=(R + 1,)
        Index of the first atom of each residue, and the number of atoms at the end.
    chain, number, insertion, name : ndarray, shape=(R,)
        As the authors give them.
    letter : ndarray, dtype=str, shape=(R,)
        One letter of the (parent) amino acid, "X" where it is unknown, "" where the residue is no amino acid of a chain.
    polymer : ndarray, dtype=bool, shape=(R,)
        Amino acids of a protein chain; a free amino acid as ligand is not one.
    partner_like : ndarray, dtype=bool, shape=(R,)
        What a chain may consist of: amino acids, nucleotides, and the caps at its ends.
    cap, water : ndarray, dtype=bool, shape=(R,)
    bonded : ndarray, dtype=bool, shape=(R,)
        Follows the residue before it directly, with nothing missing between.
    ca : ndarray, dtype=float, shape=(R, 3)
        CA positions in Å, NaN where there is none.
    """

    starts: np.ndarray
    chain: Shaped[np.ndarray, " R"]
    number: Shaped[np.ndarray, " R"]
    insertion: Shaped[np.ndarray, " R"]
    name: Shaped[np.ndarray, " R"]
    letter: Shaped[np.ndarray, " R"]
    polymer: Bool[np.ndarray, " R"]
    partner_like: Bool[np.ndarray, " R"]
    cap: Bool[np.ndarray, " R"]
    water: Bool[np.ndarray, " R"]
    bonded: Bool[np.ndarray, " R"]
    ca: Float[np.ndarray, "R 3"]

    def __len__(self) -> int:
        return len(self.chain)

    def atoms_of(self, rows: np.ndarray) -> np.ndarray:
        """Mask [atoms] of the atoms in the residues that the mask ``rows`` [R] selects."""
        return np.repeat(rows, np.diff(self.starts))


def is_heavy(atoms: AtomArray) -> np.ndarray:
    """Mask of the atoms that are not hydrogen or deuterium."""
    return ~np.isin(atoms.element, ("H", "D"))


def residue_table(atoms: AtomArray) -> ResidueTable:
    """Describe the residues of ``atoms``; see `ResidueTable`."""
    starts = get_residue_starts(atoms, add_exclusive_stop=True)
    first = starts[:-1]
    chain, name, hetero = atoms.chain_id[first], atoms.res_name[first], atoms.hetero[first]
    n, ca, c = (_positions(atoms, starts, atom) for atom in ("N", "CA", "C"))
    same_chain = np.append(False, chain[1:] == chain[:-1])
    peptide = same_chain & _closer(c, n, _LONGEST_PEPTIDE_BOND)
    letter = _letters(name)
    has_ca, complete = np.isfinite(ca[:, 0]), np.isfinite(n[:, 0] + ca[:, 0] + c[:, 0])
    linked = peptide | np.append(peptide[1:], False)
    # Names that no dictionary has are amino acids if they stand in a chain; a HETATM amino acid outside a chain is a ligand.
    polymer = has_ca & (((letter != "") & ~hetero) | (complete & linked))
    cap = np.isin(name, CAPS)
    return ResidueTable(
        starts=starts,
        chain=chain,
        number=atoms.res_id[first],
        insertion=np.char.strip(atoms.ins_code[first]),
        name=name,
        letter=np.where(polymer, np.where(letter == "", "X", letter), ""),
        polymer=polymer,
        partner_like=polymer | cap | (np.isin(name, _nucleotides()) & ~hetero),
        cap=cap,
        water=np.isin(name, WATERS),
        bonded=peptide | (same_chain & _closer(ca, ca, _LONGEST_CA_STEP)),
        ca=ca,
    )


def _positions(atoms: AtomArray, starts: np.ndarray, atom_name: str) -> np.ndarray:
    """Position [R, 3] of the first atom with that name in each residue."""
    found = np.flatnonzero(atoms.atom_name == atom_name)
    row = np.searchsorted(starts, found, side="right") - 1
    positions = np.full((len(starts) - 1, 3), np.nan)
    positions[row[::-1]] = atoms.coord[found[::-1]]
    return positions


def _closer(before: np.ndarray, after: np.ndarray, limit: float) -> np.ndarray:
    """Mask [R]: ``after`` of a residue lies within ``limit`` of ``before`` of the residue before it; False where either is missing."""
    return np.append(False, np.linalg.norm(after[1:] - before[:-1], axis=1) < limit)


def _letters(names: np.ndarray) -> np.ndarray:
    unique, inverse = np.unique(names, return_inverse=True)
    return np.array([_letter(str(name)) for name in unique], dtype="U1")[inverse]


@cache
def _letter(name: str) -> str:
    if name in FORCE_FIELD_NAMES:
        return FORCE_FIELD_NAMES[name]
    if name not in _amino_acids():
        return ""
    letter = one_letter_code(name)
    # Chromophores made of three residues have three letters.
    return letter if letter is not None and len(letter) == 1 else "X"


@cache
def _amino_acids() -> frozenset:
    return frozenset(amino_acid_names())


@cache
def _nucleotides() -> tuple:
    return tuple(nucleotide_names())
