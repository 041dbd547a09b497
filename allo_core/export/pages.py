"""Pages that open in any browser, offline: figures, and the 3D view."""

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from allo_core.errors import ExportError
from allo_core.figures.colours import ELEMENTS, PAGE, PARTNER, SET_COLOURS, SIDE_NAMES, UNCERTAIN
from allo_core.structure.components import LIPIDS
from allo_core.structure.style import STYLE

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from allo_core.structure.scene import Scene

__all__ = ["figure_page", "structure_page"]

_HERE = Path(__file__).resolve().parent
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_ABOVE_HELICES = 9.0  # Å between the helix ends and the names of the two sides of the membrane


def figure_page(figures: "Sequence[go.Figure]", title: str, caption: str) -> str:
    """HTML page with some Plotly figures, interactive and without any address to load from.

    Parameters
    ----------
    figures : sequence of plotly.graph_objects.Figure
    title, caption : str
        Text from outside is escaped.
    """
    from plotly.io import to_html  # slow to load

    parts = [
        to_html(figure, full_html=False, include_plotlyjs=not count, include_mathjax=False, div_id=f"figure-{count}", config=_BUTTONS)
        for count, figure in enumerate(figures)
    ]
    return _filled(
        "figure_page.html",
        title=html.escape(title),
        caption=html.escape(caption),
        style=_filled("page.css", **PAGE),
        figures="\n".join(f'<div class="figure">{part}</div>' for part in parts),
    )


_BUTTONS = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}}


def structure_page(
    scene: "Scene",
    colours: Sequence[str],
    labels: Sequence[str],
    first: int,
    sets: Mapping[str, tuple[Sequence[int], str]],
    library: str | bytes,
    title: str,
    caption: str,
    legend: tuple[str, str, str, Sequence[str]] | None,
) -> str:
    """HTML page with the 3D view: py3Dmol's commands, and 3Dmol.js inside the page.

    Parameters
    ----------
    scene : Scene
    colours, labels : sequence of str, length L
        Hex colour and name (shown under the pointer) of each residue of the protein.
    first : int
        UniProt number of the first residue.
    sets : mapping of str to (indices, colour)
        0-based indices into the protein, and a hex colour, by the name of the set; the first set is seen where sets overlap.
    library : str or bytes
        Content of 3Dmol.es6-min.js.
    title, caption : str
    legend : (title, low, high, colours) or None
        The colour scale, colours from low to high.

    Raises
    ------
    ExportError
        For a colour that is not # and six hexadecimal digits.
    """
    scale = legend[3] if legend else ()
    for colour in (*colours, *scale, *(colour for _, colour in sets.values())):
        if not _COLOUR.fullmatch(colour):
            raise ExportError(f"{colour[:40]!r} is no colour; write it as {SET_COLOURS['A']}.")
    content = library.encode() if isinstance(library, str) else library
    return _filled(
        "structure_page.html",
        title=html.escape(title),
        caption=html.escape(caption),
        style=_filled("page.css", **PAGE),
        library=base64.b64encode(content).decode("ascii"),
        view=_view(scene, colours, first, sets),
        legend=_legend(legend, sets),
        facts=_facts(scene, labels, first),
        script=_text("structure_page.js"),
    )


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _filled(name: str, **parts: str) -> str:
    """The template with its parts, in one pass: what looks like a place in a part stays as it is."""
    return Template(_text(name)).substitute(parts)


