"""The receptor, coloured by what its stretches say; a click selects the stretch of a residue and marks it."""

import streamlit as st

from allo_core.analysis.track import Track, TrackSource, Values
from allo_core.interaction.coupling_answer import Stretches
from allo_core.protein.sequence import Protein
from allo_core.ui.pairs import session
from allo_core.ui.pairs.view import PairsView
from allo_core.ui.protein.panel import draw_receptor, marked_sets
from allo_core.ui.shared.painting import Painting, painting_of, residue_labels
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_stretches"]


def draw_stretches(
    view: PairsView, protein: Protein, loaded: LoadedStructure | None, problem: str, values: Values, stretches: Stretches
) -> None:
    """The receptor in 3D or as snake plot.

    Parameters
    ----------
    problem : str
        Why there is no structure; "" where nothing is wrong.
    values : Values
        One for each residue: that of its stretch.
    stretches : Stretches
    """

    def pick(index: int) -> None:
        for at, residues in enumerate(stretches.residues):
            if index in residues:
                session.select(view.partner, at, tuple(residues.tolist()))

    draw_receptor(view, protein, _painting(view, protein, values), loaded, problem, pick, "select the stretch of")
    if view.structure and loaded is None and problem:
        st.caption("The snake plot needs no structure.")


def _painting(view: PairsView, protein: Protein, values: Values) -> Painting:
    def of(source: TrackSource) -> Values:
        return values

    track = Track("stretches", values.name, "", frozenset(), of)
    sets = marked_sets(view, protein)
    title = f"Stretches for {view.partner}"
    return painting_of(values, track, residue_labels(protein), sets, current_theme(), state=f"{view.partner}:{view.by}", title=title)
