"""Which of two mirror images a fold is: distances do not say, the helices of a protein do."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.structure.compare import tm_score

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Bool, Float, Float64

__all__ = ["Handedness", "HelixShares", "helix_shares", "left_handed_helices", "right_hand"]

_RIGHT = (20.0, 90.0)  # degrees: the dihedral of four successive CA is about +50 in a right-handed helix; so has an ideal one its CB
_TURN = 6.5  # Å: CA(i) and CA(i + 3) are 5.0 to 5.5 Å apart in a helix, 8.5 to 10 in a strand
_STRETCH = 4  # successive dihedrals, of seven residues: fewer are a turn of a loop
_MARGIN = 0.1  # between a fold and its mirror image
_SURE_MARGIN = 0.6  # of structures and of exact distances it is above 0.9: with less, helices of both hands are mixed
_LEAST = 0.5  # the share of a fold, otherwise its stretches are no helices: of 25 folds of mostly false contacts the highest was 0.48
_TM_MARGIN = 0.05  # the same of TM-scores on a reference; two unrelated folds differ by less


class HelixShares(NamedTuple):
    """Dihedrals of four successive points within helical stretches.

    Parameters
    ----------
    right : float
        Share between +20 and +90 degrees; NaN where there is no helical stretch.
    left : float
        Share between -90 and -20 degrees: that of the mirror image.
    dihedrals : int
        How many these are.
    """

    right: float
    left: float
    dihedrals: int


class Handedness(NamedTuple):
    """Which hand a fold has, and what says so.

    Parameters
    ----------
    hand : {"right", "not determined"}
        "right": its helices are right-handed (a share of at least 0.5, by a margin of at least 0.1), and the reference does not
        contradict.
    chosen_by : {"helices", "reference", "nothing"}
        What chose between the two mirror images; "nothing": the fold is as it came.
    share, mirror_share : float
        Of the dihedrals in helical stretches those of a right-handed helix, of this fold and of its mirror image; NaN where there is no
        such stretch.
    dihedrals : int
        How many dihedrals that is.
    tm, mirror_tm : float
        TM-scores on the reference, of this fold and of its mirror image; NaN where there is none.
    """

    hand: Literal["right", "not determined"]
    chosen_by: Literal["helices", "reference", "nothing"]
    share: float
    mirror_share: float
    dihedrals: int
    tm: float
    mirror_tm: float

    @property
    def confirmed(self) -> bool:
        """Whether the reference, too, is for this hand by a margin."""
        return self.tm - self.mirror_tm >= _TM_MARGIN

    @property
    def sentence(self) -> str:
        """The hand and its witnesses in words."""
        if self.dihedrals:
            helices = (
                f"{self.share:.0%} of {self.dihedrals} dihedrals in helical stretches are those of a right-handed helix, in the mirror"
                f" image {self.mirror_share:.0%}"
            )
        else:
            helices = "there is no helical stretch"
        reference = "" if np.isnan(self.tm) else f"; TM-score on the reference {self.tm:.2f}, of the mirror image {self.mirror_tm:.2f}"
        chosen = {
            "helices": "" if self.hand == "right" else ", the reference contradicts the helices",
            "reference": ", the reference chose",
            "nothing": ", this may be the mirror image",
        }[self.chosen_by]
        return f"Hand {self.hand}{chosen}: {helices}{reference}."


def right_hand(
    xyz: Float[np.ndarray, "L 3"], reference_xyz: Float[np.ndarray, "M 3"] | None = None, breaks: Collection[int] = ()
) -> tuple[Float64[np.ndarray, "L 3"], Handedness]:
    """The fold or its mirror image, whichever has right-handed helices; where these do not say, whichever fits a reference.

    Helices do not say where the two shares differ by less than 0.1, or by less than 0.6 and the reference speaks against them: a fold from
    a model's distances may be the mirror image of the right one as a whole and have most of its helices right.

    Parameters
    ----------
    xyz : ndarray, dtype=float, shape=(L, 3)
        CA (or CB) in Å; NaN where a residue is not drawn.
    reference_xyz : ndarray, dtype=float, shape=(L, 3), optional
        A fold that it should be like, such as the average of its family, row by row the same residues.
    breaks : collection of int
        0-based residues behind which the chain is broken.

    Returns
    -------
    ndarray, dtype=float64, shape=(L, 3)
        As it came, or with x negated.
    Handedness

    Raises
    ------
    StructureError
        The reference has another number of residues.
    """
    given = np.asarray(xyz, dtype=float)
    mirror = given * [-1.0, 1.0, 1.0]
    shares = helix_shares(given, breaks)
    by_helices = shares.right - shares.left  # NaN decides nothing below
    tm = (float("nan"), float("nan"))
    if reference_xyz is not None:
        tm = (tm_score(given, reference_xyz), tm_score(mirror, reference_xyz))
    by_reference = tm[0] - tm[1]
    chosen_by, for_given = "nothing", True
    told_by_helices = abs(by_helices) >= _MARGIN and max(shares.right, shares.left) >= _LEAST
    against = abs(by_reference) >= _TM_MARGIN and by_reference * by_helices < 0
    if told_by_helices and not (against and abs(by_helices) < _SURE_MARGIN):
        chosen_by, for_given = "helices", by_helices > 0
    elif abs(by_reference) >= _TM_MARGIN:
        chosen_by, for_given = "reference", by_reference > 0
    contradicted = abs(by_reference) >= _TM_MARGIN and (by_reference > 0) != for_given
    order = 1 if for_given else -1
    share, mirror_share = (shares.right, shares.left)[::order]
    hand = "right" if chosen_by == "helices" and not contradicted else "not determined"
    return given if for_given else mirror, Handedness(hand, chosen_by, share, mirror_share, shares.dihedrals, *tm[::order])


def helix_shares(xyz: Float[np.ndarray, "L 3"], breaks: Collection[int] = ()) -> HelixShares:
    """Of the dihedrals of four successive points in helical stretches, the shares of right-handed and of left-handed helices.

    A stretch is helical where CA(i) and CA(i + 3) lie within 6.5 Å for four or more successive i, which holds for the mirror image, too.

    Parameters
    ----------
    xyz : ndarray, dtype=float, shape=(L, 3)
        Å; NaN where a residue is not drawn.
    breaks : collection of int
        0-based residues behind which the chain is broken.
    """
    angles, helical = _helical(xyz, breaks)
    if not helical.any():
        return HelixShares(float("nan"), float("nan"), 0)
    angles = angles[helical]
    low, high = _RIGHT
    return HelixShares(
        float(((angles > low) & (angles < high)).mean()), float(((angles < -low) & (angles > -high)).mean()), int(helical.sum())
    )


def left_handed_helices(xyz: Float[np.ndarray, "L 3"], breaks: Collection[int] = ()) -> list[slice]:
    """Helical stretches, as of `helix_shares`, that turn to the left by their median dihedral; of each the residues from first to last.

    Parameters
    ----------
    xyz : ndarray, dtype=float, shape=(L, 3)
        Å; NaN where a residue is not drawn.
    breaks : collection of int
        0-based residues behind which the chain is broken.
    """
    angles, helical = _helical(xyz, breaks)
    edges = np.flatnonzero(np.diff(np.r_[False, helical, False])).reshape(-1, 2).tolist()
    return [slice(start, end + 3) for start, end in edges if np.median(angles[start:end]) < 0]


def _helical(xyz: np.ndarray, breaks: Collection[int]) -> tuple[Float64[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Dihedrals of four successive points in degrees, and which of them are in helical stretches, shape (L - 3,) each."""
    points = np.asarray(xyz, dtype=float)
    if len(points) < 4:
        return np.zeros(0), np.zeros(0, dtype=bool)
    bonds = np.diff(points, axis=0)
    bonds[[at for at in breaks if 0 <= at < len(bonds)]] = np.nan
    whole = np.asarray(np.isfinite(bonds).all(axis=1))
    bonds = np.where(whole[:, None], bonds, 0)
    near = np.linalg.norm(bonds[:-2] + bonds[1:-1] + bonds[2:], axis=1) < _TURN
    return _dihedrals(bonds), _in_stretches(near & whole[:-2] & whole[1:-1] & whole[2:])


def _dihedrals(bonds: np.ndarray) -> np.ndarray:
    """Degrees about the middle one of three successive bonds, shape (n - 2,); positive is clockwise, as of IUPAC."""
    first, middle, last = bonds[:-2], bonds[1:-1], bonds[2:]
    before, behind = np.cross(first, middle), np.cross(middle, last)
    along = np.linalg.norm(middle, axis=1) * (first * behind).sum(axis=1)
    return np.degrees(np.arctan2(along, (before * behind).sum(axis=1)))


def _in_stretches(found: Bool[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """What is found at least four times in a row."""
    edges = np.flatnonzero(np.diff(np.r_[False, found, False]))
    kept = np.zeros(len(found), dtype=bool)
    for start, end in edges.reshape(-1, 2):
        kept[start:end] = end - start >= _STRETCH
    return kept