def _view(scene: "Scene", colours: Sequence[str], first: int, sets: Mapping[str, tuple[Sequence[int], str]]) -> str:
    """The stage and the commands that draw on it.

    They hold names of the PDB text (letters and digits), numbers and checked colours, so nothing in them can end the script.
    """
    import py3Dmol

    receptor, bound = {"chain": STYLE.receptor}, {"chain": STYLE.ligand}
    view = py3Dmol.view(width="100%", height="100%", js="")
    view.enableFog(False)
    view.addModel(scene.pdb.replace("<", "?"), "pdb")
    view.setStyle({}, {})
    by_number = {first + index: colour for index, colour in enumerate(colours)}
    ribbon = {"style": "trace"} if scene.trace else {}
    view.setStyle(receptor, {"cartoon": {**ribbon, "colorscheme": {"prop": "resi", "map": by_number}, "thickness": STYLE.cartoon}})
    if scene.uncertain:
        doubtful = {**receptor, "resi": list(scene.uncertain)}
        view.setStyle(doubtful, {})
        view.setStyle({**doubtful, "atom": ["N", "CA", "C"]}, {"stick": {"radius": STYLE.uncertain, "color": UNCERTAIN}})
    copies = [{"chain": partner.chain} for partner in scene.partners if partner.is_copy]  # left out, as on the page at first
    view.setStyle({"not": {"or": [receptor, bound, *copies]}}, {"cartoon": {"color": PARTNER, "opacity": STYLE.partner_opacity["light"]}})
    elements = {"colorscheme": {"prop": "elem", "map": ELEMENTS}}
    ions = [ligand for ligand in scene.ligands if ligand.is_ion]
    lipids = [ligand for ligand in scene.ligands if not ligand.is_ion and ligand.label in LIPIDS]
    others = [ligand for ligand in scene.ligands if not ligand.is_ion and ligand.label not in LIPIDS]
    for ligands, style in (
        (others, {"stick": {"radius": STYLE.ligand_stick, **elements}}),
        (lipids, {"stick": {"radius": STYLE.lipid_stick, **elements}}),
        (ions, {"sphere": {"scale": STYLE.ion_scale, **elements}}),
    ):
        if ligands:
            view.setStyle({**bound, "resi": [ligand.number for ligand in ligands]}, style)
    for indices, colour in reversed(list(sets.values())):
        if len(indices):
            marked = {**receptor, "resi": [first + int(index) for index in indices]}
            view.addStyle(marked, {"stick": {"radius": STYLE.marked_stick, "color": colour}})
            view.addStyle({**marked, "atom": "CA"}, {"sphere": {"radius": STYLE.marked_sphere, "color": colour}})
    _write_sides(view, scene)
    # Upright, as the scene is arranged, whatever the library's first view is.
    view.setView([0, 0, 0, 0, 0, 0, 0, 1])
    view.zoomTo({**receptor, "not": {"resi": list(scene.uncertain)}} if scene.uncertain else receptor)
    view.zoom(0.85 if scene.helices else 1.1)  # room for the names above and below
    text = view.write_html()
    return text.replace(view.uniqueid, "alloscope")  # py3Dmol names its views by the time; the same view gives the same page


def _write_sides(view, scene: "Scene") -> None:
    """The names of the helices above them, and of the two sides of the membrane."""
    if not scene.helices:
        return
    style = {"backgroundColor": "white", "backgroundOpacity": 0.75, "fontColor": SIDE_NAMES, "alignment": "center", "inFront": True}
    for helix in scene.helices:
        view.addLabel(helix.name, {**style, "fontSize": 15, "position": _point(*helix.top)})
    top = max(helix.top[1] for helix in scene.helices) + _ABOVE_HELICES
    bottom = min(helix.bottom[1] for helix in scene.helices) - _ABOVE_HELICES
    for name, height in (("extracellular", top), ("intracellular", bottom)):
        view.addLabel(name, {**style, "fontSize": 16, "position": _point(0, height, 0)})


def _point(x: float, y: float, z: float) -> dict[str, float]:
    return {"x": round(float(x), 2), "y": round(float(y), 2), "z": round(float(z), 2)}


def _legend(legend: tuple[str, str, str, Sequence[str]] | None, sets: Mapping[str, tuple[Sequence[int], str]]) -> str:
    lines = [
        f'<span class="dot" style="background:{colour}"></span>set {html.escape(name)} ({len(indices)})<br>'
        for name, (indices, colour) in sets.items()
        if len(indices)
    ]
    if legend:
        name, low, high, scale = legend
        lines.append(html.escape(name))
        if len(scale) > 1:
            lines.append(f'<span class="bar" style="background:linear-gradient(to right,{",".join(scale)})"></span>')
        lines.append(f'<span class="ends"><span>{html.escape(low)}</span><span>{html.escape(high)}</span></span>')
    return "\n".join(lines)


def _facts(scene: "Scene", labels: Sequence[str], first: int) -> str:
    """JSON without a character that could end the element it stands in."""
    partners = {partner.chain: f"chain {partner.author_chain} of the entry" for partner in scene.partners}
    facts = {"receptor": STYLE.receptor, "first": first, "labels": list(labels), "partners": partners}
    return json.dumps(facts).replace("<", "\\u003c")
