"""All residues as a table, and the files with all numbers."""

import pandas as pd
import streamlit as st

from allo_core.export.readouts import array_npy, probabilities_csv
from allo_core.library.nearest import numbers_for
from allo_core.models.probabilities import ResidueProbabilities
from allo_core.protein.sequence import Protein
from allo_core.ui.sequence import session
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.text import file_stem

__all__ = ["draw_table"]

_HEIGHT = 330  # px


def draw_table(view: SequenceView, protein: Protein, shown: ResidueProbabilities) -> None:
    """A click on a row selects the residue."""
    numbers = numbers_for(protein)
    table = pd.DataFrame(
        {
            "residue": [protein.label(index) for index in range(len(protein))],
            "number": [""] * len(protein) if numbers is None else list(numbers.gpcrdb),
            "p": shown.wild_type,
            "entropy": shown.entropy,
            "expected": list(shown.expected),
            "mean": shown.mean_log_odds,
        }
    )
    key = f"residues_{file_stem(protein.name)}_{shown.masked}"

    def select() -> None:
        rows = st.session_state[key].selection.rows
        session.page().change(residue=int(rows[0]) if rows else None)

    number = st.column_config.NumberColumn
    with st.expander("All residues as a table, and as files"):
        st.dataframe(
            table, key=key, hide_index=True, height=_HEIGHT, on_select=select, selection_mode="single-row",
            column_config={
                "number": st.column_config.TextColumn("generic number", help=HELP["generic"]),
                "p": number("p(wild type)", format="%.4f", help=HELP["masked"]),
                "entropy": number("entropy, bits", format="%.2f", help=HELP["entropy"]),
                "mean": number("mean log odds, nats", format="%.2f", help=HELP["mutation_score"]),
            },
        )  # fmt: skip
        stem = f"alloscope_{file_stem(protein.name)}_{view.model}_{'masked' if shown.masked else 'one_pass'}"
        with st.container(horizontal=True):
            st.download_button(
                "Table with all scores (CSV)", lambda: probabilities_csv(shown, numbers), f"{stem}.csv", "text/csv", key="residues_csv",
                on_click="ignore", icon=":material/table:",
            )  # fmt: skip
            st.download_button(
                "Log-probabilities (NPY)", lambda: array_npy(shown.log_p), f"{stem}_log_p.npy", "application/octet-stream",
                key="residues_npy",
                on_click="ignore", icon=":material/data_array:", help=f"float32 [{len(protein)}, 20], columns {shown.letters}.",
            )  # fmt: skip
