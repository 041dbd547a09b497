"""How good a fold can be expected to be: TM-score and lDDT of the same kind of fold on receptors that it had not seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from allo_core.folding.fold import Fold
from allo_core.folding.head_worth import ModelExpectation
from allo_core.folding.ranges import FEWEST_CASES, Range
from allo_core.folding.shipped import ANY
from allo_core.library.receptors import DATA
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.storage.plain_json import from_plain

__all__ = ["CALIBRATION", "Expectation", "calibrated", "expected", "write_calibration"]

CALIBRATION = "fold_calibration.json"


@dataclass(frozen=True)
class Expectation:
    """What folds of one kind reached on experimental structures, at the residues with generic numbers.

    Parameters
    ----------
    origin : str
        "family" or "template".
    receptor_class : str
        "" of a protein that has none; it is not tested then.
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
            which = f"of class {self.receptor_class}" if self.receptor_class else "without generic numbers"
            return (
                f"How good it is was not tested:{state} experiments of {self.receptors} receptors {which} can judge "
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


def expected(fold: Fold) -> Expectation | ModelExpectation:
    """What folds of the same method, class, state and identity with the template reached; ranges are None where that was not tested.

    Of a model what its head reached.

    Parameters
    ----------
    fold : Fold
    """
    if fold.expectation is not None:
        return fold.expectation
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


def _covers(one: Expectation, fold: Fold) -> bool:
    if one.origin == "family":
        return True
    return one.lowest <= fold.identity < one.highest or (one.lowest == 1 and fold.identity == 1)
