"""A structure of a protein, read, mapped onto it and ready to draw.  Kept for the next rerun."""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from allo_core.errors import FoldError, LibraryError
from allo_core.folding.esmfold import kept_esmfold
from allo_core.folding.fold import Fold
from allo_core.folding.offers import ESMFOLD_FOLD, fold_called
from allo_core.folding.trace import fold_structure
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

_HUMAN = ("human", "homo sapiens")


@dataclass(frozen=True)
class LoadedStructure:
    """A structure file mapped onto a protein, ready to draw.

    ``cb`` [L, 3] are CB positions (CA for glycine) in Å, NaN where the structure shows none; ``targets`` is what residues can be near to;
    ``plddt`` [L] is the confidence of a prediction, None of an experiment; ``fold`` is where a CA trace that the app draws comes from.
    """

    key: str
    name: str
    structure: Structure
    mapping: StructureMap
    scene: Scene
    cb: np.ndarray
    targets: tuple[Target, ...]
    plddt: np.ndarray | None = None
    fold: Fold | None = None

    @property
    def ref(self) -> StructureRef:
        """Which structure it is."""
        return StructureRef.parse(self.key)

    @property
    def species(self) -> str:
        """The other species that the receptor's chain comes from; "" where it is human, as all receptors of the library are, or unknown."""
        organisms = self.structure.organisms.get(self.mapping.chain, ())
        return "" if any(name.lower() in _HUMAN for name in organisms) else " and ".join(organisms)

    @property
    def changed(self) -> dict[int, str]:
        """Residues of which the structure shows another: 0-based index -> its letter there."""
        return {index: there for index, _, there in self.mapping.substitutions}

    @property
    def credit(self) -> str:
        """Whom its licence asks to name beside every picture; "" for entries of the PDB, which are in the public domain, and uploads."""
        if self.fold is not None:
            return ATTRIBUTION if self.fold.attribution else ""
        return ATTRIBUTION if self.ref.kind == "alphafold" else ""


def load_structure(key: str, protein: Protein, chain: str = "") -> LoadedStructure:
    """A shipped, fetched or uploaded structure mapped onto the protein, by the author's ``chain`` where one is named.

    Raises
    ------
    StructureError
        It is no structure of this protein, or cannot be read.
    StoreError
        It is no longer kept on this machine.
    FoldError
        A fold that cannot be drawn of this protein.
    """
    if StructureRef.parse(key).kind == "fold":
        return _drawn(key, protein)
    path, name = inputs.structure_file(key)
    return _loaded(key, str(path), name, protein, chain)


@st.cache_resource(max_entries=8, show_spinner="Reading the structure")
def _loaded(key: str, path: str, name: str, protein: Protein, chain: str) -> LoadedStructure:
    structure = read_structure(path, name)
    with suppress(LibraryError):
        structure = shipped_structure(key).described(structure)
    return _ready(key, name, structure, protein, chain)


@st.cache_resource(max_entries=8, show_spinner="Drawing the fold")
def _drawn(key: str, protein: Protein) -> LoadedStructure:
    if key == ESMFOLD_FOLD:
        folded = kept_esmfold(protein)
        if folded is None:
            raise FoldError(f"ESMFold has not folded {protein.name} on this machine, or its fold was deleted; fold it on the page Fold.")
        return _ready(key, folded.name, folded.structure, protein, "")
    fold = fold_called(key, protein)
    return replace(_ready(key, fold.name, fold_structure(fold), protein, ""), fold=fold)


def _ready(key: str, name: str, structure: Structure, protein: Protein, chain: str) -> LoadedStructure:
    mapping = map_structure(structure, protein, chain or None)
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
