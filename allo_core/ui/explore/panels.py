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
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.explore import session
from allo_core.ui.explore.results import Result, columns_of
from allo_core.ui.explore.view import View
from allo_core.ui.protein.panel import HEIGHT
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.plots import draw_heads, draw_plot
from allo_core.ui.shared.text import in_words, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_browser", "draw_heatmap", "draw_profile", "profile_of"]


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
    """The figure without the selected head, which is outlined by `cell_cursor`: selecting one changes and sends nothing here."""
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
