"""The 3D page as people open it: a file on disk, no network."""

import io
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from allo_core.export import figure_page, structure_page
from allo_core.fetch.three_d_mol import FILE
from allo_core.figures.colours import SET_COLOURS, attention_scale, hex_colours
from allo_core.structure.scene import build_scene
from tests.browser.conftest import REPOSITORY, new_page
from tests.structure.structure_files import map_of, protein_of, segments_of, structure_of

pytestmark = pytest.mark.browser
EVIL = "</script><script>globalThis.evil = 1</script><img src=x onerror='globalThis.evil = 1'> {{x}}"


@pytest.fixture
def offline(chromium):
    """A browser page without network, and what it asked for and complained about."""
    page = new_page(chromium)
    page.context.set_offline(True)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    yield page
    page.context.close()


def opened(page, path: Path, text: str):
    path.write_text(text, encoding="utf-8")
    page.goto(path.as_uri())


def library() -> bytes:
    return (REPOSITORY / "static" / FILE).read_bytes()


def test_the_structure_is_drawn_from_disk_without_network(offline, tmp_path):
    protein = protein_of("4LDO")
    colours = hex_colours(np.linspace(0, 1, len(protein)), 1.0, attention_scale("light"))
    scene = build_scene(structure_of("4LDO"), map_of("4LDO"), protein, segments_of("4LDO"))
    labels = [f"{protein.label(index)} {EVIL}" for index in range(len(protein))]
    sets = {"A": ((78, 112), SET_COLOURS["A"]), "B": ((130,), SET_COLOURS["B"])}
    legend = (f"attention {EVIL}", "0", "1", attention_scale("light"))
    path = tmp_path / "structure.html"
    opened(offline, path, structure_page(scene, colours, labels, 1, sets, library(), EVIL, EVIL, legend))
    stage = offline.locator(".stage[data-drawn]")
    stage.wait_for()
    drawn = stage.evaluate(
        """element => Object.fromEntries(element.viewer.selectedAtoms({chain: 'R', atom: 'CA'})
            .map(atom => [atom.resi, atom.style.cartoon.colorscheme.map[atom.resi]]))"""
    )
    assert drawn == {str(number): colours[number - 1] for number in scene.shown}
    spheres = stage.evaluate(
        "element => element.viewer.selectedAtoms({chain: 'R'}).filter(atom => atom.style.sphere).map(a => [a.resi, a.style.sphere.color])"
    )
    assert sorted(spheres) == [[79, SET_COLOURS["A"]], [113, SET_COLOURS["A"]], [131, SET_COLOURS["B"]]]
    assert not offline.locator(".problem").is_visible()
    assert colours_in(stage.locator("canvas").first.screenshot()) > 500  # a picture, not one flat colour

    x, y = stage.evaluate(
        """element => {
            const {x, y} = element.viewer.modelToScreen(element.viewer.selectedAtoms({chain: 'R', resi: 79, atom: 'CA'})[0]);
            return [x, y];
        }"""
    )
    offline.mouse.move(x - 2, y)
    offline.mouse.move(x, y)
    offline.locator(".tip").wait_for()
    assert offline.locator(".tip").inner_text().endswith(EVIL)

    assert offline.title() == EVIL
    assert offline.evaluate("globalThis.evil") is None
    assert offline.asked == [path.as_uri()]
    assert offline.complaints == []


def test_figures_are_drawn_from_disk_without_network(offline, tmp_path):
    figure = go.Figure([go.Heatmap(z=[[0, 1], [1, 0]]), go.Scatter(x=[0, 1], y=[0, 1], name=EVIL, hovertext=[EVIL, EVIL])])
    figure.update_layout(showlegend=True)
    path = tmp_path / "figure.html"
    opened(offline, path, figure_page([figure, figure], EVIL, EVIL))
    offline.locator("#figure-1 .main-svg").first.wait_for()
    assert offline.locator("#figure-0 .heatmaplayer image").count() > 0
    assert offline.evaluate("globalThis.evil") is None
    assert offline.asked == [path.as_uri()]
    assert offline.complaints == []


def colours_in(png: bytes) -> int:
    """Number of distinct colours in a screenshot."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).reshape(-1, 3)
    return len(np.unique(pixels, axis=0))
