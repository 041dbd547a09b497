"""One receptor laid on another by the residues that have the same generic numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from biotite.structure import superimpose

from allo_core.errors import StructureError
from allo_core.structure.orient import Placement

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["Superposition", "fit_points", "superpose"]

_FEWEST = 30  # residues; fewer would fix the axis of one helix alone
_ROUNDS = 5
_FAR = 2.0  # a pair counts if it lies within this many times the median distance, so that moved helix ends do not turn the rest


class Superposition(NamedTuple):
    """A motion onto another receptor.

    Parameters
    ----------
    placement : Placement
        From the coordinates of the file to those of the other scene.
    pairs : int
        Residues that share a generic number and are shown in both.
    core : int
        Those that the motion was fitted to.
    rmsd : float
        Å, CA atoms of the core.
    """

    placement: Placement
    pairs: int
    core: int
    rmsd: float


def superpose(
    ca: Float[np.ndarray, "L 3"], names: Sequence[str], reference_ca: Float[np.ndarray, "M 3"], reference_names: Sequence[str]
) -> Superposition:
    """Lay CA atoms on those of a reference, pairing residues by generic number.

    Least squares (Kabsch 1976, Acta Cryst. A32, 922), repeated without the pairs that lie far apart.

    Parameters
    ----------
    ca : ndarray, dtype=float, shape=(L, 3)
        Å; NaN where a residue is not shown.
    names : sequence of str, length L
        GPCRdb numbers, empty where there is none.
    reference_ca : ndarray, dtype=float, shape=(M, 3)
        In the coordinates of the reference's scene.
    reference_names : sequence of str, length M

    Raises
    ------
    StructureError
        Fewer than 30 residues are shared.
    """
    place = {name: at for at, name in enumerate(reference_names) if name and np.isfinite(reference_ca[at]).all()}
    shared = [(at, place[name]) for at, name in enumerate(names) if name in place and np.isfinite(ca[at]).all()]
    if len(shared) < _FEWEST:
        raise StructureError(f"Only {len(shared)} residues with the same generic numbers are shown in both; {_FEWEST} are needed.")
    here, there = np.array(shared).T
    mobile, fixed = np.asarray(ca, dtype=float)[here], np.asarray(reference_ca, dtype=float)[there]
    core = np.ones(len(mobile), dtype=bool)
    (rotation, center, target), apart = _fit_and_distances(mobile, fixed, core)
    for rounds_left in reversed(range(_ROUNDS)):
        near = apart <= max(_FAR * np.median(apart), 1.0)
        if near.sum() < _FEWEST or (near == core).all():
            break
        core = near
        if rounds_left:
            (rotation, center, target), apart = _fit_and_distances(mobile, fixed, core)
    rmsd = float(np.sqrt((apart[core] ** 2).mean()))
    # A placement moves its center to the origin, so the target's place is taken into the center.
    return Superposition(Placement(rotation, center - target @ rotation), len(mobile), int(core.sum()), rmsd)


def _fit_and_distances(
    mobile: np.ndarray, fixed: np.ndarray, core: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """The fit of the core pairs, and how far apart it leaves all of them, shape (n,)."""
    rotation, center, target = fit_points(mobile[core], fixed[core])
    return (rotation, center, target), np.linalg.norm((mobile - center) @ rotation.T + target - fixed, axis=1)


def fit_points(
    mobile: Float[np.ndarray, "n 3"], fixed: Float[np.ndarray, "n 3"]
) -> tuple[Float64[np.ndarray, "3 3"], Float64[np.ndarray, " 3"], Float64[np.ndarray, " 3"]]:
    """The motion that lays points on others, by least squares (Kabsch 1976): rotation, center of the mobile points and of the fixed ones.

    A point p goes to ``rotation @ (p - center) + target``; the hand stays.

    Parameters
    ----------
    mobile, fixed : ndarray, dtype=float, shape=(n, 3)
    """
    center, target = mobile.mean(axis=0), fixed.mean(axis=0)
    # Not scipy's Rotation, which fails in this thread while another one imports torch.
    _, motion = superimpose(fixed - target, mobile - center)
    return np.asarray(motion.rotation[0], dtype=float), center, target
