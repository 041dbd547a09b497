"""The snake plot on a page: drawn once by Python, coloured anew with each change."""

import hashlib
from collections.abc import Callable

import streamlit as st
from streamlit.components.v2 import component

from allo_core.figures.colours import BRIGHT, HELIX, LETTERS, PLAIN, SLIDE
from allo_core.figures.snake import SnakeLayout, snake_layout
from allo_core.figures.snake_svg import snake_svg
from allo_core.library.nearest import numbers_for
from allo_core.protein.sequence import Protein
from allo_core.ui.shared.components import component_file, component_script, component_without_picture, in_order
from allo_core.ui.shared.painting import Painting, residue_labels
from allo_core.ui.shared.plots import GROWS
from allo_core.ui.shared.theme import current_theme

__all__ = ["has_snake", "layout_of", "snake_drawing", "snake_view"]


def has_snake(protein: Protein) -> bool:
    """Whether the helices of a protein are known, so that it can be drawn."""
    return layout_of(protein) is not None


@st.cache_resource(max_entries=16, show_spinner=False)
def layout_of(protein: Protein) -> SnakeLayout | None:
    """Where the residues of a protein stand; None where its helices are not known."""
    numbers = numbers_for(protein)
    return None if numbers is None else snake_layout(numbers.segment)


@st.cache_resource(max_entries=16, show_spinner=False)
def snake_drawing(protein: Protein, theme) -> tuple[str, str]:
    """Key and SVG text of the plain drawing of a protein that has one."""
    layout = layout_of(protein)
    assert layout is not None, "asked for where there is one"
    text = snake_svg(layout, protein.sequence, residue_labels(protein), theme=theme)
    return hashlib.sha256(text.encode()).hexdigest(), text


def snake_view(protein: Protein, painting: Painting, file: str, height: int, on_pick: Callable[[], None], key: str, group: str = "") -> str:
    """Draw the plot; a click or Enter on a residue calls ``on_pick``, which asks `picked_number` with the key that is returned.

    Parameters
    ----------
    file : str
        Name of the saved picture, letters and digits.
    group : str
        Not empty where several stand side by side: what is written beside the plot then takes less room.
    """
    theme = current_theme()
    drawing, text = snake_drawing(protein, theme)
    ink, _, ground = SLIDE[theme]
    # Registered on every run of the page, as Streamlit asks.
    plot = component(
        "alloscope_snake",
        html=component_file("snake.html"),
        css=component_file("viewer.css") + component_file("snake.css"),
        js=component_script("picture.js", "snake.js"),
    )
    component_without_picture("structures")(key=f"text-{key}", data={"id": drawing, "pdb": text}, height=1)
    state = {
        "height": height,
        "grows": key.startswith(GROWS),
        "drawing": drawing,
        "group": group,
        "file": file,
        "title": painting.title,
        "first": protein.first,
        "colours": list(painting.colours),
        "labels": list(painting.labels),
        "values": list(painting.values),
        "valueName": painting.value_name,
        "sets": [
            {"name": name, "label": f"set {name}", "numbers": numbers, "colour": colour}
            for name, (numbers, colour) in painting.sets.items()
        ],
        "legend": painting.legend,
        "colouring": painting.colouring,
        "tags": [list(tag) for tag in painting.tags],
        "credit": "",
        "plain": PLAIN,
        "rim": HELIX,
        "letters": list(LETTERS),
        "bright": BRIGHT,
        "ink": ink,
        "ground": ground,
    }
    plot(key=key, height=height, on_pick_change=on_pick, data=in_order(key, state))
    return drawing
