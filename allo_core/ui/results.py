"""What follows from a View: the run, its columns and scores, the scene.  Computed once and kept for the next rerun."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from allo_core.attention.columns import Columns
from allo_core.attention.maps import AttentionMaps
from allo_core.attention.scores import HeadScores, RandomSiteControl, random_site_control, score_heads
from allo_core.library import numbers_for, shipped_structure
from allo_core.residues import ResidueNumbers
from allo_core.sequence import Protein
from allo_core.structure.mapping import StructureMap, map_structure
from allo_core.structure.read import read_structure
from allo_core.structure.scene import Scene, build_scene
from allo_core.ui import inputs
from allo_core.ui.state import View

__all__ = ["LoadedStructure", "Result", "load_structure", "result_of"]


@dataclass(frozen=True)
class Result:
    """Scores of all heads of one run, and what the selected head looks at.

    Parameters
    ----------
    columns : Columns
    scores : HeadScores
    control : RandomSiteControl or None
        None under the published null, which has no p.
    head : (layer, head)
    received : ndarray, shape=(L,)
        Attention received from the selected head, without threshold.
    special_share : ndarray, shape=(layers, heads)
    """

    columns: Columns
    scores: HeadScores
    control: RandomSiteControl | None
    head: tuple[int, int]
    received: np.ndarray
    special_share: np.ndarray

    @property
    def head_name(self) -> str:
        """``"Layer 29, head 15"``, counted from 0."""
        return f"Layer {self.head[0]}, head {self.head[1]}"

    @property
    def above(self) -> np.ndarray:
        """Column weights of the selected head above the threshold, shape (L,)."""
        return self.columns.weights[self.head]


@dataclass(frozen=True)
class LoadedStructure:
    """A structure file mapped onto a protein, ready to draw."""

    name: str
    mapping: StructureMap
    scene: Scene


def result_of(view: View, maps: AttentionMaps, null: str, strata: tuple[str, ...] | None) -> Result:
    """The result of a view with at least one marked residue.

    Raises
    ------
    StoreError
        The run was deleted or damaged meanwhile.
    ScoreError
        No score is defined under these settings.
    """
    columns = _columns(maps.meta.key, view.threshold, maps)
    scores, control = _scores(maps.meta.key, view.threshold, view.sites, null, strata, maps)
    head = view.head or _best_head(scores)
    return Result(columns, scores, control, head, maps.received(*head), maps.special_share)


@st.cache_resource(max_entries=8, show_spinner=False)
def _columns(key: str, threshold: float, _maps: AttentionMaps) -> Columns:
    return _maps.columns(threshold)


@st.cache_resource(max_entries=48, show_spinner=False)
def _scores(
    key: str, threshold: float, sites: tuple[int, ...], null: str, strata: tuple[str, ...] | None, _maps: AttentionMaps
) -> tuple[HeadScores, RandomSiteControl | None]:
    columns = _columns(key, threshold, _maps)
    scores = score_heads(columns, sites, null, strata)
    return scores, None if null == "published" else random_site_control(columns, sites, null, strata)


def _best_head(scores: HeadScores) -> tuple[int, int]:
    """The unflagged head of highest enrichment; the one with most arcs where no score is defined."""
    frame = scores.frame
    defined = frame[(frame["flags"] == "") & frame["enrichment"].notna()]
    row = defined.loc[defined["enrichment"].idxmax()] if len(defined) else frame.loc[frame["n_arcs"].idxmax()]
    return int(row["layer"]), int(row["head"])


def load_structure(key: str, protein: Protein) -> LoadedStructure:
    """A shipped structure (PDB entry) or a kept upload, mapped onto the protein; StructureError if it does not fit."""
    if inputs.is_key(key):
        path, name = inputs.kept_structure(key)
        return _loaded(str(path), name, protein)
    return _loaded(str(shipped_structure(key).path), key, protein)


@st.cache_resource(max_entries=8, show_spinner="Reading the structure")
def _loaded(path: str, name: str, protein: Protein) -> LoadedStructure:
    structure = read_structure(path, name)
    mapping = map_structure(structure, protein)
    numbers: ResidueNumbers | None = numbers_for(protein)
    segments = numbers.segment if numbers is not None else None
    return LoadedStructure(name, mapping, build_scene(structure, mapping, protein, segments))
