"""Predicted sites: the residues by probability, what may be done with them, and what the predictor was trained on."""

from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from allo_core.errors import PredictionError
from allo_core.export import coloured_structure, predicted_csv
from allo_core.figures.profile import probability_profile
from allo_core.library.nearest import numbers_for
from allo_core.models.registry import get_spec
from allo_core.prediction.card import model_card
from allo_core.protein.sequence import Protein
from allo_core.runs.maps import AttentionMaps
from allo_core.ui.explore import session
from allo_core.ui.explore.prediction import Prediction, prediction_of, the_predictor
from allo_core.ui.explore.view import View
from allo_core.ui.protein import session as protein_session
from allo_core.ui.protein.view import offered_sites
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import file_stem, plain

__all__ = ["circularity", "draw_prediction"]

_IN_VIEW = 3  # sentences of the card: how it does beside its baselines, how it was picked, what attention adds
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
    alt = f"Probability of each residue of {protein.name} to belong to an allosteric site."
    draw_plot(_profile(view, prediction), "probabilities", alt)
    left, right = st.columns([7, 4], gap="large")
    with left:
        order = _draw_order(prediction)
        chosen = _draw_table(view, prediction, order)
        _draw_buttons(view, prediction, order, chosen, loaded)
    with right:
        st.markdown("##### What this is worth", help=HELP["predicted"])
        card = model_card(prediction.predictor)
        for sentence in card[:_IN_VIEW]:
            st.markdown(plain(sentence))
        with st.expander("In full: what it was fitted to, and how it was judged"):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in card[_IN_VIEW:]))


def _draw_none(view: View, error: PredictionError) -> None:
    try:
        predictor = the_predictor()
        wanted = predictor.model_id if predictor.reads_attention else view.model
    except PredictionError:
        wanted = view.model
    if wanted == view.model:
        st.info(plain(str(error)))
    else:
        labels = get_spec(wanted).label, get_spec(view.model).label
        st.info(plain(f"The site predictor was fitted to the attention of {labels[0]}; that of {labels[1]} means nothing to it."))
        st.button(
            plain(f"Use {get_spec(wanted).label}"), key="predictors_model", on_click=session.page().change,
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


def _draw_order(prediction: Prediction) -> np.ndarray:
    """The residues that the table lists, the most probable first; without the orthosteric site where a person wants that."""
    order, site = prediction.order, prediction.orthosteric
    if site is None:
        return order
    inside = np.isin(order, site.residues)
    said, choice = st.columns([3, 2], vertical_alignment="center")
    highest = min(_OFFERED, len(order))
    said.markdown(plain(f"{inside[:highest].sum()} of the {highest} highest lie in the orthosteric site ({site.source})."))
    left_out = choice.toggle("Leave that site out", key="without_orthosteric", help=HELP["orthosteric"])
    return order[~inside] if left_out else order


def _draw_table(view: View, prediction: Prediction, order: np.ndarray) -> list[int]:
    """The residues in this order; the rows that are chosen."""
    # Another key for other rows: those chosen before must not stay chosen.
    event = st.dataframe(
        _table(view, prediction, order),
        key=f"predicted_{file_stem(view.protein)}_{len(prediction.protein)}_{prediction.protein.first}_{len(order)}",
        hide_index=True,
        height=_HEIGHT,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "generic": st.column_config.TextColumn("GPCRdb", help=HELP["generic"]),
            "probability": st.column_config.ProgressColumn(
                "probability", format="%.3f", min_value=0, max_value=float(prediction.probabilities.max()), help=HELP["predicted"]
            ),
            "rank": st.column_config.NumberColumn("rank", width=60),
            "residue": st.column_config.TextColumn("residue", width=80),
            "segment": st.column_config.TextColumn("segment", width=80),
            "set": st.column_config.TextColumn("set", width=50),
            "library": st.column_config.TextColumn("library", width=240, help="Sites of the library that list the residue, of any kind."),
        },
    )
    return [row for row in event.selection.rows if row < len(order)]


def _table(view: View, prediction: Prediction, order: np.ndarray) -> pd.DataFrame:
    protein, ranks = prediction.protein, {int(index): rank for rank, index in enumerate(prediction.order, start=1)}
    numbers = numbers_for(protein)
    listed: dict[int, list[str]] = {}
    for name, residues in offered_sites(view.protein).items():
        for index in residues:
            listed.setdefault(index, []).append(name)
    marks = {index: name for name in ("B", "A") for index in view.sets[name]}
    return pd.DataFrame(
        {
            "rank": [ranks[int(index)] for index in order],
            "residue": [protein.label(index) for index in order],
            "generic": ["" if numbers is None else numbers.gpcrdb[index] for index in order],
            "segment": ["" if numbers is None else numbers.segment[index] for index in order],
            "probability": prediction.probabilities[order],
            "set": [marks.get(index, "") for index in order],
            "library": ["; ".join(listed.get(index, ())) for index in order],
        }
    )


def _mark(residues: tuple[int, ...]) -> None:
    """Mark residues, and remember that the predictor chose them."""
    protein_session.mark(residues)
    session.page().predicted_marks = (session.page().view.protein, residues)


def circularity(view: View) -> str:
    """What to say where the marked residues were chosen by the very attention that is scored; empty where they were not."""
    protein, residues = session.page().predicted_marks
    if view.protein != protein or residues not in view.sets.values() or not residues:
        return ""
    try:
        predictor = the_predictor()
    except PredictionError:
        return ""
    return (
        "These residues were chosen by this model's own attention (predicted sites), so p and q are circular: no evidence for them."
        if view.model == predictor.model_id and predictor.reads_attention
        else ""
    )


def _draw_buttons(view: View, prediction: Prediction, order: np.ndarray, rows: list[int], loaded: LoadedStructure | None) -> None:
    chosen = tuple(sorted(int(order[row]) for row in rows or range(min(_OFFERED, len(order)))))
    what = f"{len(rows)} chosen" if rows else f"{len(chosen)} highest"
    mark, table = st.columns(2, gap="small")
    show, coloured = st.columns(2, gap="small")
    mark.button(
        f"Mark the {what} as set {view.marking}", key="mark_predicted", on_click=_mark, args=(chosen,), width="stretch",
        help="Replaces the residues of this set; choose rows at their left edge to take others.",
    )  # fmt: skip
    show.button(
        "Show on the structure", key="show_predicted", on_click=session.page().change, kwargs={"colouring": "predicted"}, width="stretch",
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
        "Structure, mmCIF",
        "" if loaded is None else partial(coloured_structure, loaded.structure, loaded.mapping, prediction.probabilities),
        f"{stem}.cif",
        "chemical/x-cif", key="download_predicted_structure", on_click="ignore", icon=":material/download:", width="stretch",
        disabled=loaded is None, help="The probabilities stand in the place of the B factors.",
    )  # fmt: skip
