"""The tab Layers: which layer for which property, the residues of one state on a plane, what layers change, and receptors."""

from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from allo_core.errors import AlloScopeError
from allo_core.export.layers import layers_csv, layers_record
from allo_core.figures.layers import layers_figure, similarity_figure
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.layer_comparison import LayerComparison
from allo_core.readouts.layer_properties import PROPERTIES, LayerProperty
from allo_core.readouts.layer_shapes import LayerShapes, kept_shapes
from allo_core.readouts.layers import kept_layers, states_size
from allo_core.readouts.value_table import property_of_table
from allo_core.storage.amounts import amount
from allo_core.ui.sequence import session
from allo_core.ui.sequence.offer import draw_offer
from allo_core.ui.sequence.receptor_vectors import draw_receptors
from allo_core.ui.sequence.requests import SIMILARITY, LibraryRequest
from allo_core.ui.sequence.residue_map import draw_residues
from allo_core.ui.sequence.state_changes import draw_changes
from allo_core.ui.sequence.view import OWN, SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.own_values import draw_own_values
from allo_core.ui.shared.plots import draw_plot
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme

__all__ = ["draw"]

_HEIGHT = 340  # px
_YOURS = "a table of yours"


def draw(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, problem: str, choices: DeltaGenerator) -> None:
    """Layers beside their similarity, residues beside the receptor, then receptors."""
    left, right = st.columns([8, 5], gap="medium")
    with left:
        _draw_property(view)
    with right:
        _draw_similarity(view)
    draw_residues(view, protein, loaded, problem)
    draw_changes(view, protein)
    draw_receptors(view)


def _draw_property(view: SequenceView) -> None:
    """One property, the score of every state, and the answer."""
    names = {name: name for name in PROPERTIES} | {OWN: _YOURS}
    st.selectbox(
        "Which layer for", list(names), format_func=names.__getitem__, help=HELP["layer_property"],
        **mirrored("property", view.property, lambda name: session.page().change(property=name), list(names)),
    )  # fmt: skip
    table = None
    if view.property == OWN:
        table = session.page().table = draw_own_values()
        if table is None:
            return
    request = LibraryRequest(view.property, view.model, view.device, view.dtype, table)
    try:
        asked: str | LayerProperty = view.property if table is None else property_of_table(*table)
        found = kept_layers(view.model, asked, device=view.device, dtype=view.dtype)
        size = states_size(view.model, asked)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    if found is None:
        model = get_spec(view.model).label
        draw_offer(
            request, f"Compare the layers of {model}",
            f"{model} reads receptors of the library, one of each cluster of homologues; then linear probes are fitted to each state, to a "
            f"model of the same shape with random weights, and to shuffled labels. It goes on in the background and is kept "
            f"({amount(2 * size)}).", "layers",
        )  # fmt: skip
        return
    _draw_found(found)


def _draw_found(found: LayerComparison) -> None:
    st.markdown(plain(found.sentence), help=HELP["layers"])
    # Of attention what layer k - 1 gives stands at state k.
    lines = {"untrained weights": found.untrained, "attention of layer": found.attention, "of layers so far": found.attention_so_far}
    count = len(found.states)
    beside = {name: np.array([np.nan] * (count - len(scores)) + [one.value for one in scores]) for name, scores in lines.items() if scores}
    baselines = {one.name: one.score.value for one in found.baselines}
    figure = layers_figure(
        np.array([one.value for one in found.states]), np.array([one.error for one in found.states]), baselines, found.measure, found.best,
        (found.all_states.value, found.all_states.error), beside, _HEIGHT,
    )  # fmt: skip
    draw_plot(figure, "layers_figure", f"{found.measure} of {found.property_name} for each state of {found.model_label}.")
    note = f" {found.note[:1].upper()}{found.note[1:]}." if found.note else ""
    rows = "pairs of residues" if found.attention else "residues or receptors"
    st.caption(plain(f"{found.rows:,} {rows} in {found.clusters} clusters of homologues, {found.folds} folds.{note}"))
    stem = f"alloscope_{found.model_id}_layers"
    with st.container(horizontal=True):
        st.download_button("Table (CSV)", lambda: layers_csv(found), f"{stem}.csv", "text/csv", key="layers_csv", on_click="ignore")
        st.download_button(
            "Record (JSON)", lambda: layers_record(found), f"{stem}.json", "application/json", key="layers_json", on_click="ignore"
        )


@st.cache_resource(max_entries=4, ttl=600, show_spinner="Comparing the states")
def _kept_shapes(model: str, device: DeviceChoice, dtype: Dtype) -> LayerShapes:
    found = kept_shapes(model, device, dtype)
    if found is None:
        raise LookupError  # not remembered: the states may come
    return found


def _shapes(view: SequenceView) -> LayerShapes | None:
    with suppress(LookupError):
        return _kept_shapes(view.model, view.device, view.dtype)
    return None


def _draw_similarity(view: SequenceView) -> None:
    """How alike the states are to each other."""
    request = LibraryRequest(SIMILARITY, view.model, view.device, view.dtype)
    st.markdown("##### How alike the layers are", help=HELP["cka"])
    try:
        found = _shapes(view)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    if found is None:
        draw_offer(request, "Compare the states", "A pass over receptors of the library, unless their states are kept.", "similarity")
        return
    draw_plot(similarity_figure(found.similarity, current_theme(), _HEIGHT), "similarity_figure", "Linear CKA between all states.")
    first, last = found.participation[0], found.participation[-1]
    st.caption(
        f"From {found.vectors:,} residues. State 0 extends in about {first:.0f} directions, the last in {last:.0f} (participation ratio).",
        help=HELP["participation"],
    )
