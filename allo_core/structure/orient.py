"""How a receptor stands: extracellular side up, TM1 at the left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["HelixEnds", "Placement", "helix_ends", "upright"]

_HELICES = tuple(f"TM{number}" for number in range(1, 8))
_SHORTEST_HELIX = 7  # residues, two turns; the axis of less is no direction
_TURN = 4  # residues whose mean CA lies on the axis of an α-helix
_FEWEST_HELICES = 3
_N_TERMINAL = 10  # residues that tell which end is up where no segments are known
_FIRST_HELIX = 30  # residues, about one transmembrane helix


@dataclass(frozen=True, eq=False)
class Placement:
    """A rigid motion: ``rotation`` [3, 3] (proper, rows are the new x, y and z axes) after moving ``center`` [3] (Å) to the origin."""

    rotation: np.ndarray
    center: np.ndarray

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Move points [..., 3] in Å."""
        return (np.asarray(coordinates, dtype=float) - self.center) @ self.rotation.T


class HelixEnds(NamedTuple):
    """Middles of the first and last turn of a helix, in the frame of its CA atoms: extracellular (top) and intracellular (bottom)."""

    name: str
    top: np.ndarray
    bottom: np.ndarray


def upright(ca: Float[np.ndarray, "L 3"], segments: Sequence[str] | None = None) -> Placement:
    """Stand a receptor upright for a viewer who looks along -z, with x to the right and y up.

    The extracellular side is up, since odd helices of a GPCR run inwards and even ones outwards, and TM1 is at the left.  Without
    segments the longest axis is vertical with the N-terminus up, and the first residues are at the left.

    Parameters
    ----------
    ca : ndarray, dtype=float, shape=(L, 3)
        CA positions in Å, NaN where the structure shows no residue.
    segments : sequence of str, length L, optional
        "TM1" to "TM7" where a residue lies in that helix, anything else elsewhere.

    Raises
    ------
    ValueError
        If the lengths differ, or no residue is shown.
    """
    ca = np.asarray(ca, dtype=float)
    known = np.isfinite(ca).all(axis=1)
    if segments is not None and len(segments) != len(ca):
        raise ValueError(f"{len(segments)} segments for {len(ca)} residues")
    if not known.any():
        raise ValueError("no residue has a position")
    helices = _helices(ca, segments)
    if len(helices) >= _FEWEST_HELICES:
        points = np.concatenate([helix for _, helix in helices])
        up = np.sum([_outwards(name, helix) for name, helix in helices], axis=0)
        first = helices[0][1].mean(axis=0)
    else:
        points = ca[known]
        up = _direction(points)
        # The sign of a principal axis is arbitrary.
        up = up if (points[:_N_TERMINAL].mean(axis=0) - points.mean(axis=0)) @ up >= 0 else -up
        first = points[:_FIRST_HELIX].mean(axis=0)
    center = points.mean(axis=0)
    return Placement(_axes(up, center - first), center)


def helix_ends(ca: Float[np.ndarray, "L 3"], segments: Sequence[str]) -> list[HelixEnds]:
    """Where the transmembrane helices begin and end, for labels.

    Parameters
    ----------
    ca : ndarray, dtype=float, shape=(L, 3)
        CA positions in Å, in any frame, NaN where the structure shows no residue.
    segments : sequence of str, length L

    Returns
    -------
    list of HelixEnds
        Helices of which at least seven residues are shown, in order.
    """
    ends = []
    for name, helix in _helices(np.asarray(ca, dtype=float), segments):
        start, stop = helix[:_TURN].mean(axis=0), helix[-_TURN:].mean(axis=0)
        ends.append(HelixEnds(name, start, stop) if _starts_outside(name) else HelixEnds(name, stop, start))
    return ends


def _helices(ca: np.ndarray, segments: Sequence[str] | None) -> list[tuple[str, np.ndarray]]:
    """Name and CA positions [n, 3], in chain order, of each helix that is long enough to have a direction."""
    if segments is None:
        return []
    labels, known = np.array(segments, dtype=str), np.isfinite(ca).all(axis=1)
    helices = [(name, ca[known & (labels == name)]) for name in _HELICES]
    return [(name, helix) for name, helix in helices if len(helix) >= _SHORTEST_HELIX]


def _outwards(name: str, helix: np.ndarray) -> np.ndarray:
    """Unit vector along the helix towards the extracellular side."""
    axis = _direction(helix)
    half = len(helix) // 2
    runs_along = (helix[-half:].mean(axis=0) - helix[:half].mean(axis=0)) @ axis > 0
    return -axis if runs_along == _starts_outside(name) else axis


def _starts_outside(name: str) -> bool:
    """Whether a helix runs inwards: the N-terminus of a GPCR is outside, so the odd ones do."""
    return int(name.removeprefix("TM")) % 2 == 1


def _direction(points: np.ndarray) -> np.ndarray:
    """Unit vector of the largest spread."""
    return np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]


def _axes(up: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Right-handed axes as rows: y along ``up``, x along the part of ``right`` that is perpendicular to it."""
    y = _unit(up, np.array([0.0, 1.0, 0.0]))
    aside = right - (right @ y) * y
    # Where right is along up, any perpendicular direction is as good: the coordinate axis farthest from it.
    spare = np.eye(3)[np.abs(y).argmin()]
    x = _unit(aside, spare - (spare @ y) * y)
    x = x / np.linalg.norm(x)
    return np.array([x, y, np.cross(x, y)])


def _unit(vector: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vector)
    return vector / length if length > 1e-6 else otherwise
