"""What a file's own cross-references to sequence databases say about the edges of a chain."""

from __future__ import annotations

import numpy as np

from allo_core.structure.header import ReferenceRange

__all__ = ["as_referenced", "rows_of"]

_SHORTEST_CONTINUATION = 3  # residues; chance lets a tag go on like the sequence over three of them once in 8,000


def rows_of(reference: ReferenceRange, number: np.ndarray, insertion: np.ndarray) -> np.ndarray:
    """Mask of the chain's residues in a range that the file refers to one database sequence.

    Numbers may fall within a range (8FYN: 1106, 219, ..., 316); such a range is followed along the chain.
    """
    (first, first_code), (last, last_code) = reference.first, reference.last
    if first <= last:
        return (number >= first) & (number <= last)
    begins = np.flatnonzero((number == first) & (insertion == first_code))
    if not len(begins):
        return np.zeros(len(number), dtype=bool)
    after = np.arange(len(number)) > begins[0]
    ends = np.flatnonzero(after & (number == last) & (insertion == last_code))
    inside = after & (number <= last)
    if len(ends):
        inside &= np.arange(len(number)) <= ends[0]
    inside[begins[0]] = True
    return inside


def as_referenced(
    places: np.ndarray, identical: np.ndarray, bonded: np.ndarray, number: np.ndarray, ranges: list[np.ndarray], length: int
) -> np.ndarray:
    """Let the file decide at the edges: its cross-references say which residues belong to one database sequence.

    They are believed only where the alignment agrees with them for most residues, and they move no residue that is mapped.  Residues beside
    a range that go on like it, identical and in step with its numbers, stay: tags do not do that, but ranges begin late.
    """
    own = [inside for inside in ranges if inside.any() and (places[inside] >= 0).mean() > 0.5]
    if not own or (places[np.any(own, axis=0)] >= 0).sum() < 0.9 * (places >= 0).sum():
        return places
    inside = np.any(own, axis=0)
    others = [other for other in ranges if not any(other is each for each in own)]
    foreign = np.any(others, axis=0) if others else np.zeros(len(places), dtype=bool)
    kept = np.where(inside | _going_on(places, identical & ~foreign, bonded, number, inside), places, -1)
    for inside in own:
        for i in range(len(kept) - 2, -1, -1):
            _extend(kept, i, i + 1, bonded[i + 1] and inside[i] and inside[i + 1], length)
        for i in range(1, len(kept)):
            _extend(kept, i, i - 1, bonded[i] and inside[i] and inside[i - 1], length)
    return kept


def _going_on(places: np.ndarray, fitting: np.ndarray, bonded: np.ndarray, number: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mask of the residues outside the ranges that continue one, in sequence and in numbers, over at least three residues."""
    step = (np.diff(places) == 1) & (np.diff(number) == 1) & bonded[1:] & (places[1:] > 0) & (places[:-1] >= 0)
    kept = np.zeros(len(places), dtype=bool)
    for edge in np.flatnonzero(inside[1:] != inside[:-1]):
        outward = range(edge, -1, -1) if inside[edge + 1] else range(edge + 1, len(places))
        run = []
        for i in outward:
            joint = step[i] if inside[edge + 1] else step[i - 1]
            if inside[i] or not fitting[i] or not joint:
                break
            run.append(i)
        if len(run) >= _SHORTEST_CONTINUATION:
            kept[run] = True
    return kept


def _extend(places: np.ndarray, i: int, neighbour: int, together: bool, length: int) -> None:
    """Give residue i the place beside its neighbour's, if that is free."""
    if not together or places[i] >= 0 or places[neighbour] < 0:
        return
    place = places[neighbour] + i - neighbour
    mapped = places[places >= 0]
    before, after = places[:i][places[:i] >= 0], places[i + 1 :][places[i + 1 :] >= 0]
    if 0 <= place < length and place not in mapped and not (len(before) and before[-1] > place) and not (len(after) and after[0] < place):
        places[i] = place
