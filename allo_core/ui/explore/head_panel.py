"""The selected head by itself: its card, its map and its strongest pairs."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.analysis.explained import explained_sentence
from allo_core.analysis.measures import WEIGHTINGS
from allo_core.figures.attention_map import attention_map
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.runs.layout import FLOOR
from allo_core.ui.explore import session
from allo_core.ui.explore.needed_panel import draw_needed_line
from allo_core.ui.explore.results import HeadDetails, Result, explained_of
from allo_core.ui.explore.view import View
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import short_label
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_card", "draw_map", "draw_pairs"]

_LISTED = 10
_MAP_HEIGHT = 600
_MAP_WIDTH = 700  # px: a square, and the bar beside it


def draw_card(
    view: View,
    protein: Protein,
    result: Result,
    details: HeadDetails,
    loaded: LoadedStructure | None,
    phrases: Mapping[str, str],
) -> Callable[[], None]:
    """Numbers that tell what kind of head this is.

    What is returned completes them and is called when the rest of the page stands: what covariates explain, for which places like the site
    are needed, and what removing the head costs.
    """
    card, row = details.card, result.row
    st.markdown("##### What kind of head this is")
    if row["flags"]:
        st.caption(f"Flagged: {row['flags']}.", help=HELP["flags"])
    contact = "–" if loaded is None else _share(card.contact_share)
    contact_far = "–" if loaded is None else _share(card.contact_share_far)
    shown = "" if loaded is None else plain(loaded.name)
    whose = f"Of {card.n_resolved} arcs between residues that {shown} shows. " if shown else "No structure is loaded. "
    whose_far = f"Of {card.n_resolved_far} such arcs that {shown} shows. " if shown else "No structure is loaded. "
    largest = _share(card.largest_share)
    if card.largest_residue is not None:
        largest += f" {short_label(protein, card.largest_residue).split()[0]}"
    figures = [
        ("arcs", f"{card.n_arcs}", HELP["arcs"]),
        ("up to 4 apart", _share(card.local_share), HELP["local_share"]),
        ("contacts", contact, whose + HELP["contact_share"]),
        ("contacts, 6+ apart", contact_far, whose_far + HELP["contact_share_far"]),
        ("24+ apart", _share(card.long_range_share), HELP["long_range_share"]),
        ("special tokens", _share(card.special_share), HELP["special_share"]),
        ("residues hit", f"{card.residues_hit} of {card.n_sites}", HELP["residues_hit"]),
        ("largest residue", largest, HELP["largest_share"]),
    ]
    with st.container(key="card"):
        for line in (figures[:4], figures[4:]):
            for place, (label, value, text) in zip(st.columns(4, gap="small"), line, strict=True):
                place.metric(label, value, help=text, border=True)
    line, needed = st.empty(), st.container()
    _draw_stability(details)

    def complete() -> None:
        line.caption(plain(explained_sentence(explained_of(result), phrases[result.question.measure[-1]])), help=HELP["explained"])
        with needed:
            draw_needed_line(view, protein, result)

    return complete


def _share(value: float | None) -> str:
    return "none" if value is None or np.isnan(value) else f"{value:.0%}"


def _draw_stability(details: HeadDetails) -> None:
    if not details.stability:
        st.caption("Value-weighted attention has no threshold. Arcs, and which of them are local or contacts, are those of attention.")
        return
    table = pd.DataFrame(
        {
            "threshold": [f"{point.threshold:.1f}" for point in details.stability],
            "log₂ enrichment": [_number(point.log2_enrichment) for point in details.stability],
            "SNR": [_number(point.snr) for point in details.stability],
            "arcs": [str(point.n_arcs) for point in details.stability],
        }
    ).set_index("threshold")
    st.caption("Stability over the threshold", help=HELP["stability"])
    st.table(table.T)


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def draw_map(view: View, protein: Protein, result: Result) -> None:
    """The head's L x L map with segment bands and the marked rows and columns."""
    numbers = numbers_for(protein)
    attention, name = result.counted[result.head], WEIGHTINGS[result.question.weighting]
    figure = attention_map(
        attention,
        protein.first,
        view.sets,
        [] if numbers is None else numbers.spans(),
        view.pair,
        _MAP_HEIGHT,
        current_theme(),
        name,
    )
    st.plotly_chart(
        figure,
        key="map",
        width=_MAP_WIDTH,
        height=_MAP_HEIGHT,
        config={"displayModeBar": False},
        alt=f"Map of {name} of {result.head_name}: {len(protein)} queries by {len(protein)} keys.",
    )
    st.caption("Rows look at columns. Lines are the marked residues of sets A (orange) and B (pink); grey bands are helices.")


def draw_pairs(protein: Protein, result: Result, details: HeadDetails, loaded: LoadedStructure | None) -> None:
    """The strongest pairs; a click on a row points the pair out on the structure."""
    pairs = details.pairs[:_LISTED]
    source = "" if result.question.queries is None else f" from set {result.question.measure[0]}"
    st.markdown(f"##### Strongest pairs{source}", help=HELP["pairs"])
    if not pairs:
        st.caption(f"This head has no attention above {FLOOR:g} between different residues.")
        return
    table = pd.DataFrame(
        {
            "looks": [short_label(protein, pair.query) for pair in pairs],
            "at": [short_label(protein, pair.key) for pair in pairs],
            "attention": [pair.weight for pair in pairs],
            "apart": [abs(pair.query - pair.key) for pair in pairs],
            "distance": [_distance(pair.distance, loaded) for pair in pairs],
        }
    )

    key = f"pairs_table_{result.key}"

    def point_out() -> None:
        chosen = st.session_state[key].selection.rows
        session.page().change(pair=(pairs[chosen[0]].query, pairs[chosen[0]].key) if chosen else None)

    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        on_select=point_out,
        selection_mode="single-row",
        height="content",
        column_config={
            "attention": number("attention" if result.weighted is None else "value-weighted", format="%.3f"),
            "apart": number("apart", help="Residues along the chain."),
            "distance": st.column_config.TextColumn(
                "distance, Å",
                help=f"Between CB atoms (CA of glycine) in {plain(loaded.name)}." if loaded else "No structure is loaded.",
            ),
        },
    )
    st.caption("Click a row's box to point the pair out on the structure.")


def _distance(distance: float | None, loaded: LoadedStructure | None) -> str:
    if loaded is None:
        return "–"
    return "not resolved" if distance is None or np.isnan(distance) else f"{distance:.1f}"
