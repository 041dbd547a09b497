"""All heads with their scores, as a table."""

from collections.abc import Sequence

import streamlit as st

from allo_core.export import table_of_heads
from allo_core.ui.explore import session
from allo_core.ui.explore.results import Result
from allo_core.ui.shared.heads_table import selecting_table
from allo_core.ui.shared.help import HELP

__all__ = ["draw_table"]


def draw_table(result: Result) -> None:
    """All heads, the most enriched first; a click on a row's box selects the head."""
    table = table_of_heads(result.scores.frame)
    selecting_table(table, f"table_{result.key}", session.select_head, _columns(table.columns))


def _columns(names: Sequence[str]) -> dict:
    number = st.column_config.NumberColumn
    known = {
        "impact": number("impact", format="%.4f", help=HELP["impact"]),
        "impact_count": number("impact, per arc", format="%.4f", help="Attention on the marked residues over the number of arcs."),
        "impact_arcs": number("impact, arcs", format="%.4f", help="Share of the arcs that end on marked residues (Vig et al. 2021)."),
        "enrichment": number("enrichment", format="%.3f", help="Attention on the marked residues over its expectation; chance is 1."),
        "snr": number("SNR", format="%.2f", help=HELP["snr"]),
        "p_value": number("p", format="%.2g", help="Share of random residue sets, or of places like the site, that do as well, one-sided."),
        "q_value": number("q", format="%.2g", help=HELP["q"]),
        "n_arcs": number("arcs", format="%d", help=HELP["arcs"]),
        "residues_hit": number("residues hit", format="%d", help=HELP["residues_hit"]),
        "attention_on_site": number("attention on site", format="%.3f", help="Sum of the column weights of the marked residues."),
        "expected": number("expected", format="%.3f", help="Its expectation under the null."),
        "flags": st.column_config.TextColumn("flags", help=HELP["flags"]),
    }
    return {name: column for name, column in known.items() if name in names}
