"""A whole structure that a model folded from a sequence: all heavy atoms, how sure the model is of them, and what made them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from biotite.structure import AtomArray

from allo_core.folding.fold import Fold, numbers_if_any
from allo_core.folding.fold_files import CHAIN, atoms_cif, atoms_pdb
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.structure.read import Structure, read_structure
from allo_core.structure.residue_names import three_letters

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float32, Float64

__all__ = ["ATOMS", "FoldedStructure"]

# In AlphaFold's order (Jumper et al. 2021, residue_constants.atom_types).
ATOMS = (
    "N CA C CB O CG CG1 CG2 OG OG1 SG CD CD1 CD2 ND1 ND2 OD1 OD2 SD CE CE1 CE2 CE3 NE NE1 NE2 OE1 OE2 CH2 NH1 NH2 OH CZ CZ2 CZ3 NZ OXT"
).split()
_CA = 1
_NAME = "ESMFold"
_B_FACTORS = "The column of B factors holds pLDDT from 0 to 100, that of the CA for all atoms of a residue, as AlphaFold's files do."
_SD_OF = "which is not taken here: the confidence is pLDDT/100"
_ATTRIBUTION = "ESMFold: Lin et al. 2023, doi:10.1126/science.ade2574; weights facebook/esmfold_v1 of Meta Platforms, MIT"


@dataclass(frozen=True, eq=False)
class FoldedStructure:
    """What ESMFold makes of a protein of L residues.

    Parameters
    ----------
    protein : Protein
    positions : ndarray, dtype=float32, shape=(L, 37, 3)
        Of the atoms `ATOMS`, in Å; NaN where a residue has no such atom.  Residues that are none of the twenty have a CA alone.
    plddt : ndarray, dtype=float32, shape=(L,)
        From 0 to 100: what the model expects of the lDDT of each CA.
    ptm : float
        What it expects of the TM-score.
    passes : int
        Times that the trunk was run.
    half : bool
        Whether the language model was in half precision.
    weights : str
        sha256 of the weights, in hex.
    seconds : float
        That folding took.
    """

    protein: Protein
    positions: Float32[np.ndarray, "L atoms 3"] = field(repr=False)
    plddt: Float32[np.ndarray, " L"] = field(repr=False)
    ptm: float
    passes: int
    half: bool
    weights: str
    seconds: float

    name = _NAME
    attribution = _ATTRIBUTION

    @property
    def xyz(self) -> Float64[np.ndarray, "L 3"]:
        """CA in Å, [L, 3]; every residue has one."""
        return self.positions[:, _CA].astype(np.float64)

    @property
    def method(self) -> str:
        """How it was made, how sure the model is, and what it cannot show, in one sentence."""
        unknown = sum(letter not in AMINO_ACIDS for letter in self.protein.sequence)
        left_out = f", {unknown} residues that are none of the twenty amino acids with their CA alone" if unknown else ""
        return (
            f"{self.protein.name} folded by ESMFold from its sequence alone, without alignment or template (weights {self.weights[:12]}, "
            f"language model in {'half' if self.half else 'single'} precision, {self.passes} passes of the trunk){left_out}: a prediction "
            f"without a state, mean pLDDT {self.plddt.mean():.1f} of 100, pTM {self.ptm:.2f} by its own judgement."
        )

    @cached_property
    def atoms(self) -> AtomArray:
        """Chain A with UniProt numbers and pLDDT as ``b_factor``."""
        residue, atom = np.nonzero(np.isfinite(self.positions[..., 0]))
        atoms = AtomArray(len(residue))
        atoms.coord = self.positions[residue, atom]
        atoms.chain_id[:] = CHAIN
        atoms.res_id = residue + self.protein.first
        atoms.res_name = np.array([three_letters(letter) for letter in self.protein.sequence])[residue]
        atoms.atom_name = np.array(ATOMS)[atom]
        atoms.element = np.array([name[0] for name in ATOMS])[atom]
        atoms.set_annotation("b_factor", np.round(self.plddt.astype(np.float64), 2)[residue])
        return atoms

    @property
    def cif_text(self) -> str:
        """The file as mmCIF; the method is in its header, and pLDDT said to be in the column of B factors."""
        return atoms_cif(self.atoms, self._title, self._remarks, self.attribution, plddt=True)

    @property
    def pdb_text(self) -> str:
        """The file as PDB; the method stands in REMARK 6.  FoldError for residue numbers that the format cannot hold."""
        return atoms_pdb(self.atoms, self._title, self._remarks)

    @property
    def structure(self) -> Structure:
        """As the app opens it: its mmCIF text read again."""
        return read_structure(self.cif_text.encode(), self._title)

    def as_fold(self) -> Fold:
        """Its CA as a `Fold`, to be judged beside others; the confidence is pLDDT/100."""
        numbers = numbers_if_any(self.protein)
        of_class, receptor = ("", "") if numbers is None else (numbers.receptor_class, numbers.receptor)
        confidence = self.plddt.astype(np.float64) / 100
        told = (self.name, self.method, self.xyz, confidence, self.attribution)
        return Fold(self.protein, "esmfold", of_class, None, *told, receptor, (), sd_of=_SD_OF)

    @property
    def _title(self) -> str:
        return f"{self.protein.name}, {self.name}"

    @property
    def _remarks(self) -> list[str]:
        return [self.method, _B_FACTORS, self.attribution]
