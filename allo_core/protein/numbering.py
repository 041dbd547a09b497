"""Segments, both generic numbering schemes and conservation of the residues of one protein."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float

__all__ = ["BALLESTEROS_NUMBER", "GPCRDB_NUMBER", "ResidueNumbers", "ballesteros_weinstein", "carried_over", "segment_spans"]

# How people write the two generic numbers: 2x63, 2.64.
GPCRDB_NUMBER = re.compile(r"(\d{1,2})[xX](\d{2,3})")
BALLESTEROS_NUMBER = re.compile(r"(\d{1,2})\.(\d{1,2})")


@dataclass(frozen=True)
class ResidueNumbers:
    """Segment, generic numbers and conservation of each residue of one protein of length L.

    Parameters
    ----------
    receptor : str
        Entry name of the library receptor the numbers come from.
    receptor_class : str
        GPCR class; ``2x50`` of a class B receptor means class B's own scheme.
    identity : float
        Share of identical residues in the alignment to that receptor; 1 for the receptor itself.
    origin : tuple of int or None, length L
        0-based index in that receptor of the residue that each residue stands for.
    segment, gpcrdb, ballesteros : tuple of str, length L
        ``"TM2"``, ``"2x63"`` and ``"2.64"``; empty where there is none.
    family_conservation, ortholog_conservation : ndarray, dtype=float, shape=(L,)
        Share (0 to 1) of the commonest residue at that generic number over the human receptors of the class, and share of the
        receptor's orthologs that have its residue; NaN where unknown.
    """

    receptor: str
    receptor_class: str
    identity: float
    origin: tuple[int | None, ...] = field(repr=False)
    segment: tuple[str, ...]
    gpcrdb: tuple[str, ...]
    ballesteros: tuple[str, ...]
    family_conservation: Float[np.ndarray, " L"] = field(repr=False)
    ortholog_conservation: Float[np.ndarray, " L"] = field(repr=False)

    def __len__(self) -> int:
        return len(self.segment)

    def label(self, index: int) -> str:
        """Both numbers, ``"2.64 2x63"``; empty for a residue without any."""
        return " ".join(number for number in (self.ballesteros[index], self.gpcrdb[index]) if number)

    def crop(self, start: int, stop: int) -> ResidueNumbers:
        """Numbers of the residues with 0-based indices ``start`` to ``stop`` (excluded)."""
        part = slice(start, stop)
        return self.take(range(*part.indices(len(self))), self.identity)

    def take(self, indices, identity: float) -> ResidueNumbers:
        """Numbers for another sequence: ``indices[i]`` is the residue here that residue i there stands for, or None."""
        indices = list(indices)

        def strings(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple("" if i is None else values[i] for i in indices)

        def floats(values: np.ndarray) -> np.ndarray:
            return np.array([np.nan if i is None else values[i] for i in indices], dtype=float)

        return ResidueNumbers(
            self.receptor,
            self.receptor_class,
            identity,
            tuple(None if i is None else self.origin[i] for i in indices),
            strings(self.segment),
            strings(self.gpcrdb),
            strings(self.ballesteros),
            floats(self.family_conservation),
            floats(self.ortholog_conservation),
        )

    def strata(self) -> tuple[str, ...]:
        """Stratum of each residue for the matched null: segment x tertile of family conservation.

        Loops of one side count as one segment, so do the parts of a GAIN domain.  Tertiles are those of all residues with a generic
        number; residues without one form a stratum of their own in each segment.
        """
        known = ~np.isnan(self.family_conservation)
        tertile = np.full(len(self), "unnumbered", dtype=object)
        if known.any():
            bounds = np.quantile(self.family_conservation[known], [1 / 3, 2 / 3])
            names = np.array(["low", "middle", "high"], dtype=object)
            tertile[known] = names[np.searchsorted(bounds, self.family_conservation[known], side="left")]
        return tuple(f"{_pooled_segment(segment)}, {level}" for segment, level in zip(self.segment, tertile, strict=True))

    def spans(self) -> list[tuple[str, int, int]]:
        """Segments in sequence order as (name, first index, last index), both 0-based and included."""
        return [span for span in segment_spans(self.segment) if span[0]]


def segment_spans(segments: Iterable[str]) -> list[tuple[str, int, int]]:
    """Each run of one segment as (name, first index, last index), both 0-based and included; the name is empty where there is none."""
    spans: list[tuple[str, int, int]] = []
    for index, name in enumerate(segments):
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1], index)
        else:
            spans.append((name, index, index))
    return spans


def _pooled_segment(segment: str) -> str:
    if segment.startswith(("ICL", "ECL")):
        return segment[:3]
    if segment.startswith(("A.", "B.")):
        return "GAIN"
    return segment or "none"


def ballesteros_weinstein(segment: tuple[str, ...], gpcrdb: tuple[str, ...]) -> tuple[str, ...]:
    """Ballesteros-Weinstein numbers N.MM, counted along the sequence from the residue Nx50 within its segment.

    They are given to all residues of TM1 to TM7 and H8, and to the loop residues that have a GPCRdb number (12.49, 45.50).

    Source: Ballesteros and Weinstein, Methods Neurosci. 25, 366 (1995); Isberg et al., Trends Pharmacol. Sci. 36, 22 (2015).
    """
    anchors = {}
    for index, number in enumerate(gpcrdb):
        if number.endswith("x50"):
            anchors[segment[index]] = (index, number[:-3])
    result = []
    for index, name in enumerate(segment):
        counted = name in anchors and (name.startswith(("TM", "H8")) or gpcrdb[index])
        if not counted:
            result.append("")
            continue
        anchor, helix = anchors[name]
        place = 50 + index - anchor
        result.append(f"{helix}.{place:02d}" if 0 < place < 100 else "")
    return tuple(result)


def carried_over(indices: Iterable[int], source: ResidueNumbers, target: ResidueNumbers) -> tuple[int, ...]:
    """The residues of another protein that stand at the same GPCRdb numbers.

    Parameters
    ----------
    indices : iterable of int
        0-based residues of the protein that ``source`` numbers.
    source, target : ResidueNumbers

    Returns
    -------
    tuple of int
        0-based, ascending; residues without a number, and numbers that the target lacks, have none.  Empty where the classes differ, since
        the same number then means another place.
    """
    if source.receptor_class != target.receptor_class:
        return ()
    place = {number: index for index, number in enumerate(target.gpcrdb) if number}
    return tuple(sorted({place[source.gpcrdb[index]] for index in indices if source.gpcrdb[index] in place}))
