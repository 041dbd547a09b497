"""The snake plot of a receptor: where each residue stands in the flat drawing of seven helices that this field uses.

Arrays in, a layout out; one unit is the radius of a residue's circle.  Helices are boxes of slanted rows, side by side in the order of the
chain and up and down in turn, the extracellular side above.  Loops are arches between them.  What is long is folded: a loop keeps the
residues next to its helices, a terminus those next to the bundle, and the rest is a break that says how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["Fold", "HelixBox", "SnakeLayout", "snake_layout"]

_STEP = 2.1  # between the circles of a row, and along a loop
_ROW = 1.95  # between rows; they are shifted by half a step, so circles do not touch
_SLANT = 0.3  # by which a circle stands lower than the one before it in its row
_IN_ROW = (4, 3)  # residues in the rows in turn: 3.5 a turn of the drawing, 3.6 of an alpha helix
_PITCH = 9.7  # from one helix to the next
_REACH = 1.2  # from the middle of a helix to where its loops leave
_EDGE = 2.15  # from the end of a helix to the first residue of a loop
_LONGEST_LOOP = 14  # residues of a loop that is not folded
_KEPT_OF_LOOP = 5  # at each end of a folded loop
_KEPT_OF_END = 5  # of a terminus
_ROWS_OF_H8 = 3
_HALF_A_BREAK = 5.5  # "… 1234, 12 marked"
_NAME = 2.6  # of a helix
_ROOM = 0.8
_HELICES = tuple(f"TM{number}" for number in range(1, 8))
_AMPHIPATHIC = "H8"


class HelixBox(NamedTuple):
    """The box behind a helix: its name, and left, top, right and bottom."""

    name: str
    left: float
    top: float
    right: float
    bottom: float


class Fold(NamedTuple):
    """Residues that are not drawn one by one: the first and the last of them (0-based, both included), and where the break stands."""

    first: int
    last: int
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class SnakeLayout:
    """Where everything stands; y grows downwards.

    Parameters
    ----------
    x, y : ndarray, dtype=float, shape=(L,)
        Middle of each residue's circle of radius 1; NaN for those in a fold.
    boxes : tuple of HelixBox
    folds : tuple of Fold
    left, top, right, bottom : float
        What the drawing needs, with room for circles and breaks.
    """

    x: Float[np.ndarray, " L"]
    y: Float[np.ndarray, " L"]
    boxes: tuple[HelixBox, ...]
    folds: tuple[Fold, ...]
    left: float
    top: float
    right: float
    bottom: float


def snake_layout(segments: Sequence[str]) -> SnakeLayout | None:
    """The layout of a receptor; None where fewer than two helices are known.

    Parameters
    ----------
    segments : sequence of str, length L
        Segment of each residue: "TM1" to "TM7", "H8", names of loops and termini, or "".
    """
    spans = {name: _span(segments, name) for name in (*_HELICES, _AMPHIPATHIC)}
    helices = [(name, span) for name in _HELICES if (span := spans[name]) is not None]
    if len(helices) < 2:
        return None
    drawing = _Drawing(len(segments))
    for place, (name, span) in enumerate(helices):
        drawing.helix(name, span, place * _PITCH, _HELICES.index(name) % 2 == 0)
    for (_, before), (name, after) in pairwise(helices):
        drawing.loop(before, after, above=_HELICES.index(name) % 2 == 0)
    drawing.terminus(range(helices[0][1].start - 1, -1, -1), helices[0][1].start, above=True)
    last, end = helices[-1][1], spans[_AMPHIPATHIC]
    above = _HELICES.index(helices[-1][0]) % 2 == 1
    if end is not None and end.start >= last.stop and not above:
        drawing.amphipathic(last, end)
    else:
        drawing.terminus(range(last.stop, len(segments)), last.stop - 1, above)
    return drawing.layout()


def _span(segments: Sequence[str], name: str) -> range | None:
    inside = [index for index, segment in enumerate(segments) if segment == name]
    return range(inside[0], inside[-1] + 1) if inside else None


class _Drawing:
    """A layout in the making."""

    def __init__(self, length: int):
        self.x, self.y = np.full(length, np.nan), np.full(length, np.nan)
        self.boxes: list[HelixBox] = []
        self.folds: list[Fold] = []
        self.middle: dict[int, float] = {}  # x of the middle of the helix, by its first and last residue

    def put(self, index: int, x: float, y: float) -> None:
        self.x[index], self.y[index] = x, y

    def helix(self, name: str, span: range, middle: float, down: bool) -> None:
        """Slanted rows around y = 0, from above to below or from below to above."""
        rows: list[list[int]] = []
        rest = list(span)
        while rest:
            size = _IN_ROW[len(rows) % 2]
            rows.append(rest[:size])
            rest = rest[size:]
        height = (len(rows) - 1) * _ROW
        for at, row in enumerate(rows):
            usual = _IN_ROW[at % 2]
            for place, index in enumerate(row):
                along = place - (usual - 1) / 2
                y = -height / 2 + at * _ROW + along * _SLANT
                self.put(index, middle + along * _STEP, y if down else -y)
        inside = slice(span.start, span.stop)
        self.boxes.append(self._box(name, inside))
        self.middle |= {span.start: middle, span[-1]: middle}

    def _box(self, name: str, inside: slice) -> HelixBox:
        x, y, room = self.x[inside], self.y[inside], 1.25
        return HelixBox(name, float(x.min() - room), float(y.min() - room), float(x.max() + room), float(y.max() + room))

    def loop(self, before: range, after: range, above: bool) -> None:
        """An arch from the end of a helix to the beginning of the next one."""
        inside = list(range(before.stop, after.start))
        if not inside:
            return
        ends = [next(box for box in self.boxes if box.left < self.middle[index] < box.right) for index in (before[-1], after.start)]
        edge = min(box.top for box in ends) - _EDGE + 1 if above else max(box.bottom for box in ends) + _EDGE - 1
        start, stop = self.middle[before[-1]] + _REACH, self.middle[after.start] - _REACH
        kept, folded = inside, []
        if len(inside) > _LONGEST_LOOP:
            kept = inside[:_KEPT_OF_LOOP] + inside[-_KEPT_OF_LOOP:]
            folded = inside[_KEPT_OF_LOOP:-_KEPT_OF_LOOP]
        across = int((stop - start) // _STEP)  # steps between the corners
        places = len(kept) + (2 if folded else 0)  # a break is as wide as two circles
        levels = max(1, -(-(places - (across - 1)) // 2))
        over = places - 2 * levels
        if over < 0:
            levels, over = places // 2, places % 2
        sign = -1 if above else 1
        path = [(start, edge + sign * level * _STEP) for level in range(levels)]
        top = edge + sign * max(levels - 1, 0) * _STEP + (sign * _STEP * 0.55 if over == 1 and levels else 0)
        path += [(start + (stop - start) * (at + 1) / (over + 1), top) for at in range(over)]
        path += [(stop, edge + sign * level * _STEP) for level in reversed(range(levels))]
        if folded:
            half = len(kept) // 2
            fold = path[half : half + 2]
            self.folds.append(Fold(folded[0], folded[-1], sum(x for x, _ in fold) / 2, sum(y for _, y in fold) / 2))
            path = path[:half] + path[half + 2 :]
        for index, (x, y) in zip(kept, path, strict=True):
            self.put(index, x, y)

    def terminus(self, outward: range, anchor: int, above: bool) -> None:
        """Residues from a helix outwards: away from it, then to the side; the farther ones folded."""
        inside = list(outward)
        if not inside:
            return
        box = next(box for box in self.boxes if box.left < self.middle[anchor] < box.right)
        sign, edge = (-1, box.top - _EDGE + 1) if above else (1, box.bottom + _EDGE - 1)
        kept, folded = (inside, []) if len(inside) <= _KEPT_OF_END + 2 else (inside[:_KEPT_OF_END], inside[_KEPT_OF_END:])
        x = self.middle[anchor] - _REACH
        for at, index in enumerate(kept):
            self.put(index, x, edge + sign * at * _STEP)
        if folded:
            y = edge + sign * (len(kept) * _STEP + 0.3)
            self.folds.append(Fold(min(folded), max(folded), x, y))

    def amphipathic(self, last: range, end: range) -> None:
        """Helix 8 lying below TM7 and to its right, what links the two, and the C-terminus behind it."""
        box = self.boxes[-1]
        link = list(range(last.stop, end.start))
        y = box.bottom + _EDGE - 1
        for at, index in enumerate(link):
            self.put(index, self.middle[last[-1]], y + at * _STEP)
        top = y + len(link) * _STEP + (0.6 if link else 0.2)
        left = self.middle[last[-1]] - _REACH
        for at, index in enumerate(end):
            column, row = divmod(at, _ROWS_OF_H8)
            self.put(index, left + column * _STEP + (row % 2) * _STEP / 2, top + 1 + row * _ROW)
        self.boxes.append(self._box(_AMPHIPATHIC, slice(end.start, end.stop)))
        below = self.boxes[-1].bottom + _EDGE - 1
        inside = list(range(end.stop, len(self.x)))
        kept, folded = (inside, []) if len(inside) <= _KEPT_OF_END + 2 else (inside[:_KEPT_OF_END], inside[_KEPT_OF_END:])
        right = float(self.x[end.start : end.stop].max())
        for at, index in enumerate(kept):
            self.put(index, right - at * _STEP, below)
        if folded:
            self.folds.append(Fold(folded[0], folded[-1], right - len(kept) * _STEP - 1.6, below))

    def layout(self) -> SnakeLayout:
        x, y = self.x[np.isfinite(self.x)], self.y[np.isfinite(self.y)]
        left = min(x.min() - 1, *(fold.x - _HALF_A_BREAK for fold in self.folds), *(box.left for box in self.boxes))
        right = max(x.max() + 1, *(fold.x + _HALF_A_BREAK for fold in self.folds), *(box.right + _NAME for box in self.boxes))
        top = min(y.min() - 1, *(fold.y - 1 for fold in self.folds), *(box.top - _NAME for box in self.boxes))
        bottom = max(y.max() + 1, *(fold.y + 1 for fold in self.folds), *(box.bottom for box in self.boxes))
        return SnakeLayout(self.x, self.y, tuple(self.boxes), tuple(self.folds), left - _ROOM, top - _ROOM, right + _ROOM, bottom + _ROOM)
