"""A fold beside a structure of the same protein."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.fold import FEWEST_DRAWN, Fold, numbers_if_any
from allo_core.structure.compare import gdt_ha, gdt_ts, lddt, rmsd, tm_score

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True)
class Judgement:
    """How alike a fold and a structure are at the residues that the structure shows and that have a generic number.

    All that it shows where the protein has no generic numbers.

    Parameters
    ----------
    residues, drawn : int
        Of the structure; those of them that the fold places.
    tm, gdt_ts, gdt_ha : float
        Over all of these residues.
    lddt, rmsd : float
        Over those that both have; RMSD in Å.
    numbered : bool
        Whether residues with generic numbers alone were judged.
    """

    residues: int
    drawn: int
    tm: float
    gdt_ts: float
    gdt_ha: float
    lddt: float
    rmsd: float
    numbered: bool


def judge(fold: Fold, reference_xyz: Float[np.ndarray, "L 3"]) -> Judgement:
    """Compare a fold with the CA of a structure, by residues with generic numbers, or by all where the protein has no such numbers.

    Parameters
    ----------
    fold : Fold
    reference_xyz : ndarray, dtype=float, shape=(L, 3)
        CA in Å; NaN where the structure shows no residue.

    Raises
    ------
    FoldError
        The structure shows fewer than 50 such residues.
    """
    numbers = numbers_if_any(fold.protein)
    judged = np.ones(len(fold.protein), dtype=bool) if numbers is None else np.array([bool(number) for number in numbers.gpcrdb])
    reference = np.where(judged[:, None], reference_xyz, np.nan)
    known = np.isfinite(reference[:, 0])
    if known.sum() < FEWEST_DRAWN:
        which = "" if numbers is None else " with generic numbers"
        raise FoldError(
            f"The structure shows {int(known.sum())} residues of {fold.protein.name}{which}, and {FEWEST_DRAWN} are needed "
            "to judge a fold by it; choose another structure."
        )
    model = np.where(known[:, None], fold.xyz, np.nan)
    return Judgement(
        int(known.sum()),
        int(np.isfinite(model[:, 0]).sum()),
        tm_score(model, reference),
        gdt_ts(model, reference),
        gdt_ha(model, reference),
        lddt(model, reference),
        rmsd(model, reference),
        numbers is not None,
    )
