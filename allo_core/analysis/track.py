"""A track: a value for each residue, by which a structure is coloured, and what it takes its values from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.analysis.answer import Answer
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import Columns

if TYPE_CHECKING:
    from allo_core.models.probabilities import ResidueProbabilities
    from allo_core.runs.maps import AttentionMaps
    from allo_core.runs.weighted import HeadMaps, WeightedMaps

__all__ = ["Letters", "Need", "Segments", "Selected", "Track", "TrackSource", "Values"]

# What a track cannot do without: a run of the protein; a selected head of an answer; the other heads' scores; nothing but the sequence.
Need = Literal["run", "head", "scores"]


class Selected(NamedTuple):
    """A head of an answered question."""

    answer: Answer
    head: tuple[int, int]


@dataclass(frozen=True, eq=False)
class TrackSource:
    """Where tracks take their values from.

    Parameters
    ----------
    subject : Subject
    columns : callable(maps, threshold, queries) -> Columns
        Column weights of a run, weighted or not, kept by whoever asks often.
    a : tuple of int
        The residues of set A, 0-based.
    maps : AttentionMaps or None
        A run of the protein, where there is one.
    selected : Selected or None
        The answer whose heads are shown, and one of them.
    shared_scale : bool
        Whether the scale ends where it does for all heads, so that heads can be compared.
    plddt : ndarray, dtype=float, shape=(L,), or None
        Confidence of the structure that is shown, from 0 to 100; None where it is no prediction.
    browsed : (layer, head) or None
        A head that is looked at although nothing is asked.
    weighted : WeightedMaps or None
        The run value-weighted, where that is what counts.
    probabilities : ResidueProbabilities or None
        What the model expects at each residue, where that is kept.
    network : Values or None
        How central each residue is in the network of the structure that is shown.
    fold_confidence : ndarray, dtype=float, shape=(L,), or None
        1/(1 + sd) of a fold that the app draws, from 0 to 1; None where a structure is shown.
    """

    subject: Subject
    columns: "Callable[[HeadMaps, float, tuple[int, ...] | None], Columns]"
    a: tuple[int, ...] = ()
    maps: "AttentionMaps | None" = None
    selected: Selected | None = None
    shared_scale: bool = False
    plddt: np.ndarray | None = None
    browsed: tuple[int, int] | None = None
    weighted: "WeightedMaps | None" = None
    probabilities: "ResidueProbabilities | None" = None
    network: "Values | None" = None
    fold_confidence: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.subject.protein)

    @property
    def run(self) -> "AttentionMaps":
        """The run; LookupError where there is none, so a track that reads it says that it needs it."""
        if self.maps is None:
            raise LookupError("there is no run")
        return self.maps

    @property
    def counted(self) -> "HeadMaps":
        """What counts of the run: its attention, or that value-weighted; LookupError where there is none."""
        return self.run if self.weighted is None else self.weighted

    def named(self, name: str) -> str:
        """The name of values, with what counts where that is not attention."""
        return name if self.weighted is None else f"{name}, value-weighted"

    @property
    def answer(self) -> Answer:
        """The answer; LookupError where there is none."""
        if self.selected is None:
            raise LookupError("there is no answer")
        return self.selected.answer

    @property
    def head(self) -> tuple[int, int]:
        """The selected head; LookupError where there is none."""
        head = self.browsed if self.selected is None else self.selected.head
        if head is None:
            raise LookupError("no head is selected")
        return head


@dataclass(frozen=True)
class Values:
    """One number for each residue, length L (NaN where there is none), and the ends of its colour scale.

    ``name`` says what the numbers are, ``ceiling_name`` where the scale ends and for whom; ``missing`` why there are none, or "".
    ``floor`` is where the scale begins, and ``floor_name`` what that is where it is not 0; ``signed`` whether values above and below the
    middle of the scale mean opposite things.
    """

    values: np.ndarray
    name: str
    ceiling: float
    ceiling_name: str
    missing: str = ""
    floor: float = 0.0
    floor_name: str = ""
    signed: bool = False

    @property
    def reached(self) -> bool:
        """Whether no value can lie beyond the end of the scale."""
        return not self.ceiling_name.startswith("98th")

    @classmethod
    def none(cls, length: int, name: str, why: str) -> "Values":
        """No values, and why."""
        return cls(np.full(length, np.nan), name, 1.0, "", why)


class Segments(NamedTuple):
    """The segment of each residue, length L: names instead of numbers; empty where a residue is in none."""

    names: tuple[str, ...]


class Letters(NamedTuple):
    """A residue of the twenty for each residue, length L, coloured by its chemistry; "-" where there is none."""

    letters: str


@dataclass(frozen=True)
class Track:
    """A value for each residue.

    Parameters
    ----------
    name : str
        As links hold it.
    label : str
        As a person reads it.
    unit : str
        Of the values; "" for names.
    needs : frozenset of {"run", "head", "scores"}
        Without one of these the structure is plain.
    values : callable(source) -> Values, Segments, Letters or None
        None: nothing to colour by.
    title : str
        What a picture of it is called; empty: the head that is selected beside it.
    """

    name: str
    label: str
    unit: str
    needs: frozenset[Need]
    values: Callable[[TrackSource], Values | Segments | Letters | None]
    title: str = ""

    @property
    def of_one_head(self) -> bool:
        """Whether the values are those of the selected head."""
        return "head" in self.needs

    def of(self, source: TrackSource) -> Values | Segments | Letters | None:
        """The values; None where there are none, or what they need is not there."""
        missing = (
            ("run" in self.needs and source.maps is None)
            or ("scores" in self.needs and source.selected is None)
            or ("head" in self.needs and source.selected is None and source.browsed is None)
        )
        return None if missing else self.values(source)
