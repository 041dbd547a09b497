"""The residues of the protein on a plane, by one hidden state, beside the receptor in the same colours."""

from contextlib import suppress
from importlib.util import find_spec

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from allo_core.analysis.track import Letters, Segments, Values
from allo_core.analysis.tracks import TRACKS
from allo_core.errors import AlloScopeError
from allo_core.figures.colours import POINTED_OUT, RESIDUE_CLASSES, SEGMENTS
from allo_core.figures.points import points_by_category, points_by_value
from allo_core.models.devices import DeviceChoice, Dtype
from allo_core.models.embeddings import Embeddings
from allo_core.models.registry import get_spec
from allo_core.protein.sequence import Protein
from allo_core.readouts.layer_shapes import reference_panel
from allo_core.readouts.library_states import kept_states
from allo_core.readouts.vector_map import MapMethod, VectorMap, vector_map
from allo_core.ui.sequence import session
from allo_core.ui.sequence.embeddings_files import draw_files
from allo_core.ui.sequence.receptor import chosen_track, draw_coloured, values_of
from allo_core.ui.sequence.requests import StatesRequest
from allo_core.ui.sequence.view import METHODS, SequenceView
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.painting import residue_labels
from allo_core.ui.shared.run_panel import draw_under_way
from allo_core.ui.shared.structures import LoadedStructure
from allo_core.ui.shared.text import plain
from allo_core.ui.shared.theme import current_theme
from allo_core.ui.shared.worker import submit

__all__ = ["draw_residues"]

_HEIGHT = 480  # px


def draw_residues(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, problem: str) -> None:
    """The map at the left, the receptor at the right; a click in either selects a residue."""
    left, right = st.columns([6, 7], gap="small")
    with left:
        _draw_map(view, protein, loaded)
    with right:
        draw_coloured(view, protein, loaded, problem, TRACKS["segment"])


def _draw_map(view: SequenceView, protein: Protein, loaded: LoadedStructure | None) -> None:
    layers = get_spec(view.model).layers
    states = {-1: "the last", **{state: str(state) for state in range(layers + 1)}}
    methods = METHODS if find_spec("sklearn") is not None else METHODS[:1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Residues by state", list(states), format_func=states.__getitem__, help=HELP["state"],
            **mirrored("state", view.state, lambda state: session.page().change(state=state), list(states)),
        )  # fmt: skip
        chosen: MapMethod = "t-SNE" if view.method == "t-SNE" and view.method in methods else "PCA"
        st.segmented_control(
            "Map", methods, required=True, help=HELP["map"],
            **mirrored("method", chosen, lambda name: session.page().change(method=name), default="default"),
        )  # fmt: skip
    request = StatesRequest(protein, view.model, view.device, view.dtype, (view.state,))
    job = session.begun(request)
    if job is None or not isinstance(job.outcome.value, Embeddings):
        if draw_under_way(job, "_state"):
            return
        st.caption(plain(f"{get_spec(view.model).label} has not read {protein.name} for its embeddings yet: one pass."))
        st.button("Read it", key="read_state", type="primary", on_click=submit, args=(request,))
        return
    try:
        library = _library_state(request) if chosen == "PCA" else None
        found = _mapped(request, chosen, library is not None, job.outcome.value, library)
    except AlloScopeError as error:
        st.error(plain(str(error)))
        return
    _draw_points(view, protein, loaded, found)
    draw_files(view, protein, job.outcome.value)


@st.cache_resource(max_entries=16, show_spinner="Laying residues on a plane")
def _mapped(request: StatesRequest, method: MapMethod, fitted: bool, _embeddings: Embeddings, _library: np.ndarray | None) -> VectorMap:
    (state,) = _embeddings.states.values()
    return vector_map(state, method, _library)


def _library_state(request: StatesRequest) -> np.ndarray | None:
    """The state of residues of the library, to which principal axes are fitted where it is kept."""
    with suppress(LookupError):
        return _kept_state(request.model, request.device, request.dtype, request.states[0])
    return None


@st.cache_resource(max_entries=4, ttl=600, show_spinner=False)
def _kept_state(model: str, device: DeviceChoice, dtype: Dtype, state: int) -> np.ndarray:
    kept = kept_states(model, reference_panel(get_spec(model)), device, dtype)
    if kept is None:
        raise LookupError  # not remembered: the states may come
    return np.asarray(kept[state])


def _draw_points(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, found: VectorMap) -> None:
    figure = _figure(view, protein, loaded, found)
    if view.residue is not None:
        x, y = found.coordinates[view.residue]
        ring = {"symbol": "circle-open", "size": 18, "color": POINTED_OUT, "line": {"width": 3}}
        figure.add_trace(go.Scatter(x=[x], y=[y], mode="markers", hoverinfo="skip", showlegend=False, marker=ring))

    def pick() -> None:
        points = st.session_state.residue_map.selection.points
        if points and all(isinstance(points[-1].get(axis), int | float) for axis in "xy"):
            apart = np.abs(found.coordinates - np.array([points[-1]["x"], points[-1]["y"]])).sum(axis=1)
            session.select_residue(int(apart.argmin()))

    st.plotly_chart(
        figure, key="residue_map", height=_HEIGHT, config={"displayModeBar": False}, on_select=pick, selection_mode="points",
        alt=f"{len(protein)} residues of {protein.name} on a plane by {found.method}.",
    )  # fmt: skip
    told = "Distances between groups mean nothing here."
    if found.method == "PCA":
        own = found.fitted_to == len(protein)
        told = f"Axes from {'these residues' if own else f'{found.fitted_to:,} residues of the library'}, with their share of variance."
    st.caption(f"Coloured as the receptor. {told} Click a point to select the residue.")


def _figure(view: SequenceView, protein: Protein, loaded: LoadedStructure | None, found: VectorMap) -> go.Figure:
    track = chosen_track(view, TRACKS["segment"])
    shown, labels = values_of(view, protein, loaded, track), residue_labels(protein)
    if isinstance(shown, Values) and not shown.missing:
        return points_by_value(found.coordinates, shown.values.astype(float), labels, found.axes, shown.name, current_theme(), _HEIGHT)
    if isinstance(shown, Letters):
        classes = {letter: name for name, (letters, _) in RESIDUE_CLASSES.items() for letter in letters}
        colours = {name: colour for name, (_, colour) in RESIDUE_CLASSES.items()}
        return points_by_category(found.coordinates, [classes.get(one, "") for one in shown.letters], labels, found.axes, colours, _HEIGHT)
    names = shown.names if isinstance(shown, Segments) else [""] * len(protein)
    return points_by_category(found.coordinates, names, labels, found.axes, SEGMENTS, _HEIGHT)
