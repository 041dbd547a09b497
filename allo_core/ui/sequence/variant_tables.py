"""What stands below the heads of a variant: heads by their change, the pairs that change most, and the file."""

import pandas as pd
import streamlit as st

from allo_core.attention.head import Head
from allo_core.export.variants import variant_csv, variant_frame
from allo_core.protein.sequence import Protein
from allo_core.readouts.variant_reference import RandomOrSame
from allo_core.readouts.variant_verdict import heads_by_change, judged_region
from allo_core.ui.sequence import session
from allo_core.ui.sequence.requests import ComparedVariant
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import short_label
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["draw_tables"]

_LISTED, _PAIRS = 20, 20


def draw_tables(view: SequenceView, protein: Protein, found: ComparedVariant, head: tuple[int, int]) -> None:
    """Heads at the left, pairs of the selected head at the right."""
    left, right = st.columns([7, 5], gap="small")
    with left:
        _draw_heads(view, found)
    with right:
        _draw_pairs(view, protein, found, head)
    frame = variant_frame(found.comparison, found.reference, found.site, found.expectation)
    st.download_button(
        "All heads (CSV)", lambda: variant_csv(frame, found.comparison),
        f"alloscope_{file_stem(found.comparison.variant.name)}_{view.model}.csv", "text/csv", key="variant_csv", on_click="ignore",
        icon=":material/table:",
    )  # fmt: skip


def _draw_heads(view: SequenceView, found: ComparedVariant) -> None:
    comparison, region = found.comparison, judged_region(found.comparison)
    heads = heads_by_change(comparison)[:_LISTED]
    change, table = comparison.change(region), {"head": [Head(*head).text for head in heads]}
    table["change"] = [change[head] for head in heads]
    columns = {"change": st.column_config.NumberColumn("change, bits", format="%.4f")}
    if found.reference is not None:
        labels: dict[RandomOrSame, str] = {"random": "random, %", "same": "same residue, %"}
        for which, label in labels.items():
            ranks = found.reference.percentile(comparison, region, which)
            table[which] = [ranks[head] for head in heads]
            columns[which] = st.column_config.NumberColumn(label, help=HELP["percentile"], format="%.0f")
    if found.expectation is not None:
        ranks = found.expectation.percentile(comparison)
        table["pairs"] = [ranks[head] for head in heads]
        columns["pairs"] = st.column_config.NumberColumn("other pairs, %", help=HELP["percentile"], format="%.0f")
    if not comparison.gapped:
        explained = comparison.explained
        table["letter"] = ["yes" if explained[head] else "" for head in heads]
        columns["letter"] = st.column_config.TextColumn("explained by letter", help=HELP["explained_by_letter"])
    if found.site is not None:
        table["site"] = [found.site.change[head] for head in heads]
        columns["site"] = st.column_config.NumberColumn("on set A, change", format="%+.3f", help=HELP["site_change"])
        table["enrichment"] = [found.site.enrichment_change[head] for head in heads]
        columns["enrichment"] = st.column_config.NumberColumn("enrichment, change", format="%+.2f", help=HELP["enrichment"])
    if found.site is not None and found.reference is not None:
        ranks = found.reference.site_percentile(comparison, found.site)
        table["site_rank"] = [ranks[head] for head in heads]
        columns["site_rank"] = st.column_config.NumberColumn("on set A, random %", help=HELP["percentile"], format="%.0f")
    key = f"variant_heads_{file_stem(comparison.variant.name)}_{view.model}"

    def select() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            session.select_head(*heads[rows[0]])

    st.markdown("##### Heads that change most", help=HELP["variant"])
    st.dataframe(
        pd.DataFrame(table), key=key, hide_index=True, height=372, on_select=select, selection_mode="single-row", column_config=columns
    )


def _draw_pairs(view: SequenceView, protein: Protein, found: ComparedVariant, head: tuple[int, int]) -> None:
    pairs = found.comparison.pairs(*head, _PAIRS)
    st.markdown(f"##### Pairs that change most in {Head(*head).name.lower()}")
    table = pd.DataFrame(
        {
            "looks": [short_label(protein, pair.query) for pair in pairs],
            "at": [short_label(protein, pair.key) for pair in pairs],
            "before": [pair.before for pair in pairs],
            "after": [pair.after for pair in pairs],
        }
    )
    key = f"variant_pairs_{file_stem(found.comparison.variant.name)}_{view.model}_{head[0]}_{head[1]}"

    def point_out() -> None:
        rows = st.session_state[key].selection.rows
        session.page().change(pair=(pairs[rows[0]].query, pairs[rows[0]].key) if rows else None)

    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        table, key=key, hide_index=True, height=372, on_select=point_out, selection_mode="single-row",
        column_config={"before": number, "after": number},
    )  # fmt: skip
    if found.site is not None and found.site.missing:
        missing = ", ".join(protein.label(index) for index in found.site.missing)
        st.caption(plain(f"{found.comparison.variant.name} has no residue for {missing}; they are left out of set A."))
