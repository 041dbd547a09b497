"""A fold beside a structure of the same protein."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import FoldError
from allo_core.folding.fold import FEWEST_DRAWN, Fold, fold_numbers
from allo_core.structure.compare import gdt_ha, gdt_ts, lddt, rmsd, tm_score

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["Judgement", "judge"]


@dataclass(frozen=True)
class Judgement:
    """How alike a fold and a structure are at the numbered residues that the structure shows.

    Parameters
    ----------
    residues, drawn : int
        Of the structure; those of them that the fold places.
    tm, gdt_ts, gdt_ha : float
        Over all of these residues.
    lddt, rmsd : float
        Over those that both have; RMSD in Å.
    """

    residues: int
    drawn: int
    tm: float
    gdt_ts: float
    gdt_ha: float
    lddt: float
    rmsd: float


def judge(fold: Fold, reference_xyz: Float[np.ndarray, "L 3"]) -> Judgement:
    """Compare a fold with the CA of a structure, loops without generic numbers left out.

    Parameters
    ----------
    fold : Fold
    reference_xyz : ndarray, dtype=float, shape=(L, 3)
        CA in Å; NaN where the structure shows no residue.

    Raises
    ------
    FoldError
        The structure shows fewer than 50 numbered residues.
    """
    numbered = np.array([bool(number) for number in fold_numbers(fold.protein).gpcrdb])
    reference = np.where(numbered[:, None], reference_xyz, np.nan)
    known = np.isfinite(reference[:, 0])
    if known.sum() < FEWEST_DRAWN:
        raise FoldError(
            f"The structure shows {int(known.sum())} residues of {fold.protein.name} with generic numbers, and {FEWEST_DRAWN} are needed "
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
    )
