"""Pages that open offline; tests/browser/test_structure_page.py opens one."""

import base64
import json
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from allo_core import export
from allo_core.errors import ExportError
from allo_core.export import figure_page, structure_page
from allo_core.structure.orient import HelixEnds
from allo_core.structure.scene import Ligand, Partner, Scene
from allo_core.structure.style import Style

EVIL = "</title></script><script>globalThis.evil = 1</script> \"'&{{x}} ${title} $facts <!-- %(a)s"
LIBRARY = b"export const createViewer = 'library';"
PDB = "ATOM      1  CA  ALA R   1       0.000   0.000   0.000  1.00  0.00           C  \nEND\n"


class Page(HTMLParser):
    """Scripts, texts and addresses of a page, as a browser would see them."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.texts, self.addresses, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag == "script":
            self.scripts.append((dict(attributes), ""))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)


def scene_of(pdb=PDB, ligands=(), partners=(), helices=()):
    return Scene(pdb, "0" * 64, ligands, partners, (1,), 0, None, (), helices)


def page_of(**changes):
    settings = {
        "scene": scene_of(),
        "colours": ["#112233", "#445566"],
        "labels": ["M1", "P2"],
        "first": 1,
        "sets": {"A": ((0,), "#E69F00"), "B": ((0, 1), "#CC79A7")},
        "library": LIBRARY,
        "title": "AA2AR",
        "caption": "what it is",
        "legend": ("attention", "0", "0.5", ("#FFFFFF", "#000000")),
    }
    return structure_page(**(settings | changes))


def commands(text):
    """py3Dmol's commands: (name, arguments) each."""
    script = next(script for _, script in Page(text).scripts if "addModel" in script)
    found = re.findall(r"^\s*viewer_alloscope\.(\w+)\((.*)\);$", script, re.MULTILINE)
    return [(name, json.loads(f"[{arguments}]")) for name, arguments in found]


def test_figures_share_one_library_and_load_nothing():
    figures = [go.Figure(go.Heatmap(z=[[1, 2]], hovertext=[[EVIL, EVIL]])), go.Figure(go.Bar(y=[3], name=EVIL))]
    text = figure_page(figures, EVIL, f"{EVIL} caption")
    page = Page(text)
    assert page.open == []
    assert page.addresses == []
    assert text.count("Plotly.newPlot(") - max(script for _, script in page.scripts if len(script) > 10**6).count("Plotly.newPlot(") == 2
    assert sum(len(script) > 10**6 for _, script in page.scripts) == 1
    assert [data for data in page.texts if "evil" in data] == [EVIL, EVIL, f"{EVIL} caption"]
    assert not any(script.startswith("globalThis.evil") for _, script in page.scripts)
    assert figure_page(figures, "a", "b") == figure_page(figures, "a", "b")


def test_what_is_drawn():
    helices = (HelixEnds("TM1", np.array([1.0, 20.0, 0.0]), np.array([1.0, -18.0, 0.0])),)
    ligands = (Ligand("ZMA", "Z", 1, 20, False), Ligand("NA", "Z", 2, 1, True))
    drawn = commands(page_of(scene=scene_of(ligands=ligands, helices=helices), first=5))
    assert drawn[1:3] == [("enableFog", [False]), ("addModel", [PDB, "pdb"])]
    styles = [arguments for name, arguments in drawn if name == "setStyle"]
    assert styles[1] == [
        {"chain": "R"},
        {"cartoon": {"colorscheme": {"prop": "resi", "map": {"5": "#112233", "6": "#445566"}}, "thickness": 0.5}},
    ]
    assert [(where["resi"], list(style)) for where, style in styles[3:]] == [([1], ["stick"]), ([2], ["sphere"])]
    marks = [(where["resi"], where.get("atom"), next(iter(style.values()))["color"]) for where, style in added(drawn)]
    assert marks == [([5, 6], None, "#CC79A7"), ([5, 6], "CA", "#CC79A7"), ([5], None, "#E69F00"), ([5], "CA", "#E69F00")]
    labels = {arguments[0]: arguments[1]["position"]["y"] for name, arguments in drawn if name == "addLabel"}
    assert labels == {"TM1": 20.0, "extracellular": 29.0, "intracellular": -27.0}
    assert [name for name, _ in drawn[-4:]] == ["setView", "zoomTo", "zoom", "render"]


