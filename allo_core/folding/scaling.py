"""From distances of pairs of residues, each with a weight, to a place in 3D for each residue."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial.distance import cdist

from allo_core.errors import Cancelled, FoldError
from allo_core.folding.hand import Handedness, right_hand
from allo_core.folding.helices import breaks_among, with_right_helices
from allo_core.folding.majorise import Descent
from allo_core.storage.cancel import CancelEvent

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float, Float64

__all__ = ["CA_BOND", "Coordinates", "scale_distances"]

CA_BOND = 3.8  # Å between successive CA with a trans peptide bond, Corey and Pauling 1953
_STEPS = 2000
_LANDMARKS = 400  # residues whose distances to all others give the start
_SOURCES = 20  # shortest paths from so many residues between two looks whether the person has cancelled
_FAINT = 1e-6  # of the largest weight: less than that is none
_UNEQUAL = 1e-3  # Å, or of the weights: by how much the two directions of a pair may differ


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A fold that was drawn from distances.

    Parameters
    ----------
    xyz : ndarray, dtype=float64, shape=(L, 3)
        Å, about their mean; NaN for residues that are not drawn: no distance of a weight joins them to the others.
    handedness : Handedness
        Which hand it has, with the numbers of the witnesses.
    stress : float
        Å: root of the weighted mean square difference between distances of the fold and given ones; NaN where no distance was given.
    steps : int
        Of the descent, those after helices were reflected left out.
    settled : bool
        Whether it came to its end; otherwise it was stopped after 2,000 steps.
    """

    xyz: Float64[np.ndarray, "L 3"] = field(repr=False)
    handedness: Handedness
    stress: float
    steps: int
    settled: bool

    @property
    def hand(self) -> Literal["right", "not determined"]:
        """ "right", or "not determined": then it may be the mirror image."""
        return self.handedness.hand


def scale_distances(
    distances: Float[np.ndarray, "L M"],
    weights: Float[np.ndarray, "L M"],
    breaks: Collection[int] = (),
    bond: float | None = CA_BOND,
    reference_xyz: Float[np.ndarray, "N 3"] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: CancelEvent | None = None,
) -> Coordinates:
    """Places whose distances come nearest to given ones, by weighted multidimensional scaling, with the hand that proteins have.

    It begins with classical scaling, in which a distance that is not known is the shortest path over known ones, and goes on with weighted
    stress majorisation (`allo_core.folding.majorise`).  Helices that came out left-handed within the right fold are reflected in place and
    the descent goes on from there (`allo_core.folding.helices`).

    Parameters
    ----------
    distances : ndarray, dtype=float, shape=(L, L)
        Å, the same in both directions; read where the weight is above 0.
    weights : ndarray, dtype=float, shape=(L, L)
        How much each distance counts, the same in both directions; 0 where it is not known.  The diagonal is not read.
    breaks : collection of int
        0-based residues behind which the chain is broken: no bond joins them to the next one.
    bond : float or None
        Å between neighbours in the chain, which count as much as the heaviest distance.  None for points that are no CA.
    reference_xyz : ndarray, dtype=float, shape=(L, 3), optional
        A fold that decides between the two mirror images where the helices do not.
    progress : callable(done, most), optional
        After each step; the last one often comes long before the most.
    cancel : CancelEvent, optional

    Raises
    ------
    FoldError
        Arrays of other shapes; distances or weights that are negative, not finite or not symmetric; no distance at all.
    StructureError
        The reference has another number of residues.
    Cancelled
    """
    distance, weight = _checked(distances, weights)
    if len(distance) == 1:
        return Coordinates(*right_hand(np.zeros((1, 3)), reference_xyz, breaks), float("nan"), 0, True)
    _look(cancel)
    given = weight.copy()
    drawn = _with_chain(distance, weight, breaks, bond)
    inside = np.ix_(drawn, drawn)
    descent = Descent(distance[inside], weight[inside])

    def descended(start: np.ndarray) -> tuple[np.ndarray, float, int]:
        now, taken = (start, np.inf), 0
        for taken, now in enumerate(descent.points(start, _STEPS), start=1):  # noqa: B007 - the last one is wanted
            if progress is not None:
                progress(taken, _STEPS)
            _look(cancel)
        return *now, taken

    xyz = np.full((len(distance), 3), np.nan)
    xyz[drawn], lowest, steps = descended(_classical(distance[inside], weight[inside], cancel))
    xyz, before = right_hand(xyz, reference_xyz, breaks)
    xyz[drawn] = with_right_helices(xyz[drawn], lowest, breaks_among(drawn, breaks), descended)
    stress = _misfit(xyz[drawn], np.asarray(distances, dtype=float)[inside], given[inside])
    xyz, handedness = right_hand(xyz, reference_xyz, breaks)
    if before.hand != "right" and not handedness.confirmed:
        handedness = before  # helices that were reflected are no witness of the whole
    return Coordinates(xyz, handedness, stress, steps, steps < _STEPS)


