"""How many pairs touch, by how much attention a head gives from one residue to the other."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from allo_core.heads.arcs import BINS, FamilyArcs

__all__ = ["Calibration", "CalibrationBin", "calibration_of"]

FEWEST_PAIRS = 50  # of a bin: fewer are put together with the next lower ones


class CalibrationBin(NamedTuple):
    """Ordered pairs whose attention is at least ``floor`` and below the floor of the next bin: how many, and how many touch."""

    floor: float
    pairs: int
    touching: int

    @property
    def share(self) -> float:
        """Of pairs that touch; NaN without pairs."""
        return self.touching / self.pairs if self.pairs else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, NaN without pairs; pairs of one receptor depend on each other, so the true one is wider."""
        from scipy.stats import binomtest

        if not self.pairs:
            return float("nan"), float("nan")
        found = binomtest(self.touching, self.pairs).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Calibration:
    """A head on the receptors with a known structure; pairs at least six residues apart.

    Parameters
    ----------
    bins : tuple of CalibrationBin
        From low attention to high.
    random : float
        Share of all such pairs that touch.
    receptors : int
    """

    bins: tuple[CalibrationBin, ...]
    random: float
    receptors: int


def calibration_of(found: FamilyArcs, layer: int, head: int) -> Calibration | None:
    """Of one head; None where no receptor has a known structure."""
    at = layer * found.spec.heads + head
    pairs = np.sum([one.pairs[at] for one in found.of], axis=0)
    touching = np.sum([one.touching[at] for one in found.of], axis=0)
    if not pairs.sum():
        return None
    bins: list[CalibrationBin] = []
    waiting = (0, 0)
    for floor, count, hits in zip(reversed(BINS), pairs[::-1].tolist(), touching[::-1].tolist(), strict=True):
        waiting = waiting[0] + count, waiting[1] + hits
        if waiting[0] >= FEWEST_PAIRS:
            bins.append(CalibrationBin(floor, *waiting))
            waiting = (0, 0)
    return Calibration(tuple(reversed(bins)), float(touching.sum() / pairs.sum()), sum(bool(one.pairs[at].sum()) for one in found.of))
