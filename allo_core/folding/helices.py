"""Single helices of a fold that turn to the left: mirror images of themselves within a fold of the right hand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from allo_core.folding.hand import left_handed_helices

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = ["breaks_among", "reflected", "with_right_helices"]

_ROUNDS = 3
_NO_WORSE = 1.02  # of the stress: with equal stress the right-handed helix is the right one, as no protein has another


def with_right_helices(
    xyz: Float64[np.ndarray, "n 3"],
    stress: float,
    breaks: Collection[int],
    descended: Callable[[Float64[np.ndarray, "n 3"]], tuple[Float64[np.ndarray, "n 3"], float, int]],
) -> Float64[np.ndarray, "n 3"]:
    """The fold with left-handed helices reflected in place, where the distances allow it; ndarray, dtype=float64, shape=(n, 3).

    A helix and its mirror image have the same distances within, and nearly the same to the rest, so a descent that begins with the wrong
    one ends there.  All are reflected at once, and the descent goes on; the result is taken where its stress is not above the old one by
    more than 2 %.

    Parameters
    ----------
    xyz : ndarray, dtype=float64, shape=(n, 3)
        Å, at the end of a descent, of the right hand.
    stress : float
        Of it.
    breaks : collection of int
        0-based residues behind which the chain is broken.
    descended : callable(start) -> (xyz, stress, steps)
        The descent from a start.
    """
    for _ in range(_ROUNDS):
        wrong = left_handed_helices(xyz, breaks)
        if not wrong:
            break
        start = xyz.copy()
        for stretch in wrong:
            start[stretch] = reflected(xyz[stretch], xyz.mean(axis=0))
        found, lowest, _ = descended(start)
        if lowest > _NO_WORSE * stress or len(left_handed_helices(found, breaks)) >= len(wrong):
            break
        xyz, stress = found, lowest
    return xyz


def reflected(helix: Float64[np.ndarray, "m 3"], inside: Float64[np.ndarray, " 3"]) -> Float64[np.ndarray, "m 3"]:
    """The mirror image of a helix in the plane of its axis and a point, so that what faces the point still does.

    Parameters
    ----------
    helix : ndarray, dtype=float64, shape=(m, 3)
        Å; m of 4 or more.
    inside : ndarray, dtype=float64, shape=(3,)
        The middle of the fold.
    """
    middle = helix.mean(axis=0)
    _, _, axes = np.linalg.svd(helix - middle)
    normal = np.cross(axes[0], inside - middle)
    length = np.linalg.norm(normal)
    normal = normal / length if length else axes[2]
    return helix - 2 * np.outer((helix - middle) @ normal, normal)


def breaks_among(drawn: Integer[np.ndarray, " n"], breaks: Collection[int]) -> list[int]:
    """Places among the drawn residues behind which the chain is broken: by a break, or by residues that are not drawn.

    Parameters
    ----------
    drawn : ndarray, dtype=int, shape=(n,)
        0-based residues, rising.
    breaks : collection of int
        0-based residues.
    """
    pairs = zip(drawn[:-1].tolist(), drawn[1:].tolist(), strict=True)
    return [at for at, (one, other) in enumerate(pairs) if other - one > 1 or one in breaks]
