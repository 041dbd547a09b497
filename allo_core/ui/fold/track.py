"""lDDT of each residue along the chain, beside that of the family average; a click selects a residue."""

import streamlit as st

from allo_core.figures.fold import lddt_track
from allo_core.folding.compared import ComparedResidues
from allo_core.folding.fold import Fold
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.ui.fold import session
from allo_core.ui.fold.view import FoldView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.text import plain

__all__ = ["draw_track"]

_KEY = "fold_track"


def draw_track(view: FoldView, protein: Protein, fold: Fold, residues: ComparedResidues | None, average: ComparedResidues | None) -> None:
    """The track and the selected residue; confidence in place of lDDT where nothing judges."""
    numbers = numbers_for(protein)
    every, spans = [protein.number(index) for index in range(len(protein))], [] if numbers is None else numbers.spans()
    labels = residue_labels(protein)
    name = "confidence" if residues is None else "lDDT"
    values = fold.confidence if residues is None else residues.lddt
    figure = lddt_track(every, values, None if average is None else average.lddt, labels, spans, name)

    def pick() -> None:
        points = st.session_state[_KEY].selection.points
        if points and every[0] <= points[0].get("x", -1) <= every[-1]:
            session.select_residue(protein.index(int(points[0]["x"])))

    st.markdown(f"##### {'lDDT along the chain' if residues is not None else 'Confidence along the chain'}", help=HELP["lddt"])
    st.plotly_chart(
        figure, key=_KEY, height=int(figure.layout.height), config={"displayModeBar": False}, on_select=pick, selection_mode="points",
        alt=f"{name} of each residue of {fold.name}.",
    )  # fmt: skip
    st.caption(plain(_selected(view, fold, residues, average, labels)))


def _selected(view: FoldView, fold: Fold, residues: ComparedResidues | None, average: ComparedResidues | None, labels: list[str]) -> str:
    if view.residue is None:
        return "No residue is selected; click one in the track or in the picture."
    index = view.residue
    if not fold.drawn[index]:
        return f"{labels[index]}: this fold gives it no place."
    told = f"{labels[index]}: confidence {fold.confidence[index]:.2f}"
    if residues is None:
        return f"{told}."
    if residues.lddt[index] != residues.lddt[index]:
        return f"{told}; the structure does not show it, so it is not judged."
    beside = "" if average is None else f" (family average {average.lddt[index]:.2f})"
    return f"{told}, lDDT {residues.lddt[index]:.2f}{beside}, {residues.distance[index]:.1f} Å from its place in the structure."
