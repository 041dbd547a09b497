"""What stands below the contact map: how good it is, the best pairs, and all of them as a file."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from allo_core.attention.contacts import PARTS
from allo_core.export.readouts import contacts_csv
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.readouts.contacts import PredictedContacts
from allo_core.readouts.family_contacts import FamilyContacts
from allo_core.readouts.judged import JudgedContacts, KnownMap
from allo_core.ui.sequence import session
from allo_core.ui.sequence.view import SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["ShownContacts", "draw_tables"]

_LISTED = 60


class ShownContacts(NamedTuple):
    """What is known of the contacts of a protein."""

    predicted: PredictedContacts
    family: FamilyContacts | None
    known: KnownMap | None
    judged: JudgedContacts


def draw_tables(
    view: SequenceView, protein: Protein, shown: ShownContacts, first: np.ndarray, second: np.ndarray, loaded: LoadedStructure | None
) -> None:
    """Precision beside its baselines, and the best ``first`` and ``second`` residues."""
    st.caption(plain(shown.predicted.formula))
    left, right = st.columns([6, 7], gap="small")
    with left:
        _draw_precision(shown.judged)
    with right:
        _draw_pairs(view, protein, shown, first, second, loaded)
    numbers = numbers_for(protein)
    st.download_button(
        "All pairs (CSV)", lambda: contacts_csv(
            shown.predicted, numbers, view.separation, None if shown.family is None else shown.family.scores,
            None if shown.known is None else shown.known.touching,
        ),
        f"alloscope_{file_stem(protein.name)}_{view.model}_contacts.csv", "text/csv", key="contacts_csv", on_click="ignore",
        icon=":material/table:",
    )  # fmt: skip


def _draw_precision(judged: JudgedContacts) -> None:
    """Precision at every separation and number, the baselines beside it."""
    st.markdown("##### How many of the best pairs touch", help=HELP["precision"])
    if not judged.model:
        st.caption("No structure of this receptor is known here: not tested.")
        return
    rows = []
    for index, own in enumerate(judged.model):
        other = judged.family[index] if judged.family else None
        for place, name in enumerate(PARTS):
            rows.append(
                {
                    "apart": f"≥ {own.separation}",
                    "best": name,
                    "model": own.values[place],
                    "other receptors": None if other is None else other.values[place],
                    "separation alone": judged.separation[index].values[place],
                    "random": own.random,
                }
            )
    share = st.column_config.NumberColumn(format="percent")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content",
        column_config=dict.fromkeys(("model", "other receptors", "separation alone", "random"), share),
    )  # fmt: skip


def _draw_pairs(
    view: SequenceView, protein: Protein, shown: ShownContacts, first: np.ndarray, second: np.ndarray, loaded: LoadedStructure | None
) -> None:
    """The best pairs; a click on a row points the pair out."""
    first, second = first[:_LISTED], second[:_LISTED]
    labels = residue_labels(protein)
    st.markdown("##### Best pairs", help=HELP["contacts"])
    cb = None if loaded is None else loaded.cb
    distance = np.full(len(first), np.nan) if cb is None else np.linalg.norm(cb[first] - cb[second], axis=1)
    table = pd.DataFrame(
        {
            "residue": [labels[index] for index in first],
            "with": [labels[index] for index in second],
            shown.predicted.kind: shown.predicted.scores[first, second],
            "other receptors": np.nan if shown.family is None else shown.family.scores[first, second],
            "distance": distance,
        }
    )
    key = f"contact_pairs_{file_stem(protein.name)}_{view.model}_{view.separation}_{view.shown_pairs}"

    def point_out() -> None:
        rows = st.session_state[key].selection.rows
        session.page().change(pair=(int(first[rows[0]]), int(second[rows[0]])) if rows else None)

    number = st.column_config.NumberColumn
    st.dataframe(
        table, key=key, hide_index=True, height=372, on_select=point_out, selection_mode="single-row",
        column_config={
            shown.predicted.kind: number(format="%.3f"),
            "other receptors": number(format="percent", help=HELP["family_share"]),
            "distance": number("CB distance, Å", format="%.1f", help=plain(f"In {loaded.name}.") if loaded else "No structure is loaded."),
        },
    )  # fmt: skip
