"""The slide: the browser composes heatmap and structure into one picture and sends it back."""

import base64
import binascii
import hashlib
import json

import streamlit as st

from allo_core.figures.colours import GREYS, PAIRS, PASSING_DOT, SLIDE
from allo_core.figures.heatmap import cell_colours
from allo_core.models.registry import get_spec
from allo_core.ui.explore import session
from allo_core.ui.explore.session import TakenSlide
from allo_core.ui.explore.shown import Shown
from allo_core.ui.shared.components import component_without_picture, in_order
from allo_core.ui.shared.theme import current_theme

__all__ = ["png_of", "slide_of", "take_again"]

_SIZE = (1920, 1080)
_LARGEST = 12_000_000  # bytes of PNG


def slide_of(shown: Shown) -> tuple[bytes | None, str]:
    """The slide of what is shown, as soon as the browser has drawn it, and what went wrong with it."""
    content = _content(shown)
    explore = session.page()
    token = hashlib.sha256(json.dumps([content, explore.slides_again], sort_keys=True).encode()).hexdigest()[:16]
    explore.slide_wanted = token
    data = in_order("slide", {**content, "token": token})
    component_without_picture("slide")(key="slide", data=data, height=1, on_slide_change=_take_slide)
    return (explore.slide.png, explore.slide.problem) if explore.slide.token == token else (None, "")


def _content(shown: Shown) -> dict:
    result, legend = shown.result, shown.painting.legend
    theme, drawn = current_theme(), sum(not pointed_out for *_, pointed_out in shown.painting.pairs)
    layers, heads = result.special_share.shape
    ink, faint, background = SLIDE[theme]
    return {
        "title": f"{shown.receptor} · {get_spec(shown.view.model).label}",
        "subtitle": shown.result.head_name + (f" on {shown.loaded.name}" if shown.loaded is not None else ""),
        "caption": shown.caption,
        "ink": ink,
        "faint": faint,
        "background": background,
        "dot": list(PASSING_DOT),
        "legend": legend,
        "sets": [
            {"text": f"set {name}, {len(numbers)} residues", "colour": colour}
            for name, (numbers, colour) in shown.painting.sets.items()
            if numbers
        ],
        "pairs": {"text": f"{drawn} {shown.painting.pairs_name}", "colour": PAIRS[theme]} if drawn else None,
        "grey": {"text": "grey: not tested or flagged", "colour": GREYS[theme][1]},
        "heatmap": {
            **cell_colours(
                result.scores.frame, shown.view.score, (layers, heads), theme, shown.view.colours == "fixed", result.weighting_name
            ),
            "layers": layers,
            "heads": heads,
            "selected": list(result.head),
        },
        "painting": "" if shown.loaded is None or shown.view.panel == "snake" else shown.painting.id,
    }


def take_again() -> None:
    """Ask for the slide once more, with the view as it is now."""
    session.page().slides_again += 1


def _take_slide() -> None:
    """Keep the picture that the browser sent, if it is the one asked for and a PNG of the right size (the browser's word is checked)."""
    sent = getattr(st.session_state.get("slide"), "slide", None)
    if not isinstance(sent, dict) or sent.get("token") != session.page().slide_wanted:
        return
    png = png_of(sent.get("png"))
    problem = "" if png is not None else str(sent.get("problem", "the browser sent no picture"))[:200]
    session.page().slide = TakenSlide(sent["token"], png, problem)


def png_of(address: object) -> bytes | None:
    """The PNG in a data: address, None unless it is one of the slide's size."""
    head = "data:image/png;base64,"
    if not isinstance(address, str) or not address.startswith(head) or len(address) > 1.4 * _LARGEST:
        return None
    try:
        png = base64.b64decode(address[len(head) :], validate=True)
    except (binascii.Error, ValueError):
        return None
    size = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
    return png if png.startswith(b"\x89PNG\r\n\x1a\n") and size == _SIZE else None
