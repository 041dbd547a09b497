"""A structure of a protein, read, mapped onto it and ready to draw.  Kept for the next rerun."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from allo_core.errors import LibraryError
from allo_core.library.nearest import numbers_for
from allo_core.library.predicted import ATTRIBUTION
from allo_core.library.structures import shipped_structure
from allo_core.protein.sequence import Protein
from allo_core.structure.confidence import plddt
from allo_core.structure.geometry import cb_positions
from allo_core.structure.mapping import StructureMap, map_structure
from allo_core.structure.neighbours import Target, targets
from allo_core.structure.read import Structure, read_structure
from allo_core.structure.scene import Scene, build_scene
from allo_core.ui.shared import inputs
from allo_core.ui.shared.refs import StructureRef

__all__ = ["LoadedStructure", "load_structure"]


@dataclass(frozen=True)
class LoadedStructure:
    """A structure file mapped onto a protein, ready to draw.

    ``cb`` [L, 3] are CB positions (CA for glycine) in Å, NaN where the structure shows none; ``targets`` is what residues can be near to;
    ``plddt`` [L] is the confidence of a prediction, None of an experiment.
    """

    key: str
    name: str
    structure: Structure
    mapping: StructureMap
    scene: Scene
    cb: np.ndarray
    targets: tuple[Target, ...]
    plddt: np.ndarray | None = None

    @property
    def ref(self) -> StructureRef:
        """Which structure it is."""
        return StructureRef.parse(self.key)

    @property
    def credit(self) -> str:
        """Whom its licence asks to name beside every picture; "" for entries of the PDB, which are in the public domain, and uploads."""
        return ATTRIBUTION if self.ref.kind == "alphafold" else ""


def load_structure(key: str, protein: Protein) -> LoadedStructure:
    """A shipped, fetched or uploaded structure mapped onto the protein.

    Raises
    ------
    StructureError
        It is no structure of this protein, or cannot be read.
    StoreError
        It is no longer kept on this machine.
    """
    path, name = inputs.structure_file(key)
    return _loaded(key, str(path), name, protein)


@st.cache_resource(max_entries=8, show_spinner="Reading the structure")
def _loaded(key: str, path: str, name: str, protein: Protein) -> LoadedStructure:
    structure = read_structure(path, name)
    with suppress(LibraryError):
        structure = shipped_structure(key).described(structure)
    mapping = map_structure(structure, protein)
    numbers = numbers_for(protein)
    scene = build_scene(structure, mapping, protein, numbers.segment if numbers is not None else None)
    return LoadedStructure(
        key,
        name,
        structure,
        mapping,
        scene,
        cb_positions(structure, mapping, len(protein)),
        targets(structure, mapping),
        plddt(structure, mapping, len(protein)),
    )
