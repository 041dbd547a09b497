"""A table of heads in which a row can be chosen."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from allo_core.ui.shared.help import HELP

__all__ = ["selecting_table"]


def selecting_table(table: pd.DataFrame, key: str, select_head: Callable[[int, int], None], columns: dict) -> None:
    """A table with the columns layer and head; a click on a row's box selects its head.

    Parameters
    ----------
    key : str
        Another one for other rows: those chosen in the table before must not stay chosen.
    select_head : callable(layer, head)
    columns : dict
        Streamlit's configuration of the columns beside layer and head.
    """

    def select() -> None:
        chosen = st.session_state[key].selection.rows
        if chosen:
            row = table.iloc[chosen[0]]
            select_head(int(row["layer"]), int(row["head"]))

    pinned = {name: st.column_config.NumberColumn(name, format="%d", pinned=True, help=HELP["head"]) for name in ("layer", "head")}
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        height=360,
        on_select=select,
        selection_mode="single-row",
        column_config=pinned | columns,
    )
