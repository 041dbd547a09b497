"""What a structure shows on any page: a colour, a name and a value for each residue, the legend that explains them, pairs and labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from allo_core.library.nearest import numbers_for
from allo_core.protein.residues import residue_label
from allo_core.protein.sequence import Protein

__all__ = ["Painting", "residue_labels"]


@dataclass(frozen=True)
class Painting:
    """What the view shows on the structure, one entry a residue of the protein (length L).

    Parameters
    ----------
    colours, labels, values : sequence of str, length L
        Hex colour, name for the hover text, and formatted value of each residue (no values: an empty sequence).
    value_name : str
    sets : dict of name -> (UniProt numbers, hex colour)
    legend : dict, optional
        title, low, high (str) and colours (sequence of hex).
    colouring : str
        A short name of what is coloured.
    title : str
        The head, or what else is shown.
    pairs : sequence of (number, number, weight, pointed out)
        UniProt numbers of the pairs to draw.
    tags : sequence of (number, text)
        The few residues whose names are written beside them.
    """

    colours: Sequence[str]
    labels: Sequence[str]
    values: Sequence[str]
    value_name: str
    sets: dict[str, tuple[list[int], str]]
    legend: dict | None
    colouring: str
    title: str = "Structure"
    pairs: Sequence[tuple[int, int, float, bool]] = ()
    tags: Sequence[tuple[int, str]] = ()

    @property
    def id(self) -> str:
        """The same for the same painting; the slide waits until the view shows it."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def residue_labels(protein: Protein) -> list[str]:
    """Name of each residue with its generic numbers."""
    numbers = numbers_for(protein)
    return [residue_label(protein, index, numbers) for index in range(len(protein))]
