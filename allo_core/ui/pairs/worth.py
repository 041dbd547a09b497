"""The tab What it is worth: every method beside chance, what each receptor got when it was left out, and on what terms the models come."""

import pandas as pd
import streamlit as st

from allo_core.interaction.coupling_models import shipped_models
from allo_core.interaction.coupling_table import COUPLING_SOURCE, families, reported, studied
from allo_core.interaction.coupling_worth import worth_sentence
from allo_core.interaction.new_families import new_families
from allo_core.library.receptors import receptors
from allo_core.ui.protein import session as protein_session
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import plain

__all__ = ["draw_worth"]


def draw_worth() -> None:
    """The comparison, then the receptors."""
    with st.container(key="verdict"):
        st.markdown(plain(worth_sentence(shipped_models()[0].card)), help=HELP["coupling_worth"])
    _draw_methods()
    _draw_new_families()
    _draw_receptors()
    st.caption(
        plain(f"Labels: {COUPLING_SOURCE}; weights that were fitted to them are passed on under the same terms. Method: docs/pairs.md.")
    )


def _draw_methods() -> None:
    card = shipped_models()[0].card
    rows = []
    for one in sorted(card.comparison, key=lambda one: -one.measure("mean AUC")):
        low, high = one.measure("mean AUC low"), one.measure("mean AUC high")
        row: dict[str, object] = {"method": one.name, "mean AUC": one.measure("mean AUC")}
        row["95 %"] = "" if low != low else f"{low:.3f} to {high:.3f}"
        row |= {f"AUC {family.name}": one.measure(f"AUC {family.name}") for family in families()}
        row |= {"mean AP": one.measure("mean AP"), "top family right": one.measure("top family")}
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = {name: st.column_config.NumberColumn(name, format="%.3f") for name in table.columns if name not in ("method", "95 %")}
    st.dataframe(table, hide_index=True, key="pair_methods", column_config=numbers)
    st.caption(plain(f"{card.split} Ranking within a family and a fold; intervals over clusters of homologues."))


def _draw_new_families() -> None:
    """One family left out after the other: what a fifth partner would be."""
    found = new_families()
    st.markdown("##### A family that was not learnt from", help=HELP["new_families"])
    rows = [
        {"method": row.name}
        | {
            f"AUC {name}": f"{area:.2f} ({low:.2f} to {high:.2f})"
            for name, area, low, high in zip(found.families, row.areas, row.low, row.high, strict=True)
        }
        for row in found.rows
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="new_families")
    st.caption(plain(found.sentence))


def _draw_receptors() -> None:
    """Every studied receptor with what it got when it was left out, beside the table; a row opens it."""
    card = shipped_models()[0].card
    partners = {family.name: family.partner.name for family in families()}
    rows = []
    for entry in studied():
        told = reported(entry) or ()
        row: dict[str, object] = {"receptor": entry, "name": receptors()[entry].name, "reported": ", ".join(told)}
        row |= {name: card.out_of_fold[entry][partner] for name, partner in partners.items()}
        rows.append(row)

    def pick() -> None:
        chosen = st.session_state.pair_receptors.selection.rows
        if chosen:
            protein_session.open_protein(studied()[chosen[0]])

    st.markdown("##### Every studied receptor, when it and its homologues were left out", help=HELP["coupling"])
    numbers = {name: st.column_config.NumberColumn(name, format="%.2f") for name in partners}
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, key="pair_receptors", column_config=numbers, on_select=pick, selection_mode="single-row"
    )
    st.caption(
        plain(
            f"Probabilities by {card.comparison[0].name}. A family that is not reported may couple none the less. A row opens its receptor."
        )
    )
