"""Where a protein is cut into stretches: ten nearly equal ones, as published, or the regions of a receptor by its generic numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from allo_core.errors import PairError
from allo_core.library.nearest import numbers_for
from allo_core.protein.alignment import HOMOLOGUE_IDENTITY
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Integer

__all__ = ["REGIONS", "SEGMENTS", "region_numbers", "regions", "stretches_of", "ten_segments"]

_PARTS = 10
SEGMENTS = tuple(f"segment{number}" for number in range(_PARTS))
# From the N- to the C-terminus.
REGIONS = ("N-term", "TM1", "ICL1", "TM2", "ECL1", "TM3", "ICL2", "TM4", "ECL2", "TM5", "ICL3", "TM6", "ECL3", "TM7", "H8", "C-term")
_GAIN = ("A.", "B.")  # how the segments of a GAIN domain begin: it is a part of the N-terminus
_LINKER = "ICL4"  # the few residues between TM7 and H8 that nine receptors have


def ten_segments(length: int) -> tuple[tuple[int, int], ...]:
    """Ten consecutive stretches of a protein, the first ones longer by one residue where ten do not divide the length.

    With b, r = divmod(length, 10), stretch i has b + 1 residues for i < r, else b (protloc-mex-x 0.0.27; Sun et al., Brief. Bioinform. 26,
    bbaf434 (2025)).

    Parameters
    ----------
    length : int
        Residues of the protein.

    Returns
    -------
    tuple of (start, end)
        0-based, the end excluded; of fewer than ten residues the last stretches are empty.
    """
    each, longer = divmod(length, _PARTS)
    ends = [each * number + min(number, longer) for number in range(_PARTS + 1)]
    return tuple(pairwise(ends))


def regions(numbers: ResidueNumbers | None, length: int) -> dict[str, Integer[np.ndarray, " residues"]]:
    """The residues of each region of a receptor.

    A GAIN domain counts to the N-terminus, and what lies between TM7 and H8 to H8.  Residues to which no segment is known are in no region.

    Parameters
    ----------
    numbers : ResidueNumbers or None
        None for a protein that is no receptor, or whose segments are unknown: it has none of the regions.
    length : int
        Residues of the protein.

    Returns
    -------
    dict of str to ndarray, dtype=int, shape=(residues,)
        0-based and ascending, of every name in `REGIONS`; empty for a region that the receptor lacks.

    Raises
    ------
    ValueError
        Numbers of another length.
    """
    if numbers is not None and len(numbers) != length:
        raise ValueError(f"numbers of {len(numbers)} residues for a protein of {length}")
    found: dict[str, list[int]] = {name: [] for name in REGIONS}
    for index, segment in enumerate(numbers.segment if numbers is not None else ()):
        name = "N-term" if segment.startswith(_GAIN) else "H8" if segment == _LINKER else segment
        if name:
            found[name].append(index)
    return {name: np.array(residues, dtype=np.int64) for name, residues in found.items()}


def region_numbers(protein: Protein) -> ResidueNumbers | None:
    """Numbers of which the segments alone are used: a receptor's own, or those of the nearest receptor above 40 % identity.

    Helices are where they are in a homologue, so that less identity will do than for generic numbers of single residues.  None where no
    receptor is near enough: such a protein has no regions.
    """
    return numbers_for(protein, HOMOLOGUE_IDENTITY)


def stretches_of(protein: Protein, tokens: Sequence[str]) -> tuple[Integer[np.ndarray, " ..."], ...]:
    """The residues of tokens of a protein: of "segment0" to "segment9", or of regions.

    Parameters
    ----------
    protein : Protein
    tokens : sequence of str

    Returns
    -------
    tuple of ndarray, dtype=int, shape=(residues,)
        0-based and ascending; empty for what the protein lacks.

    Raises
    ------
    PairError
        A token that stands for no stretch, such as "mean".
    """
    known = {name: np.arange(start, end) for name, (start, end) in zip(SEGMENTS, ten_segments(len(protein)), strict=True)}
    if any(token in REGIONS for token in tokens):
        known |= regions(region_numbers(protein), len(protein))
    if wrong := [token for token in tokens if token not in known]:
        raise PairError(f"{wrong[0][:40]!r} is no stretch of residues; choose segments or regions.")
    return tuple(known[token] for token in tokens)
