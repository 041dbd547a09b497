"""The tab Coupling: the four families, which stretches of the receptor speak for each, and these on the receptor."""

import numpy as np
import streamlit as st

from allo_core.analysis.track import Values
from allo_core.figures.pairs import coupling_dots
from allo_core.figures.stretches import stretches_heatmap
from allo_core.interaction.coupling_answer import CouplingAnswer, Stretches, family_rates
from allo_core.interaction.coupling_sentences import coupling_sentence, shown_probabilities, stretch_sentence
from allo_core.interaction.coupling_table import families, reported
from allo_core.library.sites import receptor_of
from allo_core.protein.residues import format_residues
from allo_core.protein.sequence import Protein
from allo_core.ui.pairs import session
from allo_core.ui.pairs.receptor import draw_stretches
from allo_core.ui.pairs.view import BY, PairsView
from allo_core.ui.shared.cell_cursor import cell_cursor
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_coupling", "names_of", "stretches_of_view"]

_PLOT = "stretches"
_HEIGHT = 236  # px


def draw_coupling(view: PairsView, protein: Protein, answer: CouplingAnswer, loaded: LoadedStructure | None, problem: str) -> None:
    """Verdict, families and stretches at the left, the receptor at the right."""
    entry = receptor_of(protein)
    told = None if entry is None else reported(entry.entry)
    with st.container(key="verdict"):
        st.markdown(plain(coupling_sentence(answer, view.partner, told)), help=HELP["coupling"])
    left, right = st.columns([6, 5], gap="medium")
    stretches = stretches_of_view(view, answer)
    with left:
        _draw_families(answer, told)
        _draw_stretches(view, stretches)
        _draw_selected(view, protein, stretches)
    with right:
        draw_stretches(view, protein, loaded, problem, _values(view, protein, stretches), stretches)


def stretches_of_view(view: PairsView, answer: CouplingAnswer) -> Stretches:
    """By what the stretches are weighed."""
    return answer.stretches[view.by]


def names_of(stretches: Stretches) -> list[str]:
    """As they are read: "segment0" is the first of ten."""
    return [f"{int(name.removeprefix('segment')) + 1} of 10" if name.startswith("segment") else name for name in stretches.names]


def _draw_families(answer: CouplingAnswer, told: tuple[str, ...] | None) -> None:
    """Probabilities by every model, the rate of the family, and the table."""
    names = [family.name for family in families()]
    methods = {one.name: np.array(shown_probabilities(one, answer.protein.name)) for one in answer.predictions}
    known = np.full(len(names), np.nan) if told is None else np.array([float(name in told) for name in names])
    draw_plot(coupling_dots(names, methods, family_rates(), known, current_theme()), "families", "Probability of each G protein family.")


def _draw_stretches(view: PairsView, stretches: Stretches) -> None:
    """Families by stretches; a click selects both, arrow keys move."""
    names = [family.name for family in families()]
    st.selectbox(
        "Stretches weighed by", list(BY), format_func=BY.__getitem__, help=HELP["stretches"],
        **mirrored("by", view.by, lambda by: session.page().change(by=by, segment=None), list(BY)),
    )  # fmt: skip
    places = [_place(residues) for residues in stretches.residues]
    figure = stretches_heatmap(
        stretches.values, names, names_of(stretches), places, stretches.unit, stretches.signed, current_theme(), _HEIGHT
    )
    alt = f"Heatmap of {len(names)} G protein families by {len(places)} stretches of the receptor: {stretches.unit}."
    draw_plot(figure, _PLOT, alt)

    def pick(row: int, column: int) -> None:
        session.select(names[row], column, tuple(stretches.residues[column].tolist()))

    cell = (names.index(view.partner), -1 if view.segment is None else view.segment)
    cell_cursor(_PLOT, cell, stretches.values.shape, pick)


def _draw_selected(view: PairsView, protein: Protein, stretches: Stretches) -> None:
    """The stretch that is selected, and what is marked with it."""
    if view.segment is None or view.segment >= len(stretches.names):
        st.caption("Click a stretch, or move with the arrow keys: its residues become the marked set, here and on Explore.")
        return
    name, residues = names_of(stretches)[view.segment], stretches.residues[view.segment]
    if not len(residues):
        st.caption(f"{protein.name} has no {name}.")
        return
    row = [family.name for family in families()].index(view.partner)
    st.markdown(plain(stretch_sentence(stretches, row, view.segment, name, view.partner)))
    st.caption(plain(f"Set {view.marking} is now {format_residues(protein, tuple(residues.tolist()))}; Undo at the left takes it back."))


def _place(residues: np.ndarray) -> str:
    return f"{residues[0] + 1}-{residues[-1] + 1}" if len(residues) else "none"


def _values(view: PairsView, protein: Protein, stretches: Stretches) -> Values:
    """The value of each residue's stretch."""
    row = [family.name for family in families()].index(view.partner)
    values = np.full(len(protein), np.nan)
    for residues, value in zip(stretches.residues, stretches.values[row], strict=True):
        values[residues] = value
    name = f"{stretches.unit} for {view.partner}"
    end = float(np.nanmax(np.abs(stretches.values)))
    if stretches.signed:
        return Values(values, name, end, "for", floor=-end, floor_name="against", signed=True)
    return Values(values, name, end, "most")
