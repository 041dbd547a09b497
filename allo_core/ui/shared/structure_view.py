"""The clickable 3D view: a Streamlit component around 3Dmol.js."""

from collections.abc import Callable
from dataclasses import asdict

import streamlit as st
from streamlit.components.v2 import component

from allo_core.fetch.three_d_mol import FILE, ThreeDMolError, ensure_library
from allo_core.figures.colours import ELEMENTS, PAIRS, PARTNER, PARTNER_ON_DARK, PLAIN, POINTED_OUT, UNCERTAIN
from allo_core.structure.components import LIPIDS
from allo_core.structure.scene import Partner, Scene
from allo_core.structure.style import STYLE
from allo_core.ui.shared.components import component_file, component_script, component_without_picture, in_order
from allo_core.ui.shared.painting import Painting
from allo_core.ui.shared.plots import GROWS
from allo_core.ui.shared.theme import current_theme

__all__ = ["picked_number", "structure_view"]


def _components():
    # Registered on every run of the page, as Streamlit asks; the definitions are the same each time.
    viewer = component(
        "alloscope_viewer",
        html=component_file("viewer.html"),
        css=component_file("viewer.css"),
        js=component_script("picture.js", "viewer.js"),
    )
    return viewer, component_without_picture("structures")


@st.cache_data(ttl=60, show_spinner="Fetching 3Dmol.js, once")
def _library() -> tuple[str, str]:
    """Address of 3Dmol.js on this server, and what is wrong where there is none (asked again after a minute)."""
    try:
        ensure_library()
    except ThreeDMolError as error:
        return "", str(error)
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"{'/' + base if base else ''}/app/static/{FILE}", ""


def structure_view(
    scene: Scene,
    first: int,
    painting: Painting,
    file: str,
    height: int,
    on_pick: Callable[[], None],
    key: str,
    group: str = "",
    credit: str = "",
    on_slides: bool = True,
) -> None:
    """Draw a scene; a click on a residue of the receptor calls ``on_pick``, which asks `picked_number`.

    The camera stays as long as the scene is the same.

    Parameters
    ----------
    scene : Scene
    first : int
        UniProt number of the protein's first residue.
    file : str
        Name of saved pictures, letters and digits.
    group : str
        Views of one group turn together.
    credit : str
        Whom to name beside the picture and in it.
    on_slides : bool
        Whether the slide shows this view; one on the page does.
    """
    theme = current_theme()
    dark = theme == "dark"
    viewer, structures = _components()
    address, problem = _library()
    structures(key=f"text-{key}", data={"id": scene.id, "pdb": scene.pdb}, height=1)
    ions = sorted({ligand.label for ligand in scene.ligands if ligand.is_ion})
    others = sorted({ligand.label for ligand in scene.ligands if not ligand.is_ion})
    state = {
        "height": height,
        "grows": key.startswith(GROWS),
        "group": group,
        "onSlides": on_slides,
        "library": address,
        "problem": problem,
        "file": file,
        "title": painting.title,
        "painting": painting.id,
        "structure": scene.id,
        "first": first,
        "colours": list(painting.colours),
        "labels": list(painting.labels),
        "values": list(painting.values),
        "valueName": painting.value_name,
        "sets": [
            {"name": name, "label": f"set {name}" if len(name) == 1 else name, "numbers": numbers, "colour": colour}
            for name, (numbers, colour) in painting.sets.items()
        ],
        "legend": painting.legend,
        "colouring": painting.colouring,
        "pairs": [list(pair) for pair in painting.pairs],
        "pairsName": painting.pairs_name,
        "pairColour": PAIRS[theme],
        "pointedOut": POINTED_OUT,
        "style": asdict(STYLE),
        "tags": [list(tag) for tag in painting.tags],
        "helices": [
            {"name": helix.name, "top": helix.top.round(2).tolist(), "bottom": helix.bottom.round(2).tolist()} for helix in scene.helices
        ],
        "chains": {partner.chain: _partner(partner) for partner in scene.partners},  # shown as text only
        "copies": [partner.chain for partner in scene.partners if partner.is_copy],
        "ligands": [name for name in others if name not in LIPIDS],
        "lipids": [name for name in others if name in LIPIDS],
        "ions": ions,
        "elements": ELEMENTS,
        "partner": PARTNER_ON_DARK if dark else PARTNER,
        "partnerOpacity": STYLE.partner_opacity[theme],
        "plain": PLAIN,
        "uncertain": list(scene.uncertain),
        "ribbon": "trace" if scene.trace else "rectangle",
        "uncertainColour": UNCERTAIN,
        "credit": credit,
    }
    viewer(key=key, height=height, on_pick_change=on_pick, data=in_order(key, state))


def _partner(partner: Partner) -> str:
    return f"chain {partner.author_chain} of the entry{', another copy of the receptor' if partner.is_copy else ''}"


def picked_number(key: str, scene_id: str, first: int, length: int) -> int | None:
    """The UniProt number of the last pick; None where it is not a residue of what is shown (the browser's word is checked)."""
    pick = getattr(st.session_state.get(key), "pick", None)
    if not isinstance(pick, dict) or pick.get("structure") != scene_id:
        return None
    number = pick.get("number")
    return number if isinstance(number, int) and first <= number < first + length else None
