"""What can be taken away from the page Pairs."""

import streamlit as st

from allo_core.export.couplings import coupling_record, stretches_csv
from allo_core.interaction.coupling_answer import CouplingAnswer
from allo_core.ui.shared.text import file_stem

__all__ = ["draw_files"]


def draw_files(answer: CouplingAnswer) -> None:
    """Stretches as a table, everything as a record."""
    stem = f"alloscope_pairs_{file_stem(answer.protein.name)}"
    with st.container(horizontal=True):
        st.download_button(
            "Stretches (CSV)", lambda: stretches_csv(answer), f"{stem}.csv", "text/csv", key="stretches_csv", on_click="ignore"
        )
        st.download_button(
            "Record (JSON)", lambda: coupling_record(answer), f"{stem}.json", "application/json", key="coupling_json", on_click="ignore"
        )
