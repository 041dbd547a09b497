"""Choosing a model: its size, where its weights lie, and what it is for."""

from collections.abc import Callable
from urllib.parse import urlsplit

import streamlit as st

from allo_core.errors import AlloScopeError, WeightsError
from allo_core.models.registry import DEFAULT_MODEL, MODELS, PUBLISH_WITH, get_spec
from allo_core.models.weights import WeightsState, how_to_get, locate
from allo_core.ui.shared.help import HELP
from allo_core.ui.shared.mirror import mirrored
from allo_core.ui.shared.text import plain

__all__ = ["draw_model", "model_label", "readable_size", "whereabouts"]


@st.cache_data(ttl=10, show_spinner=False)
def whereabouts() -> dict[str, WeightsState | str]:
    """Where the weights of each model lie, or what is wrong with them."""
    found: dict[str, WeightsState | str] = {}
    for model_id, spec in MODELS.items():
        try:
            found[model_id] = locate(spec)
        except AlloScopeError as error:
            found[model_id] = str(error)
    return found


def draw_model(chosen: str, change: Callable[[str], None]) -> None:
    """Choose the model; where its weights lie and under which licence; the model to publish with, one click away."""
    where = whereabouts()

    def name(model_id: str) -> str:
        spec, weights = MODELS[model_id], where[model_id]
        if isinstance(weights, str):
            state = "weights damaged"
        else:
            state = {"download": f"{readable_size(weights.size)} download", "missing": "not installed"}.get(weights.state, weights.state)
        return f"{spec.label} · {spec.layers} × {spec.heads} heads · {state}"

    st.selectbox(
        "Model",
        list(MODELS),
        format_func=name,
        help=HELP["model"],
        **mirrored("model", chosen, change, list(MODELS)),
    )
    weights, spec = where[chosen], get_spec(chosen)
    if isinstance(weights, str):
        st.error(plain(weights))
        return
    source = f"download from {urlsplit(weights.source).hostname}" if weights.state == "download" else weights.source
    st.caption(plain(f"{spec.note} Weights: {source}, licence {weights.licence}.".strip()))
    if weights.state == "missing":
        st.warning(plain(how_to_get(spec)))
    if spec.id == DEFAULT_MODEL:
        wanted = get_spec(PUBLISH_WITH)
        st.button(
            f"Use {wanted.label} instead",
            key="publish_with",
            type="tertiary",
            icon=":material/swap_horiz:",
            help=HELP["publish_with"],
            on_click=change,
            args=(wanted.id,),
        )


def readable_size(size: int) -> str:
    """Bytes as people read them: 2.6 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}" if size < 10 * scale else f"{size / scale:.0f} {unit}"
    return f"{size / 1e3:.0f} kB"


def model_label(model_id: str) -> str:
    """The model's name for people; its id where this version does not know it."""
    try:
        return get_spec(model_id).label
    except WeightsError:
        return model_id
