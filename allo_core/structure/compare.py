"""How alike two structures of the same residues are: RMSD, TM-score, GDT and lDDT of their CA atoms.

Every function takes two arrays whose rows are the same residues in the same order.  A row that is not finite says that the residue is not
drawn (model) or not known (reference).  TM-score and GDT are shares of the residues that the reference knows, so an incomplete model scores
lower; RMSD and lDDT are over the residues that both have, so they have to be read beside the share that is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from biotite.structure import AtomArray
from biotite.structure import lddt as biotite_lddt

from allo_core.errors import StructureError
from allo_core.structure.superpose import fit_points

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64

__all__ = ["gdt_ha", "gdt_ts", "lddt", "lddt_per_residue", "rmsd", "tm_score"]

_GDT_TS = (1.0, 2.0, 4.0, 8.0)  # Å, Zemla, Nucleic Acids Res. 31, 3370 (2003)
_GDT_HA = (0.5, 1.0, 2.0, 4.0)  # Å, Read and Chavali, Proteins 69, 27 (2007)
_LDDT_RADIUS = 15.0  # Å; it and the thresholds: Mariani et al., Bioinformatics 29, 2722 (2013)
_D0_LEAST = 0.5  # Å, for short chains, as in TM-align
_SEARCH_RADII = (4.5, 8.0)  # Å: between these lies the radius within which residues are fitted, as in the TM-score program
_DIVISORS = (1, 2, 4, 8)  # of the length: windows of the chain from which the search begins
_FEWEST = 3  # residues of a superposition
_WIDER = 0.5  # Å: by so much the radius grows until enough residues are within it
_ROUNDS = 20


def rmsd(model_xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"]) -> float:
    """Root mean square distance in Å of the residues that both have, after the superposition that makes it smallest (Kabsch 1976).

    Parameters
    ----------
    model_xyz, reference_xyz : ndarray, dtype=float, shape=(L, 3)
        Å; NaN where a residue has no place.

    Returns
    -------
    float
        NaN where fewer than three residues have a place in both: two points fit on any two.

    Raises
    ------
    StructureError
        The arrays are of different lengths, or not of points in space.
    """
    model, reference, _ = _pairs(model_xyz, reference_xyz)
    if len(model) < _FEWEST:
        return float("nan")
    return float(np.sqrt((_apart(model, reference, np.ones(len(model), dtype=bool)) ** 2).mean()))


def tm_score(model_xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"]) -> float:
    """TM-score (Zhang and Skolnick, Proteins 57, 702 (2004)) of the best superposition that was found: 1 for equal folds.

    sum over residues of 1 / (1 + (d / d0)²), divided by the n residues that the reference knows; d0 = 1.24 (n - 15)^(1/3) - 1.8 Å, at least
    0.5 Å.  Unrelated folds score about 0.17, the mirror image of a receptor about 0.35, two receptors of class A 0.8 to 0.9
    (docs/folds.md).  The search begins at windows of the length n, n/2, n/4 and n/8 and fits again what comes to lie near, so the score is
    a lower bound, as in the program of the authors.

    Parameters
    ----------
    model_xyz, reference_xyz : ndarray, dtype=float, shape=(L, 3)
        Å; NaN where a residue has no place.

    Returns
    -------
    float
        NaN where fewer than three residues have a place in both.

    Raises
    ------
    StructureError
        The arrays are of different lengths, or not of points in space.
    """
    model, reference, known = _pairs(model_xyz, reference_xyz)
    if len(model) < _FEWEST:
        return float("nan")
    scale = tm_scale(known)
    radius = float(np.clip(scale, *_SEARCH_RADII)) + 1
    return max(float((1 / (1 + (apart / scale) ** 2)).sum()) for apart in _superpositions(model, reference, radius)) / known


def tm_scale(residues: int) -> float:
    """d0 in Å, the distance at which a residue counts one half, for so many residues of the reference."""
    return max(1.24 * float(np.cbrt(residues - 15)) - 1.8, _D0_LEAST)


def gdt_ts(model_xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"]) -> float:
    """GDT-TS (Zemla 2003): the mean share of residues within 1, 2, 4 and 8 Å, each of the best superposition found for it.

    Parameters, result and errors as for `tm_score`.
    """
    return _gdt(model_xyz, reference_xyz, _GDT_TS)


def gdt_ha(model_xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"]) -> float:
    """GDT-HA (Read and Chavali 2007): as `gdt_ts`, within 0.5, 1, 2 and 4 Å."""
    return _gdt(model_xyz, reference_xyz, _GDT_HA)


def lddt(model_xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"]) -> float:
    """lDDT of CA atoms (Mariani et al. 2013): the share of distances below 15 Å in the reference that the model keeps; no superposition.

    The mean over 0.5, 1, 2 and 4 Å of the share of pairs whose distance differs by no more; 1 also for a mirror image, which keeps all.

    Parameters
    ----------
    model_xyz, reference_xyz : ndarray, dtype=float, shape=(L, 3)
        Å; NaN where a residue has no place.

    Returns
    -------
    float
        Over pairs of residues that both have; NaN where there is no such pair within 15 Å.

    Raises
    ------
    StructureError
        The arrays are of different lengths, or not of points in space.
    """
    both = both_known(model_xyz, reference_xyz)
    return float(_lddt(model_xyz, reference_xyz, both, "all")) if both.any() else float("nan")


def lddt_per_residue(model_xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"]) -> Float64[np.ndarray, " L"]:
    """lDDT of each residue, ndarray, dtype=float64, shape=(L,): over its pairs with others, as `lddt`; NaN where it has none.

    Parameters and errors as for `lddt`.
    """
    both = both_known(model_xyz, reference_xyz)
    scores = np.full(len(both), np.nan)
    if both.any():
        scores[both] = _lddt(model_xyz, reference_xyz, both, "residue")
    return scores


def _lddt(model_xyz: np.ndarray, reference_xyz: np.ndarray, both: np.ndarray, aggregation: str) -> np.ndarray:
    reference = AtomArray(int(both.sum()))
    reference.coord = np.asarray(reference_xyz, dtype=np.float32)[both]
    reference.res_id = np.arange(len(reference))
    return biotite_lddt(reference, np.asarray(model_xyz)[both], aggregation, inclusion_radius=_LDDT_RADIUS)


def _gdt(model_xyz: np.ndarray, reference_xyz: np.ndarray, cutoffs: tuple[float, ...]) -> float:
    model, reference, known = _pairs(model_xyz, reference_xyz)
    if len(model) < _FEWEST:
        return float("nan")
    within = [max(int((apart <= cutoff).sum()) for apart in _superpositions(model, reference, cutoff)) for cutoff in cutoffs]
    return float(np.mean(within)) / known


def _superpositions(model: np.ndarray, reference: np.ndarray, radius: float) -> Iterator[np.ndarray]:
    """How far apart superpositions leave the residues, shape (n,) each.

    From every window of the chain: a fit of the window, then of the residues that the last fit brought within the radius, until these stay.
    """
    seen: set[bytes] = set()
    for window in _windows(len(model)):
        chosen = window
        for _ in range(_ROUNDS):
            if (key := chosen.tobytes()) in seen:  # from here on the way is known
                break
            seen.add(key)
            apart = _apart(model, reference, chosen)
            yield apart
            chosen = _within(apart, radius)


def _windows(length: int) -> Iterator[np.ndarray]:
    """Masks of the windows of L, L/2, L/4 and L/8 residues, each half a window behind the last one, shape (L,)."""
    for size in dict.fromkeys(max(length // divisor, _FEWEST) for divisor in _DIVISORS):
        step = max(size // 2, 1)
        for start in dict.fromkeys([*range(0, length - size, step), length - size]):
            mask = np.zeros(length, dtype=bool)
            mask[start : start + size] = True
            yield mask


def _within(apart: np.ndarray, radius: float) -> np.ndarray:
    """Which residues lie within a radius, or within the next wider one that holds three, shape (n,)."""
    third = np.partition(apart, _FEWEST - 1)[_FEWEST - 1]
    steps = max(np.ceil((third - radius) / _WIDER), 0)
    return apart <= radius + steps * _WIDER


def _apart(model: np.ndarray, reference: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Distances of all residues in Å after a fit of the chosen ones, shape (n,)."""
    rotation, center, target = fit_points(model[chosen], reference[chosen])
    return np.linalg.norm((model - center) @ rotation.T + target - reference, axis=1)


def _pairs(model_xyz: np.ndarray, reference_xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The residues that both have, shape (n, 3) twice, and how many the reference knows."""
    both = both_known(model_xyz, reference_xyz)
    known = int(np.isfinite(reference_xyz).all(axis=1).sum())
    return np.asarray(model_xyz, dtype=float)[both], np.asarray(reference_xyz, dtype=float)[both], known


def both_known(model_xyz: np.ndarray, reference_xyz: np.ndarray) -> Bool[np.ndarray, " L"]:
    """Which residues have a place in both, shape (L,)."""
    for name, points in (("model", model_xyz), ("reference", reference_xyz)):
        if np.ndim(points) != 2 or np.shape(points)[1] != 3:
            raise StructureError(f"The {name} has the shape {np.shape(points)}; coordinates of the shape [residues, 3] are compared.")
    if len(model_xyz) != len(reference_xyz):
        raise StructureError(
            f"The model has {len(model_xyz)} residues and the reference {len(reference_xyz)}; give a row for each residue in both, NaN"
            " where one is missing."
        )
    return np.asarray(np.isfinite(np.hstack([model_xyz, reference_xyz])).all(axis=1))
