"""Predicted sites: the residues by probability, what may be done with them, and what the predictor was trained on."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from allo_core.attention.maps import AttentionMaps
from allo_core.errors import PredictionError
from allo_core.export import coloured_structure, predicted_csv
from allo_core.figures.profile import probability_profile
from allo_core.library import numbers_for
from allo_core.models.registry import get_spec
from allo_core.prediction.card import model_card
from allo_core.sequence import Protein
from allo_core.ui import session, state
from allo_core.ui.help import HELP
from allo_core.ui.painting import residue_labels
from allo_core.ui.prediction import Prediction, prediction_of, the_predictor
from allo_core.ui.results import LoadedStructure
from allo_core.ui.state import View
from allo_core.ui.text import file_stem, plain

__all__ = ["draw_prediction"]

_OFFERED = 10  # of the highest residues, to be marked at once; about as many as a listed site has
_HEIGHT = 360  # px of the table


def draw_prediction(view: View, protein: Protein, maps: AttentionMaps, loaded: LoadedStructure | None) -> None:
    """Profile, table and model card; why there is no prediction where there is none.  StoreError if the run was damaged meanwhile."""
    try:
        prediction = prediction_of(maps, protein)
    except PredictionError as error:
        _draw_none(view, error)
        return
    if prediction.notes:
        st.warning(plain(" ".join(prediction.notes)))
    figure = _profile(view, prediction)
    st.plotly_chart(
        figure, key="probabilities", height=int(figure.layout.height), config={"displayModeBar": False},
        alt=f"Probability of each residue of {protein.name} to belong to an allosteric site.",
    )  # fmt: skip
    left, right = st.columns([6, 5], gap="large")
    with left:
        _draw_table(view, prediction)
        _draw_buttons(view, prediction, loaded)
    with right:
        st.markdown("##### What this is worth", help=HELP["predicted"])
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in model_card(prediction.predictor)))


def _draw_none(view: View, error: PredictionError) -> None:
    st.info(plain(str(error)))
    try:
        wanted = the_predictor().model_id
    except PredictionError:
        return
    if wanted != view.model:
        st.button(
            plain(f"Use {get_spec(wanted).label}"), key="predictors_model", on_click=session.change,
            kwargs={"model": wanted, "head": None, "pair": None},
        )  # fmt: skip


def _profile(view: View, prediction: Prediction) -> go.Figure:
    protein = prediction.protein
    numbers = numbers_for(protein)
    return probability_profile(
        [protein.number(index) for index in range(len(protein))],
        prediction.probabilities,
        residue_labels(protein),
        view.sets,
        [] if numbers is None else numbers.spans(),
    )


def _draw_table(view: View, prediction: Prediction) -> None:
    """All residues, the most probable first."""
    st.dataframe(
        _table(view, prediction),
        key=_table_key(view, prediction),
        hide_index=True,
        height=_HEIGHT,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "probability": st.column_config.ProgressColumn(
                "probability", format="%.3f", min_value=0, max_value=float(prediction.probabilities.max()), help=HELP["predicted"]
            ),
            "library": st.column_config.TextColumn("library", help="Sites of the library that list the residue, of any kind."),
        },
    )


def _table_key(view: View, prediction: Prediction) -> str:
    """Another one for other rows: those chosen before must not stay chosen."""
    return f"predicted_{file_stem(view.protein)}_{len(prediction.protein)}_{prediction.protein.first}"


def _table(view: View, prediction: Prediction) -> pd.DataFrame:
    protein, order = prediction.protein, prediction.order
    numbers = numbers_for(protein)
    listed: dict[int, list[str]] = {}
    for name, residues in state.offered_sites(view.protein).items():
        for index in residues:
            listed.setdefault(index, []).append(name)
    marks = {index: name for name in ("B", "A") for index in view.sets[name]}
    return pd.DataFrame(
        {
            "rank": range(1, len(order) + 1),
            "residue": [protein.label(index) for index in order],
            "generic": ["" if numbers is None else numbers.gpcrdb[index] for index in order],
            "segment": ["" if numbers is None else numbers.segment[index] for index in order],
            "probability": prediction.probabilities[order],
            "set": [marks.get(index, "") for index in order],
            "library": ["; ".join(listed.get(index, ())) for index in order],
        }
    )


def _draw_buttons(view: View, prediction: Prediction, loaded: LoadedStructure | None) -> None:
    event = st.session_state.get(_table_key(view, prediction))
    rows = [row for row in event.selection.rows if row < len(prediction.order)] if event else []
    chosen = tuple(sorted(int(prediction.order[row]) for row in rows or range(min(_OFFERED, len(prediction.order)))))
    what = f"{len(rows)} chosen" if rows else f"{len(chosen)} highest"
    mark, table = st.columns(2, gap="small")
    show, coloured = st.columns(2, gap="small")
    mark.button(
        f"Mark the {what} as set {view.marking}", key="mark_predicted", on_click=session.mark, args=(chosen,), width="stretch",
        help="Replaces the residues of this set; choose rows at their left edge to take others.",
    )  # fmt: skip
    show.button(
        "Show on the structure", key="show_predicted", on_click=session.change, kwargs={"colouring": "predicted"}, width="stretch",
        disabled=loaded is None or view.colouring == "predicted",
        help="The same as 'predicted sites' under 'Structure shows'." if loaded is not None else "No structure is loaded.",
    )  # fmt: skip
    stem = f"alloscope_{file_stem(prediction.protein.name)}_predicted_sites"
    table.download_button(
        "Table, CSV", lambda: predicted_csv(prediction.protein, numbers_for(prediction.protein), prediction.probabilities,
                                            prediction.predictor), f"{stem}.csv", "text/csv",
        key="download_predicted", on_click="ignore", icon=":material/download:", width="stretch",
    )  # fmt: skip
    coloured.download_button(
        "Structure, mmCIF", lambda: coloured_structure(loaded.structure, loaded.mapping, prediction.probabilities), f"{stem}.cif",
        "chemical/x-cif", key="download_predicted_structure", on_click="ignore", icon=":material/download:", width="stretch",
        disabled=loaded is None, help="The probabilities stand in the place of the B factors.",
    )  # fmt: skip
