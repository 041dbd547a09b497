"""Scenes laid on each other, so that receptors or states are seen from the same side."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from allo_core.library.nearest import numbers_for
from allo_core.protein.numbering import ResidueNumbers
from allo_core.protein.sequence import Protein
from allo_core.structure.geometry import ca_positions
from allo_core.structure.scene import Scene, build_scene
from allo_core.structure.superpose import superpose
from allo_core.ui.shared.structures import LoadedStructure

__all__ = ["Reference", "reference_of", "scene_on"]


class Reference(NamedTuple):
    """What others are laid on: the protein, CA positions [L, 3] in the coordinates of its scene, its numbers, and what it is called."""

    protein: Protein
    trace: np.ndarray
    numbers: ResidueNumbers | None
    name: str


def reference_of(loaded: LoadedStructure, protein: Protein, name: str) -> Reference:
    """A shown structure as what others are laid on."""
    return Reference(protein, loaded.scene.placement.apply(_trace(loaded, protein)), numbers_for(protein), name)


def scene_on(loaded: LoadedStructure, protein: Protein, reference: Reference | None) -> tuple[Scene, str]:
    """The scene of a structure laid on the reference, and how well it lies there; as it stands by itself where it cannot.

    Structures of one protein are laid on each other by all their residues, others by those with the same generic numbers.

    Raises
    ------
    StructureError
        Too few residues are shown in both.
    """
    if reference is None:
        return loaded.scene, ""
    names = _names(protein, reference)
    if isinstance(names, str):
        return loaded.scene, names
    key = (loaded.key, loaded.mapping.chain, protein, reference.name, reference.trace.tobytes())
    return _scene_on(key, loaded, protein, reference, names)


def _names(protein: Protein, reference: Reference) -> tuple[Sequence[str], Sequence[str]] | str:
    """What the residues of both are paired by, or why they cannot be paired."""
    if protein.sequence == reference.protein.sequence:
        indices = [str(index) for index in range(len(protein))]
        return indices, indices
    numbers, there = numbers_for(protein), reference.numbers
    if numbers is None or there is None:
        return "Not superposed: no generic numbers."
    if numbers.receptor_class != there.receptor_class:
        return f"Not superposed: class {numbers.receptor_class}, {reference.name} is class {there.receptor_class}."
    return numbers.gpcrdb, there.gpcrdb


@st.cache_resource(max_entries=16, show_spinner=False)
def _scene_on(
    key: tuple, _loaded: LoadedStructure, _protein: Protein, _reference: Reference, _names: tuple[Sequence[str], Sequence[str]]
) -> tuple[Scene, str]:
    own, there = _names
    found = superpose(_trace(_loaded, _protein), own, _reference.trace, there)
    numbers = numbers_for(_protein)
    segments = numbers.segment if numbers is not None else None
    scene = build_scene(_loaded.structure, _loaded.mapping, _protein, segments, found.placement)
    return scene, f"On {_reference.name}: {found.rmsd:.1f} Å over {found.core} residues."


def _trace(loaded: LoadedStructure, protein: Protein) -> np.ndarray:
    """CA positions in the coordinates of the file."""
    return ca_positions(loaded.structure, loaded.mapping, len(protein))
