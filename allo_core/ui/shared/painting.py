"""What a structure shows on any page: a colour, a name and a value for each residue, the legend that explains them, pairs and labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allo_core.analysis.track import Letters, Segments, Track, Values
from allo_core.figures.colours import (
    RESIDUE_CLASSES,
    SEGMENTS,
    Theme,
    attention_scale,
    hex_colours,
    residue_colour,
    segment_colours,
    signed_scale,
)
from allo_core.library.nearest import numbers_for
from allo_core.protein.residues import residue_label
from allo_core.protein.sequence import Protein
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["Painting", "painting_of", "residue_labels", "short_label"]


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
    pairs_name : str
        What the pairs are.
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
    pairs_name: str = "strongest pairs"

    @property
    def id(self) -> str:
        """The same for the same painting; the slide waits until the view shows it."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def painting_of(
    shown: Values | Segments | Letters | None,
    track: Track,
    labels: Sequence[str],
    sets: dict[str, tuple[list[int], str]],
    theme: Theme,
    whose: str = "",
    state: str = "",
    **extra: Any,
) -> Painting:
    """The painting of the values of a track.

    Parameters
    ----------
    shown : Values, Segments, Letters or None
        What the track gives; None: the receptor is plain.
    labels, sets
        As in `Painting`.
    whose : str
        Of whom the values are, at the end of the legend's title.
    state : str
        What else changes the colours, as part of the painting's ``colouring``.
    extra
        The title, pairs, their name and tags of the painting.
    """
    if shown is None:
        return Painting([], labels, [], "", sets, None, "plain", **extra)
    if isinstance(shown, Segments):
        legend = {"title": track.label, "low": "TM1", "high": "H8", "colours": list(SEGMENTS.values())}
        names = [name or f"no {track.label}" for name in shown.names]
        return Painting(segment_colours(shown.names), labels, names, track.label, sets, legend, track.name, **extra)
    if isinstance(shown, Letters):
        legend = {"title": f"{track.label}: {' · '.join(RESIDUE_CLASSES)}", "low": "", "high": ""}
        legend |= {"colours": [colour for _, colour in RESIDUE_CLASSES.values()]}
        colours = [residue_colour(letter) for letter in shown.letters]
        return Painting(colours, labels, list(shown.letters), track.label, sets, legend, track.name, **extra)
    if shown.missing:
        legend = {"title": f"{shown.name}: {shown.missing}", "low": "", "high": "", "colours": []}
        return Painting([], labels, [], "", sets, legend, f"{track.name}:missing", **extra)
    scale = (signed_scale if shown.signed else attention_scale)(theme)
    legend = {
        "title": f"{shown.name}{whose}",
        "low": f"≤ {shown.floor:.3g} ({shown.floor_name})" if shown.floor_name else "0",
        "high": f"{'' if shown.reached else '≥ '}{shown.ceiling:.3g} ({shown.ceiling_name})",
        "colours": list(scale),
    }
    formatted = ["none" if np.isnan(value) else f"{value:.3f}" for value in shown.values]
    colours = hex_colours(shown.values, shown.ceiling, scale, shown.floor)
    return Painting(colours, labels, formatted, shown.name, sets, legend, f"{track.name}:{state}", **extra)


def residue_labels(protein: Protein) -> list[str]:
    """Name of each residue with its generic numbers."""
    numbers = numbers_for(protein)
    return [residue_label(protein, index, numbers) for index in range(len(protein))]


def short_label(protein: Protein, index: int, loaded: LoadedStructure | None = None) -> str:
    """``"D52 2.50"``, as it is written beside the residue; ``"L48→A 2.46"`` where the structure shows another one."""
    numbers = numbers_for(protein)
    generic = "" if numbers is None else numbers.ballesteros[index] or numbers.gpcrdb[index]
    there = "" if loaded is None else loaded.changed.get(index, "")
    return f"{protein.label(index)}{'→' if there else ''}{there} {generic}".strip()
