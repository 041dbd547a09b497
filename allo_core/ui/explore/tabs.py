"""What stands below the pictures: the head, all heads, its map, removed heads, predicted sites, the network, what is taken away."""

from collections.abc import Callable

import streamlit as st

from allo_core.ui.explore.downloads import draw_downloads
from allo_core.ui.explore.head_panel import draw_card, draw_map, draw_pairs
from allo_core.ui.explore.needed_panel import draw_needed
from allo_core.ui.explore.needed_set_panel import draw_needed_set
from allo_core.ui.explore.network_panel import draw_network
from allo_core.ui.explore.prediction_panel import draw_prediction
from allo_core.ui.explore.results import HeadDetails
from allo_core.ui.explore.scores_table import draw_table
from allo_core.ui.explore.shown import Shown

__all__ = ["draw_tabs"]


def draw_tabs(shown: Shown, details: HeadDetails) -> Callable[[], None]:
    """The tabs; only the open one is worked out and sent.  StoreError if the run was damaged meanwhile.

    What is returned completes the open one and is called when the rest of the page stands.
    """
    complete = _nothing
    names = ["This head", "Heads", "Map", "Removed heads", "Predicted sites", "Network", "Downloads"]
    head, heads, head_map, needed, predicted, network, downloads = st.tabs(names, key="tabs", on_change="rerun")
    if head.open:
        with head:
            card, pairs = st.columns([6, 5], gap="large")
            with card:
                complete = draw_card(shown.view, shown.protein, shown.result, details, shown.loaded, shown.phrases)
            with pairs:
                draw_pairs(shown.protein, shown.result, details, shown.loaded)
    if heads.open:
        with heads:
            draw_table(shown.result)
    if head_map.open:
        with head_map:
            draw_map(shown.view, shown.protein, shown.result)
    if needed.open:
        with needed:
            draw_needed(shown.view, shown.protein, shown.result)
            draw_needed_set(shown.view, shown.protein, shown.result)
    if predicted.open:
        with predicted:
            draw_prediction(shown.view, shown.protein, shown.result.maps, shown.loaded)
    if network.open:
        with network:
            draw_network(shown.view, shown.protein, shown.result, shown.loaded)
    if downloads.open:
        with downloads:
            draw_downloads(shown)
    return complete


def _nothing() -> None:
    """Of tabs that are complete."""
