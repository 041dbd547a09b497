"""The chosen fold in 3D, laid on the structure that judges it."""

import streamlit as st

from allo_core.analysis.track import Track, Values
from allo_core.folding.compared import ComparedResidues
from allo_core.folding.fold import Fold
from allo_core.library.nearest import numbers_for
from allo_core.library.predicted import ATTRIBUTION
from allo_core.protein.sequence import Protein
from allo_core.structure.orient import upright
from allo_core.structure.scene import Scene
from allo_core.structure.traces import trace_scene
from allo_core.ui.fold import session
from allo_core.ui.fold.results import Judged
from allo_core.ui.fold.view import COLOURINGS, FoldView
from allo_core.ui.protein.panel import marked_sets
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import painting_of, residue_labels, short_label
from allo_core.ui.shared.structure_view import picked_number, structure_view
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_fold"]

_KEY = "fold_structure"
_HEIGHT = 380  # px


def draw_fold(view: FoldView, protein: Protein, fold: Fold, judged: Judged | None, residues: ComparedResidues | None) -> None:
    """The fold coloured by its confidence or by lDDT, the structure grey; a click selects a residue."""
    by = view.by if residues is not None else "confidence"
    scene = scene_of(protein, fold, judged, residues)
    values = _values(fold, residues, by)
    track = Track(by, values.name, "", frozenset(), lambda source: values)
    selected = () if view.residue is None else (view.residue,)
    painting = painting_of(
        values, track, residue_labels(protein), marked_sets(view, protein), current_theme(), state=f"{fold.name}:{by}", title="Fold",
        tags=[(protein.number(index), short_label(protein, index)) for index in selected],
    )  # fmt: skip

    def pick() -> None:
        number = picked_number(_KEY, scene.id, protein.first, len(protein))
        if number is not None:
            session.select_residue(protein.index(number))

    credit = (ATTRIBUTION if "AlphaFold" in fold.attribution else fold.attribution) or (ATTRIBUTION if _is_model(judged) else "")
    file = f"{file_stem(protein.name)}_{file_stem(fold.name)}"
    structure_view(scene, protein.first, painting, file, _HEIGHT, pick, _KEY, credit=credit)
    if residues is not None:
        st.segmented_control(
            "Fold shows", list(COLOURINGS), format_func=lambda name: f"by {COLOURINGS[name]}", required=True, width="content",
            label_visibility="collapsed", help=HELP["fold_colours"],
            **mirrored("fold_by", by, lambda chosen: session.page().change(by=chosen or by), default="default"),
        )  # fmt: skip
    what = "the fold alone" if judged is None else f"the fold on {judged.name}, which is grey (CA of both)"
    st.caption(plain(f"{fold.method} Shown: {what}. Click a residue to select it."))


def scene_of(protein: Protein, fold: Fold, judged: Judged | None, residues: ComparedResidues | None) -> Scene:
    """The fold upright by itself, or laid on the structure."""
    numbers = numbers_for(protein)
    segments = None if numbers is None else numbers.segment
    if judged is None or residues is None:
        return trace_scene(protein, upright(fold.xyz, segments).apply(fold.xyz), None, segments)
    return trace_scene(protein, residues.placed, judged.ca, segments)


def _is_model(judged: Judged | None) -> bool:
    return judged is not None and judged.name.startswith("AF-")


def _values(fold: Fold, residues: ComparedResidues | None, by: str) -> Values:
    if by == "lddt" and residues is not None:
        return Values(residues.lddt, "lDDT", 1.0, "every distance kept")
    if fold.origin == "esmfold":
        return Values(100 * fold.confidence, "pLDDT, confidence of the prediction", 100.0, "sure")
    if fold.origin == "model":
        return Values(100 * fold.confidence, "100/(1 + sd), sure of its distances", 100.0, "sure")
    return Values(100 * fold.confidence, "100/(1 + sd), how alike receptors are there", 100.0, "all alike")
