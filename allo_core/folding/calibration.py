"""How good a fold can be expected to be: TM-score and lDDT of the same kind of fold on receptors that it had not seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from allo_core.folding.fold import Fold
from allo_core.folding.shipped import ANY
from allo_core.library.receptors import DATA
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.storage.plain_json import from_plain

__all__ = ["CALIBRATION", "FEWEST_CASES", "Expectation", "Range", "calibrated", "expected", "range_of", "write_calibration"]

CALIBRATION = "fold_calibration.json"
FEWEST_CASES = 5  # receptors; a range of fewer says nothing
_QUANTILES = (0.1, 0.5, 0.9)
_DIGITS = 4


@dataclass(frozen=True)
class Range:
    """The 10 % quantile, the median and the 90 % quantile over receptors."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Expectation:
    """What folds of one kind reached on experimental structures, at the residues with generic numbers.

    Parameters
    ----------
    origin : str
        "family" or "template".
    receptor_class : str
    state : str
        That was asked for, which is also that of the experiments: "active", "inactive" or "any".
    lowest, highest : float
        Identities with the template, the highest not included; both 1 for a receptor on its own structure, both 0 where there is no
        template.
    receptors : int
        With an experiment, each once in a state.
    tm, lddt : Range or None
        None where structures of fewer than five receptors can judge.
    """

    origin: str
    receptor_class: str
    state: str
    lowest: float
    highest: float
    receptors: int
    tm: Range | None
    lddt: Range | None

    @property
    def sentence(self) -> str:
        """What to expect and how that is known."""
        state = "" if self.state == ANY else f" {self.state}"
        if self.tm is None or self.lddt is None:
            return (
                f"How good it is was not tested:{state} experiments of {self.receptors} receptors of class {self.receptor_class} can judge "
                f"such a fold here, and {FEWEST_CASES} are needed."
            )
        if self.origin == "family":
            which = f"averages made without the receptor and its homologues (above {HOMOLOGUE_IDENTITY:.0%} identity)"
        elif self.lowest == 1:
            which = "receptors laid on another structure of their own"
        else:
            which = f"receptors threaded on another one at {self.lowest:.0%} to {self.highest:.0%} identity"
        return (
            f"Expected TM-score {self.tm} and lDDT {self.lddt}: median (10 to 90 %) of {which}, against{state} experiments of "
            f"{self.receptors} receptors of class {self.receptor_class}, at numbered residues alone."
        )


def expected(fold: Fold) -> Expectation:
    """What folds of the same method, class, state and identity with the template reached; ranges are None where that was not tested.

    Parameters
    ----------
    fold : Fold
        Of `family_average` or `thread`.
    """
    for one in calibrated():
        if (one.origin, one.receptor_class, one.state) == (fold.origin, fold.receptor_class, fold.state or ANY) and _covers(one, fold):
            return one
    return Expectation(fold.origin, fold.receptor_class, fold.state or ANY, 0.0, 0.0, 0, None, None)


@cache
def calibrated() -> tuple[Expectation, ...]:
    """All that ship."""
    return from_plain(tuple[Expectation, ...], json.loads((DATA / CALIBRATION).read_text(encoding="utf-8")))


def write_calibration(path: Path, rows: Sequence[Expectation]) -> None:
    """Write the file that `calibrated` reads.

    Parameters
    ----------
    path : Path
    rows : sequence of Expectation
    """
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def range_of(values: Sequence[float], receptors: int) -> Range | None:
    """Quantiles of values that come from so many receptors; None where these are fewer than five."""
    if receptors < FEWEST_CASES:
        return None
    return Range(*(round(float(value), _DIGITS) for value in np.quantile(values, _QUANTILES)))


def _covers(one: Expectation, fold: Fold) -> bool:
    if one.origin == "family":
        return True
    return one.lowest <= fold.identity < one.highest or (one.lowest == 1 and fold.identity == 1)