def test_a_ca_trace_is_drawn_as_a_tube_that_needs_no_other_atoms():
    for trace, style in ((True, {"style": "trace"}), (False, {})):
        found = [arguments[1]["cartoon"] for name, arguments in commands(page_of(scene=replace(scene_of(), trace=trace)))
                 if name == "setStyle" and "colorscheme" in arguments[1].get("cartoon", {})]  # fmt: skip
        assert found
        assert all({key: value for key, value in cartoon.items() if key == "style"} == style for cartoon in found)


def test_lipids_are_thinner_than_ligands_and_every_size_is_that_of_the_viewer():
    ligands = (Ligand("ZMA", "Z", 1, 20, False), Ligand("CLR", "Z", 2, 28, False), Ligand("NA", "Z", 3, 1, True))
    drawn = commands(page_of(scene=scene_of(ligands=ligands)))
    given = [arguments for name, arguments in drawn if name == "setStyle"]
    styles = {tuple(where["resi"]): style for where, style in given if "resi" in where}
    assert (styles[1,]["stick"]["radius"], styles[2,]["stick"]["radius"], styles[3,]["sphere"]["scale"]) == (0.32, 0.12, 0.6)
    sizes = [(kind, of["radius"]) for _, style in added(drawn) for kind, of in style.items()]
    assert sizes == [("stick", 0.22), ("sphere", 1.5)] * 2


def test_the_viewer_holds_no_second_copy_of_the_style():
    viewer = (Path(export.__file__).parents[1] / "ui/viewer/viewer.js").read_text(encoding="utf-8")
    assert not re.findall(r"\b(?:radius|scale|thickness|opacity): [0-9.]", viewer)
    assert not re.findall(r'"[RZ]"', viewer)
    asked = set(re.findall(r"\bstyle\.([a-z_]+)\b", viewer))
    assert {field.name for field in fields(Style)} - {"partner_opacity"} <= asked


def added(drawn):
    return [arguments for name, arguments in drawn if name == "addStyle"]


def test_the_library_is_inside_and_nothing_is_loaded():
    for library in (LIBRARY, LIBRARY.decode()):
        text = page_of(library=library)
        (inside,) = re.findall(r'import\("data:text/javascript;base64,([^"]*)"\)', text)
        assert base64.b64decode(inside) == LIBRARY
        page = Page(text)
        assert page.addresses == []
        assert page.open == []
        assert "://" not in text
    assert page_of() == page_of()


def test_hostile_texts_stay_texts():
    legend = (EVIL, EVIL, EVIL, ("#FFFFFF", "#000000"))
    scene = scene_of(pdb=PDB + f"REMARK {EVIL}\n", partners=(Partner("A", EVIL, 3),))
    harmless = Page(page_of(scene=scene_of(partners=(Partner("A", "x", 3),))))
    page = Page(page_of(scene=scene, labels=[EVIL, EVIL], title=EVIL, caption=EVIL, legend=legend, sets={EVIL: ((0,), "#E69F00")}))
    assert page.open == []
    assert len(page.scripts) == len(harmless.scripts)
    ((_, facts),) = [script for script in page.scripts if script[0].get("id") == "facts"]
    assert json.loads(facts)["labels"] == [EVIL, EVIL]
    assert json.loads(facts)["partners"] == {"A": f"chain {EVIL} of the entry"}
    texts = [data.strip() for data in page.texts if "evil" in data]
    assert texts == [EVIL, EVIL, f"set {EVIL} (1)", EVIL, EVIL, EVIL, EVIL]


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "#E69F00;background:url(x)", "#E69F00\n", '"', ""])
def test_colours_are_checked(colour):
    for changes in ({"colours": ["#112233", colour]}, {"sets": {"A": ((0,), colour)}}, {"legend": ("a", "0", "1", (colour,))}):
        with pytest.raises(ExportError) as error:
            page_of(**changes)
        assert "\n" not in str(error.value)


def test_without_legend_and_sets():
    text = page_of(legend=None, sets={"A": ((), "#E69F00")})
    assert added(commands(text)) == []
    assert "linear-gradient" not in text
    assert "set A" not in text