def _checked(distances: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances and weights, the largest of these 1, both symmetric and 0 where nothing is known; shape (L, L) each."""
    distance, weight = np.array(distances, dtype=float), np.array(weights, dtype=float)
    if distance.ndim != 2 or distance.shape[0] != distance.shape[1] or distance.shape != weight.shape or not len(distance):
        raise FoldError(f"Distances have the shape {distance.shape} and weights {weight.shape}; [residues, residues] is needed for both.")
    np.fill_diagonal(weight, 0)
    _refuse(~(np.isfinite(weight) & (weight >= 0)), weight, "weight", "give 0 where a distance is not known")
    most = float(weight.max())
    if len(weight) > 1 and not most:
        raise FoldError("No pair of residues has a weight above 0, so there is nothing to draw; weigh the distances that are known.")
    weight /= most or 1
    weight[weight < _FAINT] = 0
    distance[weight == 0] = 0
    _refuse(~(np.isfinite(distance) & (distance >= 0)), distance, "distance", "give it the weight 0 if it is not known")
    for name, values, scale in (("distance", distance, np.maximum(distance, 1)), ("weight", weight, 1.0)):
        _refuse(np.abs(values - values.T) > _UNEQUAL * scale, values, name, f"it differs from the {name} back; average the two directions")
    return (distance + distance.T) / 2, (weight + weight.T) / 2


def _look(cancel: CancelEvent | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled


def _refuse(wrong: np.ndarray, values: np.ndarray, name: str, advice: str) -> None:
    if wrong.any():
        at, other = np.argwhere(wrong)[0]
        raise FoldError(f"The {name} from residue {at + 1} to {other + 1} is {values[at, other]:.4g}, which cannot be; {advice}.")


def _with_chain(distance: np.ndarray, weight: np.ndarray, breaks: Collection[int], bond: float | None) -> np.ndarray:
    """Add the bonds of the chain in place; the residues that are drawn, the largest joined part, shape (n,).

    A bond and a given distance of the same two residues are one distance with the sum of the weights: the stress differs by a constant.
    """
    known = np.asarray(weight.any(axis=1))
    if bond is not None:
        for at in np.flatnonzero(known[:-1] & known[1:]):
            if at in breaks:
                continue
            pair, back = (at, at + 1), (at + 1, at)
            distance[pair] = distance[back] = (weight[pair] * distance[pair] + bond) / (weight[pair] + 1)
            weight[pair] = weight[back] = weight[pair] + 1
    _, part = connected_components(csr_array(weight), directed=False)
    return np.flatnonzero(part == np.bincount(part[known]).argmax())


def _classical(distance: np.ndarray, weight: np.ndarray, cancel: CancelEvent | None) -> np.ndarray:
    """Classical scaling on distances, or shortest paths where these are not known, shape (n, 3).

    Torgerson 1952; above 400 residues from the distances to 400 of them (landmark scaling: de Silva and Tenenbaum 2004), which for all of
    them is the same.
    """
    count = len(distance)
    landmarks = np.unique(np.linspace(0, count - 1, min(count, _LANDMARKS)).round().astype(int))
    squared = _paths(distance, weight, landmarks, cancel) ** 2
    between = squared[:, landmarks]
    means = between.mean(axis=1)
    values, vectors = np.linalg.eigh((means[:, None] + means - between - means.mean()) / 2)
    xyz = np.zeros((count, 3))
    for axis, at in enumerate(np.argsort(-values)[:3]):
        if values[at] > _FAINT * values.max():
            xyz[:, axis] = (means[:, None] - squared).T @ vectors[:, at] / (2 * np.sqrt(values[at]))
    return xyz


def _paths(distance: np.ndarray, weight: np.ndarray, landmarks: np.ndarray, cancel: CancelEvent | None) -> np.ndarray:
    """Distances from landmarks to all, shortest paths where these are not known, shape (k, n)."""
    known = weight > 0
    np.fill_diagonal(known, True)
    _look(cancel)
    if known[landmarks].all():
        return distance[landmarks]
    first, second = np.nonzero(weight)
    graph = csr_array((distance[first, second], (first, second)), shape=distance.shape)
    found = distance[landmarks]
    for start in range(0, len(landmarks), _SOURCES):
        _look(cancel)
        sources = landmarks[start : start + _SOURCES]
        paths = dijkstra(graph, directed=False, indices=sources)
        found[start : start + _SOURCES] = np.where(known[sources], distance[sources], paths)
    return found


def _misfit(xyz: np.ndarray, distance: np.ndarray, weight: np.ndarray) -> float:
    """Root of the weighted mean square difference between distances of points and given ones, in Å."""
    off = np.where(weight > 0, cdist(xyz, xyz) - distance, 0)
    return float(np.sqrt(np.vdot(weight, off**2) / weight.sum()))
