"""The pictures: heatmap, structure and profile of one run."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.figures.colours import Theme
from allo_core.figures.head_scores import SCORES
from allo_core.figures.heatmap import heatmap, meaning_of_heads, score_grid
from allo_core.figures.profile import profile
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.ui.explore import session
from allo_core.ui.explore.results import Result
from allo_core.ui.explore.structure_choice import fetch_alphafold, upload_structure
from allo_core.ui.explore.view import View
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import Painting, residue_labels
from allo_core.ui.shared.plots import draw_heads, draw_plot
from allo_core.ui.shared.structure_view import picked_number, structure_view
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, in_words, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["HEIGHT", "draw_heatmap", "draw_profile", "draw_structure", "profile_of"]

HEIGHT = 520  # px of heatmap and structure: the 33 layers of ESM-2 650M at 14 px, and the profile still fits a 900 px window


def draw_heatmap(view: View, result: Result) -> None:
    """The layer x head heatmap; a click selects a head, arrow keys move the selection."""
    frame, shape, head = result.scores.frame, result.special_share.shape, result.head
    figure = _heatmap(result.scores_key, view.score, current_theme(), result)
    alt = f"Heatmap of {SCORES[view.score].label} of {shape[0]} x {shape[1]} heads."
    draw_heads(figure, HEIGHT, alt, head, shape, session.select_head)
    flagged = frame["flags"] != ""
    grid = score_grid(frame, view.score, shape)[~flagged.to_numpy().reshape(shape)]
    if np.isfinite(grid).any():
        told = f"{meaning_of_heads(view.score, frame)} {flagged.sum()} of {len(frame)} flagged. Arrow keys move."
        st.caption(told, help=HELP["flags"])
    else:
        st.caption(_why_empty(view, result))


@st.cache_resource(max_entries=16, show_spinner=False)
def _heatmap(key: str, score: str, theme: Theme, _result: Result) -> go.Figure:
    """The figure without the selected head, which is outlined by `head_cursor`: selecting one changes and sends nothing here."""
    return heatmap(_result.scores.frame, _result.special_share, score, _result.scores.null, None, HEIGHT, theme)


def _why_empty(view: View, result: Result) -> str:
    if len(result.question.sites) == result.length:
        return "All residues are marked, so there is nothing to compare them with."
    if len(result.question.sites) < FEWEST_RESIDUES:
        fewest = in_words(FEWEST_RESIDUES)
        return f"Every head is flagged: with fewer than {fewest} marked residues no head can hit {fewest}. Mark more."
    if view.score == "q":
        return f"No head has a q: the published null gives none, and q needs heads with at least {FEWEST_ARCS} arcs."
    if result.scores.frame["enrichment"].notna().any():
        return "Every head with a score is flagged; hover over a head, or look into the table, to see why."
    if (result.scores.frame["n_arcs"] >= FEWEST_ARCS).any():
        return "No head has a score: nothing above the threshold falls on the marked residues, or random ones cannot differ from them."
    return "No head has a score at this threshold; lower it."


def draw_structure(protein: Protein, painting: Painting, loaded: LoadedStructure | None, problem: str) -> None:
    """The painted structure; a click marks or unmarks a residue.  ``problem`` says why there is none."""
    if problem:
        st.error(plain(problem))
    if loaded is None:
        _no_structure(protein)
        return

    def pick() -> None:
        number = picked_number("structure_view", loaded.scene.id, protein.first, len(protein))
        if number is not None:
            session.toggle_residue(protein.index(number))

    file = f"{file_stem(protein.name)}_{file_stem(loaded.name)}_{file_stem(painting.title)}"
    structure_view(loaded.scene, protein.first, painting, file, HEIGHT, pick, "structure_view")
    st.caption(plain(structure_line(loaded, protein)))


def structure_line(loaded: LoadedStructure, protein: Protein) -> str:
    """What is shown, in one line, and what a person should know about how it was read."""
    mapping, scene = loaded.mapping, loaded.scene
    parts = [f"{loaded.name} chain {mapping.chain}", f"{mapping.aligned} of {len(protein)} residues, {mapping.identity:.1%} identical"]
    if scene.fusion_residues:
        parts.append(f"{scene.fusion_residues} residues of fusion, tags and linkers hidden")
    notes = " ".join((*loaded.structure.notes, *scene.notes))
    return f"{' · '.join(parts)}. Click a residue to mark it. {notes}".strip()


def _no_structure(protein: Protein) -> None:
    with st.container(height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        st.markdown(f"**No structure for {plain(protein.name)}**")
        st.caption("None ships with the app, or none is chosen. Upload one, or fetch its AlphaFold model; the chain is found by alignment.")
        upload_structure("upload_here")
        fetch_alphafold("alphafold_here")


def profile_of(view: View, protein: Protein, result: Result, height: int = 150) -> go.Figure:
    """Attention received by each residue from the selected head, under the track of the segments."""
    numbers = numbers_for(protein)
    return profile(
        [protein.number(index) for index in range(len(protein))],
        result.received,
        result.above,
        residue_labels(protein),
        view.sets,
        [] if numbers is None else numbers.spans(),
        view.threshold,
        height,
    )


def draw_profile(view: View, protein: Protein, result: Result) -> None:
    """The profile, full width."""
    figure = profile_of(view, protein, result)
    draw_plot(figure, "profile", f"Attention that each residue of {protein.name} receives from {result.head_name}.")
