"""What is asked of one protein: which residues, measured how, above which threshold, against which random ones."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from allo_core.analysis.measures import Measure, Setting, Weighting, check_weighting, setting
from allo_core.analysis.strata import strata_of
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import DEFAULT_THRESHOLD

if TYPE_CHECKING:  # the terminal's errors need not wait for scipy
    from allo_core.attention.nulls import Null

__all__ = ["Question"]

_SETS = ("A", "B")


@dataclass(frozen=True, eq=False)
class Question:
    """A question that can be answered from one run of any model.

    Parameters
    ----------
    subject : Subject
    a, b : tuple of int
        The residues of the sets A and B, 0-based; a set that the measure does not need may be empty.
    measure : {"A", "B", "AB", "BA"}
        Attention on set A or B, or how much of what one set looks at lies in the other.
    threshold : float
        Only attention above it counts.
    null : {"uniform", "matched", "pocket", "published"}
        What the marked residues are compared with; `default_null` says which one is usual for a protein.
    draws : int, optional
        Random sites; by default as many as the heads of the model need.
    seed : int
    weighting : {"attention", "value"}
        What counts: attention, or value-weighted attention, which has no threshold.

    Raises
    ------
    ScoreError
        An unknown measure or weighting, a threshold of value-weighted attention, a set that the measure needs is empty, or the matched
        null without generic numbers.  What only the scores can tell
        (a residue that does not exist, an impossible threshold or number of draws) is told by `answer`.
    """

    subject: Subject
    a: tuple[int, ...]
    b: tuple[int, ...] = ()
    measure: Measure = "A"
    threshold: float = DEFAULT_THRESHOLD
    null: "Null" = "uniform"
    draws: int | None = None
    seed: int = 0
    weighting: Weighting = "attention"

    def __post_init__(self):
        check_weighting(self.weighting, self.threshold)
        _ = self.setting, self.strata

    @property
    def sets(self) -> dict[str, tuple[int, ...]]:
        """Both sets by name."""
        return dict(zip(_SETS, (self.a, self.b), strict=True))

    @cached_property
    def setting(self) -> Setting:
        """The rows that count and the residues that are looked at, as `AttentionMaps.columns` and `score_heads` take them."""
        return setting(self.measure, self.a, self.b)

    @property
    def queries(self) -> tuple[int, ...] | None:
        """The residues that look; None for all."""
        return self.setting.queries

    @property
    def sites(self) -> tuple[int, ...]:
        """The residues that are looked at."""
        return self.setting.sites

    @cached_property
    def strata(self) -> tuple[str, ...] | None:
        """Stratum of each residue; None but for the matched and the pocket null."""
        return strata_of(self.null, self.subject.numbers, self.subject.protein.name)

    @property
    def key(self) -> tuple:
        """What the scores of one run depend on: equal for questions that have the same scores, whatever the other set holds."""
        return (self.weighting, self.threshold, self.queries, self.sites, self.null, self.strata, self.draws, self.seed)
