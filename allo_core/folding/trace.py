"""A fold as a structure: a CA trace, as PDB or mmCIF text, or as the app opens it."""

from __future__ import annotations

import numpy as np
from biotite.structure import AtomArray

from allo_core.folding.calibration import expected
from allo_core.folding.fold import Fold
from allo_core.folding.fold_files import CHAIN, atoms_cif, atoms_pdb
from allo_core.structure.read import Structure, read_structure
from allo_core.structure.residue_names import three_letters

__all__ = ["fold_structure", "trace_cif", "trace_pdb", "trace_words"]

_B_FACTORS = "The column of B factors holds 100/(1 + sd): sd in Angstrom, of distances within 15 Angstrom, {}."


def fold_structure(fold: Fold) -> Structure:
    """The fold as the app opens it: its mmCIF text read again."""
    return read_structure(trace_cif(fold).encode(), f"{fold.protein.name}, {fold.name}")


def trace_cif(fold: Fold) -> str:
    """mmCIF text of the CA atoms, chain A, UniProt numbers; the method is the title, the confidence in percent the B factor.

    Parameters
    ----------
    fold : Fold
    """
    return atoms_cif(_atoms(fold), _title(fold), _remarks(fold), fold.attribution)


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
    return atoms_pdb(_atoms(fold), _title(fold), _remarks(fold))


def trace_words(fold: Fold) -> str:
    """What a picture of a fold shows, for a line: a CA trace, and of which structure where that is the receptor's own.

    Parameters
    ----------
    fold : Fold
    """
    if fold.origin == "template" and fold.receptor in fold.sources:
        whose = "its own structure" if fold.receptor == fold.protein.name else f"the structure of {fold.receptor}, whose numbers it has,"
        return f"CA trace on {whose} {fold.sources[-1]}"
    return "CA trace, no structure of this receptor"


def _atoms(fold: Fold) -> AtomArray:
    drawn = np.flatnonzero(fold.drawn)
    atoms = AtomArray(len(drawn))
    atoms.coord = fold.xyz[drawn].astype(np.float32)
    atoms.chain_id[:] = CHAIN
    atoms.res_id = np.array([fold.protein.number(int(index)) for index in drawn])
    atoms.res_name = np.array([three_letters(fold.protein.sequence[index]) for index in drawn])
    atoms.atom_name[:] = "CA"
    atoms.element[:] = "C"
    atoms.set_annotation("b_factor", np.round(100 * fold.confidence[drawn], 2))
    return atoms


def _title(fold: Fold) -> str:
    return f"{fold.protein.name}, {fold.name}; CA trace"


def _remarks(fold: Fold) -> list[str]:
    """What a person needs who finds the file alone."""
    said = [fold.method, expected(fold).sentence, _B_FACTORS.format(fold.sd_of), fold.attribution]
    return [text for text in said if text]
