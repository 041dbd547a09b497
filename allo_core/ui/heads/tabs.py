"""What stands below on the page Heads: best heads and layers, contacts, residues that are looked at alike, downloads."""

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.export.heads import heads_csv, heads_record
from allo_core.figures.heads import calibration_figure, similarity_matrix
from allo_core.heads.arcs import FamilyArcs
from allo_core.heads.calibration import calibration_of
from allo_core.heads.shares import HeadShares
from allo_core.heads.verdict import head_name
from allo_core.protein.sequence import AMINO_ACIDS
from allo_core.ui.heads import session
from allo_core.ui.heads.own_share import draw_own_share
from allo_core.ui.heads.results import HeadsResult, similarity_of
from allo_core.ui.heads.view import HeadsView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.text import file_stem, plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw_tabs"]


def draw_tabs(view: HeadsView, found: FamilyArcs, result: HeadsResult) -> None:
    """Five tabs."""
    names = ["Best heads and layers", "Own residue", "Attention and contacts", "Residues looked at alike", "Downloads"]
    best, own, contacts, alike, files = st.tabs(names)
    with best:
        _draw_best(result)
    with own:
        draw_own_share(view)
    with contacts:
        _draw_contacts(found, result)
    with alike:
        _draw_alike(found)
    with files:
        _draw_files(view, found, result)


def _draw_best(result: HeadsResult) -> None:
    """The best head of each value, beside what was to be expected and the published numbers; a row shows its value."""
    shares = result.shares
    rows = []
    for value, name in enumerate(shares.what.values):
        best, centre = shares.best(value), shares.centres[value]
        row: dict[str, object] = {
            "value": name,
            "heads above": f"{int(shares.passing(value).sum())} of {int(shares.tested[:, value].sum())}",
        }
        if best is None:
            rows.append(row | {"best head": "none tested"})
            continue
        low, high = shares.intervals[:, best, value]
        row |= {
            "best head": head_name(shares, best), "share": shares.share[best, value], "95 %": f"{low:.3f} to {high:.3f}",
            "expected": shares.background[best, value], "published": _with_error(shares, best, value),
            "its background": shares.published_background[value],
            "centre of layers": "nothing above" if centre is None else "{:.1f} ({:.1f} to {:.1f})".format(*centre),
        }  # fmt: skip
        rows.append(row)

    def pick() -> None:
        chosen = st.session_state.best_heads.selection.rows
        if chosen:
            session.page().change(value=shares.what.values[chosen[0]])

    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in ("share", "expected")}
    numbers["its background"] = st.column_config.NumberColumn("its background", format="%.4f", help=HELP["heads_show"])
    numbers["centre of layers"] = st.column_config.TextColumn("centre of layers", help=HELP["centre"])
    st.dataframe(pd.DataFrame(rows), key="best_heads", hide_index=True, on_select=pick, selection_mode="single-row", column_config=numbers)
    note = f" {shares.what.note[:1].upper()}{shares.what.note[1:]}." if shares.what.note else ""
    st.caption(
        plain(f"Layers and heads are counted from 0; papers count from 1. Each best head was chosen on the arcs that are shown.{note}")
    )


def _with_error(shares: HeadShares, head: int, value: int) -> str:
    return f"{shares.published[head, value]:.3f} ± {shares.published_error[head, value]:.3f}"


def _draw_contacts(found: FamilyArcs, result: HeadsResult) -> None:
    """Whether more attention means a contact, for the selected head."""
    st.markdown(f"##### Layer {result.head[0]}, head {result.head[1]}", help=HELP["calibration"])
    calibration = calibration_of(found, *result.head)
    if calibration is None:
        st.info("No structure of these receptors tells which residues touch; take one of each cluster of homologues.")
        return
    bins = calibration.bins
    figure = calibration_figure(
        [one.floor for one in bins], [one.share for one in bins], [one.interval for one in bins], [one.pairs for one in bins],
        calibration.random,
    )  # fmt: skip
    draw_plot(figure, "calibration", "Share of pairs that touch, by attention.")
    top = bins[-1]
    st.caption(
        f"Of all pairs at least six residues apart {calibration.random:.1%} touch (dashed; {calibration.receptors} receptors); of the "
        f"{top.pairs:,} with the most attention (at least {top.floor:g}) {top.share:.1%}. Bins below 50 pairs are put together."
    )


def _draw_alike(found: FamilyArcs) -> None:
    similarity = similarity_of(found)
    left, right = st.columns([5, 6], gap="medium")
    with right:
        st.markdown(plain(similarity.sentence), help=HELP["similarity"])
    if np.isfinite(similarity.matrix).any():
        with left:
            figure = similarity_matrix(similarity.matrix, AMINO_ACIDS, current_theme())
            draw_plot(figure, "alike", "Correlation of the residues that heads look at.")


def _draw_files(view: HeadsView, found: FamilyArcs, result: HeadsResult) -> None:
    stem = f"alloscope_heads_{view.model}_{file_stem(result.shares.what.name)}"
    with st.container(horizontal=True):
        st.download_button(
            "All heads (CSV)",
            lambda: heads_csv(result.shares, found.special),
            f"{stem}.csv",
            "text/csv",
            key="heads_csv",
            on_click="ignore",
        )
        st.download_button(
            "Record (JSON)",
            lambda: heads_record(found, result.shares),
            f"{stem}.json",
            "application/json",
            key="heads_json",
            on_click="ignore",
        )
