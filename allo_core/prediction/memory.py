"""Position memory: the listed residues of other receptors, carried over by generic number and space.

It knows no model and nothing of the receptor but where its residues lie, so a predictor must beat it to have found anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allo_core.prediction.frame import Placed

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["WIDTHS", "ListedPlace", "Remembered", "recalled", "remembered"]

WIDTHS = (3.0, 5.0, 8.0)  # Å, of the Gaussian round each residue; fixed before anything was measured
_DECIMALS = 1  # of the coordinates that are kept, far below what the models are good for


@dataclass(frozen=True)
class ListedPlace:
    """One listed residue: its generic number, empty where there is none, and its CB in Å in the common frame."""

    number: str
    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Remembered:
    """The listed residues of one receptor that have a position; those that have none are not remembered."""

    receptor_class: str
    places: tuple[ListedPlace, ...]


def remembered(placed: Placed | None, residues: Sequence[int]) -> Remembered:
    """What is kept of a receptor's listed residues, 0-based; nothing where it has no place in the frame."""
    if placed is None:
        return Remembered("", ())
    known = [index for index in residues if np.isfinite(placed.positions[index]).all()]
    return Remembered(
        placed.receptor_class,
        tuple(ListedPlace(placed.gpcrdb[index], *placed.positions[index].round(_DECIMALS).tolist()) for index in known),
    )


def recalled(site: Remembered, target: Placed) -> Float64[np.ndarray, "L widths"]:
    """How near each residue of a receptor is to the listed residues of another.

    The mean over these of exp(-d^2 / 2 w^2) for each width w.  A listed residue stands where the target has the same generic number, if
    both are of one class; else where it lies in the common frame.

    Returns
    -------
    ndarray, dtype=float64, shape=(L, 3)
        In the order of `WIDTHS`; 0 for a residue without a position, and everywhere if nothing is remembered.
    """
    if not site.places:
        return np.zeros((len(target.positions), len(WIDTHS)))
    own = {}
    if site.receptor_class == target.receptor_class:
        known = np.flatnonzero(np.isfinite(target.positions).all(axis=1)).tolist()
        own = {target.gpcrdb[index]: target.positions[index] for index in known if target.gpcrdb[index]}
    points = np.array([own.get(one.number, (one.x, one.y, one.z)) for one in site.places])
    squares = ((target.positions[:, None] - points) ** 2).sum(axis=-1)
    near = [np.exp(-squares / (2 * width**2)).mean(axis=1) for width in WIDTHS]
    return np.nan_to_num(np.stack(near, axis=1), nan=0.0)
