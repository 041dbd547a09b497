"""The pictures: heatmap, structure and profile of one run."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from allo_core.analysis.measures import WEIGHTINGS
from allo_core.analysis.verdict import standing
from allo_core.attention.head import Head
from allo_core.attention.nulls import FEWEST_ARCS
from allo_core.attention.scores import FEWEST_RESIDUES
from allo_core.figures.colours import Theme
from allo_core.figures.head_scores import SCORES
from allo_core.figures.heatmap import arcs_heatmap, heatmap, meaning_of_heads, score_grid
from allo_core.figures.profile import profile
from allo_core.library.nearest import numbers_for
from allo_core.library.sites import receptor_of
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.explore import session
from allo_core.ui.explore.beside import draw_choice
from allo_core.ui.explore.incoming import draw_complaint
from allo_core.ui.explore.results import Result, columns_of
from allo_core.ui.explore.structure_choice import fetch_alphafold, upload_structure
from allo_core.ui.explore.view import PANELS, View, offered_structures
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import Painting, residue_labels
from allo_core.ui.shared.plots import GROWS, draw_heads, draw_plot
from allo_core.ui.shared.snake_view import has_snake, snake_view
from allo_core.ui.shared.structure_view import picked_number, structure_view
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, in_words, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["HEIGHT", "draw_browser", "draw_heatmap", "draw_profile", "draw_receptor", "panel_of", "profile_of"]

_STRUCTURE, _SNAKE = f"{GROWS}structure", f"{GROWS}snake"
HEIGHT = 514  # px of heatmap and structure: the 33 layers of ESM-2 650M at 14 px, and the profile still fits a 900 px window


def draw_heatmap(view: View, result: Result) -> None:
    """The layer x head heatmap; a click selects a head, arrow keys move the selection."""
    frame, shape, head = result.scores.frame, result.special_share.shape, result.head
    figure = _heatmap(result.scores_key, view.score, current_theme(), view.colours == "fixed", result)
    counted = f", {result.weighting_name}" if result.weighting_name else ""
    alt = f"Heatmap of {SCORES[view.score].label}{counted} of {shape[0]} x {shape[1]} heads."
    draw_heads(figure, HEIGHT, alt, head, shape, session.select_head, grows=True)
    flagged = frame["flags"] != ""
    grid = score_grid(frame, view.score, shape)[~flagged.to_numpy().reshape(shape)]
    if np.isfinite(grid).any():
        _selected_head(result)
        told = f"{meaning_of_heads(view.score, frame, current_theme())} Hatched: flagged ({flagged.sum()})."
        st.caption(told, help=HELP["flags"])
    else:
        st.caption(_why_empty(view, result))


def draw_browser(view: View, maps: AttentionMaps) -> tuple[int, int]:
    """Where nothing is marked: the heads by their arcs, in grey, to look at one after the other; returns the one that is looked at."""
    arcs = columns_of(maps, view.threshold).arcs.sum(axis=-1)
    layers, heads = arcs.shape
    most = np.unravel_index(int(arcs.argmax()), arcs.shape)
    head = view.head or (int(most[0]), int(most[1]))
    alt = f"Heatmap of the arcs of {layers} x {heads} heads."
    draw_heads(arcs_heatmap(arcs, HEIGHT, current_theme()), HEIGHT, alt, head, arcs.shape, session.select_head, grows=True)
    with st.container(key="selected_head", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{Head(*head).name}** {arcs[head]:,} arcs above {view.threshold:.2f}", width="content")
    st.caption("Nothing is asked yet. Mark residues to score the heads: type them, choose a library site, or click on the structure.")
    return head


def _selected_head(result: Result) -> None:
    """The head that is shown and how it stands, with the way to the best one where that is another."""
    first = result.scores.first_head()
    with st.container(key="selected_head", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{result.head_name}** {plain(standing(result.scores, result.head))}", width="content")
        if first != result.head:
            st.button(f"Best now: {Head(*first).name.lower()}", key="best_head", type="tertiary", on_click=session.select_head, args=first)


@st.cache_resource(max_entries=16, show_spinner=False)
def _heatmap(key: str, score: str, theme: Theme, fixed: bool, _result: Result) -> go.Figure:
    """The figure without the selected head, which is outlined by `head_cursor`: selecting one changes and sends nothing here."""
    shape, null, counted = _result.special_share.shape, _result.scores.null, _result.weighting_name
    return heatmap(_result.scores.frame, shape, score, null, None, HEIGHT, theme, fixed, counted)


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


def panel_of(view: View, protein: Protein, loaded: LoadedStructure | None) -> str:
    """Which picture of the receptor is shown, a key of PANELS."""
    return view.panel or ("snake" if loaded is None and has_snake(protein) else "3d")


def draw_receptor(view: View, protein: Protein, painting: Painting, loaded: LoadedStructure | None, problem: str) -> None:
    """The painted receptor, in 3D or as snake plot; a click marks or unmarks a residue.  ``problem`` says why there is no structure."""
    if problem:
        st.error(plain(problem))
    panel = panel_of(view, protein, loaded)
    if panel == "snake":
        _draw_snake(view, protein, painting)
    elif loaded is None:
        _no_structure(protein)
    else:
        _draw_structure(view, protein, painting, loaded)
    with st.container(key="panel", horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Receptor as",
            list(PANELS),
            format_func=PANELS.__getitem__,
            required=True,
            label_visibility="collapsed",
            width="content",
            **mirrored("panel", panel, lambda chosen: session.page().change(panel=chosen or panel), default="default"),
        )
        with st.popover("Side by side", type="tertiary", help=HELP["beside"]):
            draw_choice(view)
        if panel == "snake":
            st.caption("From segments and generic numbers. Click a residue to mark it, or use arrow keys and Enter.", width="stretch")
        elif loaded is not None:
            st.caption(plain(structure_line(loaded, protein)), width="stretch")


def _draw_snake(view: View, protein: Protein, painting: Painting) -> None:
    if not has_snake(protein):
        with st.container(key=f"{GROWS}no_snake", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
            st.markdown("**No snake plot**")
            st.caption(plain(f"The helices of {protein.name} are not known, since it has no generic numbers."))
        return
    drawing = ""

    def pick() -> None:
        number = picked_number(_SNAKE, drawing, protein.first, len(protein))
        if number is not None:
            session.toggle_residue(protein.index(number))

    drawing = snake_view(
        protein, painting, f"{file_stem(protein.name)}_{file_stem(painting.title)}", HEIGHT, pick, _SNAKE, "explore" if view.beside else ""
    )


def _draw_structure(view: View, protein: Protein, painting: Painting, loaded: LoadedStructure) -> None:
    def pick() -> None:
        number = picked_number(_STRUCTURE, loaded.scene.id, protein.first, len(protein))
        if number is not None:
            session.toggle_residue(protein.index(number))

    file = f"{file_stem(protein.name)}_{file_stem(loaded.name)}_{file_stem(painting.title)}"
    structure_view(loaded.scene, protein.first, painting, file, HEIGHT, pick, _STRUCTURE, "explore" if view.beside else "", loaded.credit)


def structure_line(loaded: LoadedStructure, protein: Protein) -> str:
    """What is shown, in one line, and what a person should know about how it was read."""
    mapping, scene = loaded.mapping, loaded.scene
    what = "AlphaFold model, predicted" if loaded.credit else f"chain {mapping.chain}"
    if len(mapping.copies) > 1:
        what += f", one of {len(mapping.copies)} copies"
    alike = f"{mapping.identity:.1%} identical"
    if loaded.species:
        alike = f"of another species ({loaded.species}), {len(mapping.substitutions)} differences"
    parts = [f"{loaded.name} {what}", f"{mapping.aligned} of {len(protein)} residues, {alike}"]
    if scene.fusion_residues:
        receptor = receptor_of(protein)
        is_part = receptor is not None and len(protein) < len(receptor.protein)
        parts.append(f"{scene.fusion_residues} residues {'outside this part' if is_part else 'of fusion, tags and linkers'} hidden")
    notes = " ".join((*loaded.structure.notes, *scene.notes))
    return f"{' · '.join(parts)}. Click a residue to mark it. {notes}".strip()


def _no_structure(protein: Protein) -> None:
    with st.container(key=f"{GROWS}no_structure", height=HEIGHT, border=True, vertical_alignment="center", horizontal_alignment="center"):
        st.markdown(f"**No structure for {plain(protein.name)}**")
        st.caption(_why_no_structure(protein))
        upload_structure("upload_here", "structure_here")
        fetch_alphafold("alphafold_here", "structure_here")
        draw_complaint("structure_here")


def _why_no_structure(protein: Protein) -> str:
    receptor = receptor_of(protein)
    if receptor is None:
        return "Upload one; the chain is found by alignment."
    if offered_structures(receptor.entry):
        return "None is chosen; choose one at the left, or upload one: the chain is found by alignment."
    return "None ships with the app. Upload one, or fetch its AlphaFold model; the chain is found by alignment."


def profile_of(view: View, protein: Protein, result: Result, height: int = 143) -> go.Figure:
    """Attention received by each residue from the selected head, under the track of the segments."""
    numbers = numbers_for(protein)
    return profile(
        [protein.number(index) for index in range(len(protein))],
        result.received,
        result.above,
        residue_labels(protein),
        view.sets,
        [] if numbers is None else numbers.spans(),
        result.question.threshold,
        height,
        WEIGHTINGS[result.question.weighting] + " received",
    )


def draw_profile(view: View, protein: Protein, result: Result) -> None:
    """The profile, full width."""
    figure = profile_of(view, protein, result)
    what = WEIGHTINGS[result.question.weighting].capitalize()
    draw_plot(figure, "profile", f"{what} that each residue of {protein.name} receives from {result.head_name}.")
