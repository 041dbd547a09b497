"""Lists of the stretches that a model of pairs looks at most and least, of many pairs, and how much of them is annotated."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from allo_core.attention.nulls import benjamini_hochberg
from allo_core.errors import PairError
from allo_core.interaction.annotations import Annotations
from allo_core.interaction.coverage import ANY_TYPE, CoverageTest, HitRates, coverage_of, coverage_test, hit_rates
from allo_core.interaction.cuts import ten_segments
from allo_core.storage.spreadsheet import read_rows

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64, Integer

__all__ = ["THRESHOLDS", "CoverageRow", "ListCoverage", "RankedLists", "coverage_of_lists", "coverage_sentence", "ranked_lists"]

THRESHOLDS = (0.25, 0.5, 0.75)  # of hit rates, as published
_CHOSEN: tuple[Literal["top", "low"], ...] = ("top", "low")
_SEGMENTS = 10
_MOST_ROWS = 1_000_000
_SEGMENT = re.compile(r"([AB])_segment(\d)", re.ASCII)
_LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class RankedLists:
    """Three best and three lowest of the 20 segments of each pair; segment k of B is 10 + k.

    Parameters
    ----------
    first, second : tuple of str, length pairs
        Names of the proteins A and B.
    top, low : ndarray, dtype=int, shape=(pairs, 3)
        Best first, and lowest first.
    label, prediction : ndarray, dtype=int, shape=(pairs,)
    """

    first: tuple[str, ...] = field(repr=False)
    second: tuple[str, ...] = field(repr=False)
    top: "Integer[np.ndarray, 'pairs 3']" = field(repr=False)
    low: "Integer[np.ndarray, 'pairs 3']" = field(repr=False)
    label: "Integer[np.ndarray, ' pairs']" = field(repr=False)
    prediction: "Integer[np.ndarray, ' pairs']" = field(repr=False)

    def __len__(self) -> int:
        return len(self.label)

    @property
    def groups(self) -> "dict[str, Integer[np.ndarray, ' rows']]":
        """Rows of all pairs, and of each label and prediction, "1-0" being a pair that interacts and is predicted not to."""
        found = {"all": np.arange(len(self))}
        for label, prediction in ((0, 0), (0, 1), (1, 0), (1, 1)):
            found[f"{label}-{prediction}"] = np.flatnonzero((self.label == label) & (self.prediction == prediction))
        return {name: rows for name, rows in found.items() if len(rows)}


@dataclass(frozen=True)
class CoverageRow:
    """Coverage of the three best, or the three lowest, segments of a group of pairs by one type.

    Parameters
    ----------
    group, type : str
    chosen : {"top", "low"}
    pairs, proteins : int
    every : float
        Mean coverage of all 20 segments of these pairs.
    test : CoverageTest
    q_value : float
        Of ``test.p``, Benjamini and Hochberg over all rows.
    """

    group: str
    type: str
    chosen: Literal["top", "low"]
    pairs: int
    proteins: int
    every: float
    test: CoverageTest
    q_value: float


@dataclass(frozen=True)
class ListCoverage:
    """What `coverage_of_lists` finds: a row for each group, type and choice, and hit rates by (group, threshold) of any type."""

    rows: tuple[CoverageRow, ...]
    hits: dict[tuple[str, float], HitRates]

    def row(self, group: str, kind: str, chosen: Literal["top", "low"]) -> CoverageRow:
        """The row of a group, a type and a choice; KeyError if there is none."""
        for row in self.rows:
            if (row.group, row.type, row.chosen) == (group, kind, chosen):
                return row
        raise KeyError((group, kind, chosen))


def ranked_lists(text: str) -> RankedLists:
    """Read a table with the columns proteina, proteinb, label, prediction, top1 to top3 and low1 to low3 (``A_segment7``).

    Parameters
    ----------
    text : str
        Comma, semicolon or tab separated.

    Raises
    ------
    ScoreError
        No table.
    PairError
        A column is missing, or a row cannot be read (it is named).
    """
    header, rows = read_rows(text, _MOST_ROWS)
    lower = [name.lower() for name in header]
    wanted = ("proteina", "proteinb", "label", "prediction", "top1", "top2", "top3", "low1", "low2", "low3")
    if missing := [name for name in wanted if name not in lower]:
        raise PairError(f"The table of ranked segments has no column {missing[0]!r}; it needs {', '.join(wanted)}.")
    if not rows:
        raise PairError("The table of ranked segments has no row; give one for each pair.")
    places = [lower.index(name) for name in wanted]
    cells = [(number, [[*row, *[""] * len(header)][at].strip() for at in places]) for number, row in rows]
    ranks = np.array([[_segment(cell, number) for cell in row[4:]] for number, row in cells])
    said = np.array([[_zero_or_one(cell, number) for cell in row[2:4]] for number, row in cells])
    first, second = (tuple(row[side] for _, row in cells) for side in (0, 1))
    return RankedLists(first, second, ranks[:, :3], ranks[:, 3:], said[:, 0], said[:, 1])


def coverage_of_lists(lists: RankedLists, annotations: Annotations, progress: Callable[[int, int], None] | None = None) -> ListCoverage:
    """Mean coverage of the best and the lowest segments beside chance, for each group and type, and hit rates of the best.

    Parameters
    ----------
    lists : RankedLists
    annotations : Annotations
        Of every protein of the lists.
    progress : callable, optional
        Of how many rows are done, and how many there are.

    Raises
    ------
    PairError
        A protein of the lists has no annotations.
    """
    names = tuple(dict.fromkeys((*lists.first, *lists.second)))
    place = {name: at for at, name in enumerate(names)}
    sides = np.array([[place[name] for name in names] for names in zip(lists.first, lists.second, strict=True)])
    covered = np.stack([_covered(annotations, name) for name in names])
    types = (*annotations.types, ANY_TYPE)
    found: list[tuple[str, str, Literal["top", "low"], int, int, float, CoverageTest]] = []
    total = 2 * len(types) * len(lists.groups)
    for group, rows in lists.groups.items():
        proteins = len(np.unique(sides[rows]))
        for kind, name in enumerate(types):
            every = float(np.nanmean(covered[sides[rows], kind]))
            for chosen in _CHOSEN:
                ranks = (lists.top if chosen == "top" else lists.low)[rows]
                owner = np.take_along_axis(sides[rows], ranks // _SEGMENTS, axis=1)
                found.append((group, name, chosen, len(rows), proteins, every, coverage_test(covered[:, kind], owner, ranks % _SEGMENTS)))
                if progress is not None:
                    progress(len(found), total)
    q = benjamini_hochberg(np.array([row[-1].p for row in found]))
    both = covered[sides, -1].reshape(len(lists), 2 * _SEGMENTS)
    hits = {(group, share): hit_rates(both[rows], lists.top[rows], share) for group, rows in lists.groups.items() for share in THRESHOLDS}
    return ListCoverage(tuple(CoverageRow(*row, float(value)) for row, value in zip(found, q, strict=True)), hits)


def coverage_sentence(found: ListCoverage, kind: str = ANY_TYPE) -> str:
    """What the coverage of all pairs says, first what speaks against it.

    Parameters
    ----------
    found : ListCoverage
    kind : str
        One type, or any.
    """
    top, low = found.row("all", kind, "top"), found.row("all", kind, "low")
    numbers = (
        f"The three best segments are annotated to {top.test.observed:.1%}, the three lowest to {low.test.observed:.1%}, all 20 to "
        f"{top.every:.1%}; with each protein's annotation turned, the best would be to {top.test.turned:.1%} (95 %: {top.test.low:.1%} to "
        f"{top.test.high:.1%}; p {top.test.p:.2g}), with that of other proteins at the same places to {top.test.places:.1%} (p "
        f"{top.test.places_p:.2g})."
    )
    if top.test.p >= _LEVEL or top.test.observed <= top.test.turned:
        verdict = "The best segments are not annotated more than chance."
    elif top.test.places_p >= _LEVEL:
        verdict = "The best segments are annotated more than chance, and no more than the same places of other proteins."
    else:
        verdict = "The best segments are annotated more than chance."
    return " ".join(filter(None, (verdict, numbers, _of_non_interacting(found, kind))))


def _of_non_interacting(found: ListCoverage, kind: str) -> str:
    """Whether the surplus is there for pairs that do not interact as well; then it says nothing of interaction."""
    groups = {row.group for row in found.rows}
    if not {"0-0", "1-1"} <= groups:
        return ""
    surplus = {group: found.row(group, kind, "top").test for group in ("0-0", "1-1")}
    above = {group: test.observed - test.turned for group, test in surplus.items()}
    if surplus["0-0"].p < _LEVEL and above["0-0"] > 0:
        return (
            f"Pairs that do not interact and are predicted not to have the surplus, too ({100 * above['0-0']:+.1f} points, those that "
            f"interact {100 * above['1-1']:+.1f}): it says what is annotated, not what interacts."
        )
    return f"The surplus is {100 * above['1-1']:+.1f} points for pairs that interact, {100 * above['0-0']:+.1f} for those that do not."


def _covered(annotations: Annotations, name: str) -> "Float64[np.ndarray, 'types 10']":
    annotated = annotations.of(name)
    return coverage_of(annotated, [np.arange(start, end) for start, end in ten_segments(annotated.shape[1])])


def _segment(text: str, number: int) -> int:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        raise PairError(f"Row {number} of the ranked segments: {text[:40]!r} is none of A_segment0 to B_segment9.")
    return _SEGMENTS * (match[1] == "B") + int(match[2])


def _zero_or_one(text: str, number: int) -> int:
    if text not in ("0", "1"):
        raise PairError(f"Row {number} of the ranked segments: {text[:40]!r} is neither 0 nor 1.")
    return int(text)
