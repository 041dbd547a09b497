"""Where the residues of a protein lie in space, for comparison with random pockets; the same whatever structure is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from allo_core.analysis.subject import Subject
from allo_core.errors import StructureError
from allo_core.library.predicted import predicted_structure, predicted_structures
from allo_core.library.receptors import find_receptor, receptors
from allo_core.library.structures import shipped_structures
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein

if TYPE_CHECKING:  # the app need not wait for it
    from jaxtyping import Float64

__all__ = ["Places", "places_of"]

_FEWEST_SHARED = 100  # generic numbers, for positions that are carried over from another receptor


@dataclass(frozen=True, eq=False)
class Places:
    """Positions of the residues of one protein.

    Parameters
    ----------
    positions : ndarray, dtype=float64, shape=(L, 3)
        CB (CA of glycine) in Å; NaN where there is none.
    source : str
        The structure: ``"AF-P61073-F1"``, or ``"1U19 by generic number"``.
    """

    positions: Float64[np.ndarray, "L 3"] = field(repr=False)
    source: str


def places_of(subject: Subject) -> Places | None:
    """Positions from the AlphaFold model that ships (without residues of low confidence), else from an experimental structure that ships,
    else those of a receptor of the class at the same generic numbers; None for a protein without generic numbers.

    Asking again costs nothing.
    """
    return _places(subject.protein)


@lru_cache(maxsize=32)
def _places(protein: Protein) -> Places | None:
    subject = Subject.of(protein)
    if subject.numbers is None or subject.receptor is None:
        return None
    for source, path in _own_structures(subject.receptor.entry).items():
        try:
            return Places(_positions(path, protein), source)
        except StructureError:  # a part of the receptor that the structure lacks
            continue
    return _carried_over(subject.numbers)


def _own_structures(entry: str) -> dict[str, Path]:
    model = predicted_structure(entry)
    models = {} if model is None else {model.name: model.path}
    return models | {structure.entry: structure.path for structure in shipped_structures(entry)}


def _positions(path: Path, protein: Protein) -> np.ndarray:
    # The terminal's errors need not wait for biotite.
    from allo_core.structure.confidence import LOW_CONFIDENCE, plddt
    from allo_core.structure.geometry import cb_positions
    from allo_core.structure.mapping import map_structure
    from allo_core.structure.read import read_structure

    structure = read_structure(path)
    mapping = map_structure(structure, protein)
    positions = cb_positions(structure, mapping, len(protein))
    confidence = plddt(structure, mapping, len(protein))
    if confidence is not None:
        positions[~(confidence >= LOW_CONFIDENCE)] = np.nan
    return positions


def _carried_over(numbers: ResidueNumbers) -> Places | None:
    """Positions of the receptor of the class with a structure that shares most generic numbers."""
    wanted = Counter(number for number in numbers.gpcrdb if number)
    templates = _templates(numbers.receptor_class)
    shared = {entry: (wanted & Counter(theirs)).total() for entry, theirs in templates.items()}
    best = max(shared, key=shared.__getitem__, default="")
    if shared.get(best, 0) < _FEWEST_SHARED:
        return None
    source, path = next(iter(_own_structures(best).items()))
    there = _positions(path, find_receptor(best).protein)
    place = {number: position for number, position in zip(templates[best], there, strict=True) if number}
    unknown = np.full(3, np.nan)
    return Places(np.stack([place.get(number, unknown) for number in numbers.gpcrdb]), f"{source} by generic number")


@lru_cache(maxsize=8)
def _templates(receptor_class: str) -> dict[str, tuple[str, ...]]:
    """Entry and generic numbers of the receptors of a class that have a structure here, in alphabetical order."""
    with_structure = {model.receptor for model in predicted_structures().values()}
    return {
        entry: receptor.numbers.gpcrdb
        for entry, receptor in sorted(receptors().items())
        if receptor.numbers is not None
        and receptor.numbers.receptor_class == receptor_class
        and (entry in with_structure or shipped_structures(entry))
    }
