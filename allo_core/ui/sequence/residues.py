"""The tab Residues: what the model expects at each residue, and the score of every substitution."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allo_core.analysis.expectation import expectation_sentence
from allo_core.analysis.tracks import TRACKS
from allo_core.figures.colours import Theme
from allo_core.figures.mutations import BY_CHEMISTRY, mutation_heatmap, position_bars
from allo_core.library.composition import residue_shares
from allo_core.library.nearest import numbers_for
from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import AMINO_ACIDS, Protein
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.expectation import kept_probabilities
from allo_core.ui.protein.run_state import draw_run_state
from allo_core.ui.protein.view import toggled
from allo_core.ui.sequence import session
from allo_core.ui.sequence.antibody import draw_antibody
from allo_core.ui.sequence.fill import draw_fill
from allo_core.ui.sequence.masked_pass import draw_masked_pass
from allo_core.ui.sequence.receptor import draw_coloured
from allo_core.ui.sequence.residues_table import draw_table
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.cell_cursor import cell_cursor
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw"]

_PLOT = "mutations"


def draw(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, problem: str, choices: DeltaGenerator) -> None:
    """Heatmap, the selected residue beside the receptor, and the table."""
    masked, single = kept_probabilities(view, protein, True), kept_probabilities(view, protein, False)
    shown = {"": masked or single, "masked": masked, "one pass": single}[view.how]
    with choices:
        _draw_how(view, "masked" if shown is not None and shown.masked else "one pass")
        offered = st.container()
    with st.container(key="residues_tab"):
        if shown is None:
            _draw_missing(view, protein)
        else:
            _draw_heatmap(view, protein, shown)
        card, receptor = st.columns([4, 7], gap="small")
        with card:
            _draw_residue(view, protein, shown)
        with receptor:
            draw_coloured(view, protein, loaded, problem, TRACKS["wild type"])
    if shown is not None:
        draw_table(view, protein, shown)
    draw_fill(view, protein)
    draw_antibody(view, protein)
    if masked is None:
        with offered:  # last: how long it takes is asked of the device, which loads torch
            draw_masked_pass(view, protein)


def _draw_missing(view: SequenceView, protein: Protein) -> None:
    """What stands in place of the heatmap: the pass that is wanted is not kept."""
    if view.how == "masked":
        st.info("The masked pass has not run yet; the button above starts it. One pass is there at once.")
        return
    protein_session.run_unasked(view, kept=False)
    draw_run_state(view, protein, protein_session.current_job(view))


def _draw_how(view: SequenceView, shown: str) -> None:
    """Which pass is shown."""
    now = view.how or shown
    st.segmented_control(
        "Probabilities", ["one pass", "masked"], required=True, help=HELP["masked"], label_visibility="collapsed", width="content",
        format_func={"one pass": "One pass", "masked": "Masked"}.__getitem__,
        **mirrored("how", now, lambda how: session.page().change(how=how or now), default="default"),
    )  # fmt: skip


def _draw_heatmap(view: SequenceView, protein: Protein, shown: ResidueProbabilities) -> None:
    with st.container(key="verdict"):
        st.markdown(plain(expectation_sentence(shown)), help=HELP["pseudo_perplexity"])
    figure = _figure(_key(view, protein, shown), current_theme(), shown)
    alt = f"Heatmap of the log odds of 20 residues at {len(protein)} positions of {protein.name}, with p(wild type) below."
    draw_plot(figure, _PLOT, alt)
    letter = protein.sequence[view.residue] if view.residue is not None else ""
    row = BY_CHEMISTRY.index(letter) if letter and letter in BY_CHEMISTRY else 0
    cell = (row, -1 if view.residue is None else view.residue)
    cell_cursor(_PLOT, cell, (len(BY_CHEMISTRY), len(protein)), _picked, protein.first, whole=True)


def _picked(row: int, column: int) -> None:
    if column != session.page().view.residue:
        session.select_residue(column)


def _key(view: SequenceView, protein: Protein, shown: ResidueProbabilities) -> tuple:
    return view.protein, protein.sequence, protein.first, view.model, view.device, view.dtype, shown.masked


@st.cache_resource(max_entries=8, show_spinner=False)
def _figure(key: tuple, theme: Theme, _shown: ResidueProbabilities) -> go.Figure:
    protein, numbers = _shown.protein, numbers_for(_shown.protein)
    return mutation_heatmap(
        _shown.log_odds, np.exp(_shown.log_p), _shown.wild_type, _shown.letters, protein.sequence, protein.first, residue_labels(protein),
        [] if numbers is None else numbers.spans(), theme, "p(wild type)" if _shown.masked else "p(wild type),<br>seen",
    )  # fmt: skip


def _draw_residue(view: SequenceView, protein: Protein, shown: ResidueProbabilities | None) -> None:
    """The selected residue by itself."""
    if shown is None:
        return
    if view.residue is None:
        st.markdown("##### No residue is selected")
        st.caption("Click a column of the heatmap, a residue of the receptor or a row of the table; arrow keys move the selection.")
        return
    index, there = view.residue, protein.sequence[view.residue]
    label = residue_labels(protein)[index]
    with st.container(key="selected_residue", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"##### {plain(label)}", width="content")
        for name in ("A", "B"):
            inside = index in view.sets[name]
            st.button(
                f"{'Take out of' if inside else 'Mark in'} set {name}", key=f"mark_{name}", type="tertiary",
                on_click=_toggle, args=(index, name),
            )  # fmt: skip
    p = np.exp(shown.log_p[index].astype(np.float64))
    if np.isnan(p).any():
        st.caption("The model was not asked here.")
        return
    st.caption(plain(_told(shown, index, there, p)))
    alt = f"Probabilities of the twenty residues at {label}."
    draw_plot(position_bars(p, AMINO_ACIDS, there, residue_shares(), current_theme()), "position", alt)
    st.caption("Outlined: the residue that is there. Dashes: how common each residue is in receptors.")


def _told(shown: ResidueProbabilities, index: int, there: str, p: np.ndarray) -> str:
    known = "" if there not in AMINO_ACIDS else f"p({there}) {p[AMINO_ACIDS.index(there)]:.3f}, expected {shown.expected[index]}, "
    missing = "" if there in AMINO_ACIDS else f"{there} is none of the twenty, so there is no score. "
    how = "masked" if shown.masked else "seen by the model: a ranking only"
    return f"{missing}{known}entropy {shown.entropy[index]:.2f} of 4.32 bits ({how})."


def _toggle(index: int, name: str) -> None:
    protein_session.mark(toggled(session.page().view.sets[name], index), name)
