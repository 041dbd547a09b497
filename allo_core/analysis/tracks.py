"""Tracks: a value for each residue, by which a structure is coloured.  A new one is one entry in `TRACKS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from allo_core.analysis.answer import Answer
from allo_core.analysis.subject import Subject
from allo_core.attention.columns import Columns
from allo_core.figures.colours import ceiling_of_all, value_ceiling

if TYPE_CHECKING:
    from allo_core.runs.maps import AttentionMaps
    from allo_core.runs.weighted import HeadMaps, WeightedMaps

__all__ = ["RECEIVED", "TRACKS", "Need", "Segments", "Selected", "Track", "TrackSource", "Values"]

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
    ``floor`` is where the scale begins, and ``floor_name`` what that is where it is not 0.
    """

    values: np.ndarray
    name: str
    ceiling: float
    ceiling_name: str
    missing: str = ""
    floor: float = 0.0
    floor_name: str = ""

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
    values : callable(source) -> Values, Segments or None
        None: nothing to colour by.
    title : str
        What a picture of it is called; empty: the head that is selected beside it.
    """

    name: str
    label: str
    unit: str
    needs: frozenset[Need]
    values: Callable[[TrackSource], Values | Segments | None]
    title: str = ""

    @property
    def of_one_head(self) -> bool:
        """Whether the values are those of the selected head."""
        return "head" in self.needs

    def of(self, source: TrackSource) -> Values | Segments | None:
        """The values; None where there are none, or what they need is not there."""
        missing = (
            ("run" in self.needs and source.maps is None)
            or ("scores" in self.needs and source.selected is None)
            or ("head" in self.needs and source.selected is None and source.browsed is None)
        )
        return None if missing else self.values(source)


def _received(source: TrackSource) -> Values:
    values = source.counted.received(*source.head)
    everyone = source.columns(source.counted, 0.0, None) if source.shared_scale else None
    return _of_head(source, values, source.named("attention received"), everyone)


def _above_threshold(source: TrackSource) -> Values:
    threshold = source.answer.question.threshold
    everyone = source.columns(source.counted, threshold, None)
    shared = everyone if source.shared_scale else None
    return _of_head(source, everyone.weights[source.head], source.named(f"received above {threshold:.2f}"), shared)


def _from_a(source: TrackSource) -> Values:
    name = source.named("received from A")
    if not source.a:
        return _nothing_marked(source, name)
    values = source.counted[source.head][list(source.a)].sum(axis=0, dtype=float)
    return _of_head(source, values, name, source.columns(source.counted, 0.0, source.a) if source.shared_scale else None)


def _to_a(source: TrackSource) -> Values:
    name = source.named("paid to A")
    if not source.a:
        return _nothing_marked(source, name)
    rows = source.counted[source.head]
    values = rows[:, list(source.a)].sum(axis=1, dtype=float)
    if source.weighted is not None:  # rows of attention sum to 1 with the special tokens, those of value-weighted attention to anything
        total = rows.sum(axis=1, dtype=float)
        values = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    if source.shared_scale:
        return Values(values, name, 1.0, "all of its attention, the same for all heads")
    return _of_head(source, values, name, None)


def _nothing_marked(source: TrackSource, name: str) -> Values:
    return Values.none(len(source), name, "nothing is marked in set A")


def _of_head(source: TrackSource, values: np.ndarray, name: str, everyone: Columns | None) -> Values:
    """Values of one head on a scale of its own, or on that of ``everyone``."""
    if everyone is not None:
        return Values(values, name, *ceiling_of_all(everyone.weights))
    ceiling, ceiling_name = value_ceiling(values)
    return Values(values, name, ceiling, f"{ceiling_name} of this head" if ceiling_name != "nothing above 0" else ceiling_name)


def _mean_of_passing(source: TrackSource) -> Values:
    passing = source.answer.scores.passing()
    if not len(passing):
        return Values.none(len(source), source.named("mean, passing heads"), "no head passes")
    weights = source.columns(source.counted, 0.0, None).weights
    values = weights[passing["layer"].to_numpy(), passing["head"].to_numpy()].mean(axis=0)
    ceiling, ceiling_name = value_ceiling(values)
    return Values(values, source.named(f"attention received, mean of {len(passing)} passing heads"), ceiling, ceiling_name)


def _conservation(source: TrackSource) -> Values:
    numbers = source.subject.numbers
    if numbers is None:
        return Values.none(len(source), "conservation", "no generic numbers")
    return Values(numbers.family_conservation, "conservation", 1.0, "all receptors of the class alike")


def _segments(source: TrackSource) -> Segments | None:
    numbers = source.subject.numbers
    return None if numbers is None else Segments(numbers.segment)


def _plddt(source: TrackSource) -> Values:
    if source.plddt is None:
        return Values.none(len(source), "pLDDT", "the structure is not a prediction")
    return Values(source.plddt, "pLDDT, confidence of the prediction", 100.0, "sure", floor=50.0, floor_name="not to be relied on")


def _tracks(*tracks: Track) -> dict[str, Track]:
    return {track.name: track for track in tracks}


RECEIVED = "received"  # what is shown where nothing else is chosen
_ATTENTION = "attention, summed over queries"
_ONE_HEAD = frozenset[Need]({"run", "head"})

# In the order in which they are offered.
TRACKS = _tracks(
    Track(RECEIVED, "attention received", _ATTENTION, _ONE_HEAD, _received),
    Track("above threshold", "above threshold", _ATTENTION, frozenset({"run", "head", "scores"}), _above_threshold),
    Track("from A", "received from A", "attention, summed over set A", _ONE_HEAD, _from_a),
    Track("to A", "paid to A", "share of the residue's attention", _ONE_HEAD, _to_a),
    Track("passing", "mean, passing heads", _ATTENTION, frozenset({"run", "scores"}), _mean_of_passing),
    Track("conservation", "conservation", "share of the receptors of the class", frozenset(), _conservation),
    Track("segment", "segment", "", frozenset(), _segments),
    Track("plddt", "pLDDT", "0 to 100", frozenset(), _plddt, title="Confidence of the prediction"),
    Track("plain", "plain", "", frozenset(), lambda source: None),
)
