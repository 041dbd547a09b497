"""Two residue sets, the head card and its pairs, and the state in the URL, in a real Chromium."""

import re
import urllib.parse

import numpy as np
import pytest
from biotite.structure import filter_amino_acids
from biotite.structure.io.pdbx import CIFFile, get_structure

from allo_core.library.receptors import find_receptor
from allo_core.library.structures import shipped_structure
from tests.browser import driving
from tests.browser.conftest import new_page

pytestmark = pytest.mark.browser
BETA2 = find_receptor("ADRB2")
TM1 = list(range(30, 58))
TM5 = list(range(200, 222))


def near_gs() -> set[int]:
    """UniProt numbers of the receptor's residues with a heavy atom within 4 Å of Gs in 3SN6, by brute force from the file."""
    import gzip

    with gzip.open(shipped_structure("3SN6").path, "rt") as file:
        atoms = get_structure(CIFFile.read(file), model=1)
    atoms = atoms[(atoms.element != "H") & filter_amino_acids(atoms)]
    receptor = atoms[
        (atoms.chain_id == "R") & (atoms.res_id < 1000)
    ]  # author numbers of the receptor are UniProt's, T4 lysozyme has 1002 on
    gs = atoms[np.isin(atoms.chain_id, ("A", "B"))]
    distance = np.linalg.norm(receptor.coord[:, None] - gs.coord[None], axis=-1).min(axis=1)
    return set(receptor.res_id[distance <= 4.0].tolist())


def test_a_set_by_clicks_on_the_structure(page, app):
    driving.open_page(page, f"{app.url}/?protein=ADRB2&structure=3SN6&threshold=0.05")
    driving.write(page, "Residues as text", "")
    page.get_by_text("A 0 residues").wait_for(timeout=driving.WAIT)
    clicked = set()
    for numbers in (TM1, TM5, list(range(300, 328))):
        driving.rest(page)
        clicked.add(driving.click_residue(page, numbers))
        page.get_by_text(f"A {len(clicked)} residue").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.marked(page, "A") == clicked
    assert driving.marked(page, "B") == set()
    assert "at the 3 residues of set A more than" in page.locator(".st-key-verdict").inner_text()


def test_a_second_set_near_gs_and_the_coupling_to_it(page, app):
    driving.open_page(page, f"{app.url}/?protein=ADRB2&structure=3SN6&threshold=0.05&sites=2x50,3x39,6x48")
    before, marked = driving.heatmap_values(page), driving.marked(page, "A")

    # set B: what lies within 4 Å of Gs; the list comes before anything is marked
    driving.mark_set(page, "B")
    page.get_by_text("Mark what is near a ligand or partner").click()
    driving.choose(page, "Within 4 Å of", "Gs, chains A and B")
    expected = near_gs()
    listed = page.locator('[data-testid="stSidebar"]').get_by_text(f"{len(expected)} residues: ")
    listed.wait_for(timeout=driving.WAIT)
    assert {int(number) for number in re.findall(r"[A-Z](\d+)", listed.inner_text())} == expected
    assert driving.marked(page, "B") == set()
    page.get_by_role("button", name=f"Mark these {len(expected)} as set B").click()
    page.get_by_text(f"B {len(expected)} residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.marked(page, "B") == expected
    assert driving.marked(page, "A") == marked

    # coupling from A to B: heatmap and verdict follow
    page.get_by_role("radio", name="A → B").click()
    page.get_by_text(f"from the 3 residues of set A at the {len(expected)} residues of set B").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.heatmap_values(page) != before

    # the card follows the head
    driving.open_tab(page, "This head")
    card = page.locator(".st-key-card").inner_text()
    assert f"of {len(expected)}" in card
    driving.click_head(page, 2, 6)
    page.get_by_role("heading", name="Layer 2, head 6").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator(".st-key-card").inner_text() != card


def test_arrow_keys_move_the_selected_head(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&head=0.{driving.DEFAULT.heads - 1}")
    camera = driving.view_of(page)
    colours = driving.colours_on_screen(page)
    page.locator(".st-key-strip").click()
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft", "ArrowRight", "ArrowRight"):  # the last one stays at the edge
        page.keyboard.press(key)
    driving.wait_for_head(page, 2, driving.DEFAULT.heads - 1)
    driving.rest(page)
    assert driving.colours_on_screen(page) != colours
    assert driving.view_of(page) == pytest.approx(camera)
    assert page.locator(".selected-cell").get_attribute("data-cell") == f"2.{driving.DEFAULT.heads - 1}"

    # keys and clicks know of each other: a click, a key, and a click on the same cell again
    for action, layer in (("click", 4), ("ArrowUp", 3), ("click", 4), ("ArrowDown", 5)):
        driving.click_head(page, 4, 2) if action == "click" else page.keyboard.press(action)
        driving.wait_for_head(page, layer, 2)
        driving.rest(page)
    driving.choose(page, "Heatmap shows", "SNR")  # another picture forgets no head
    driving.rest(page)
    assert page.get_by_role("heading", name="Layer 5, head 2").first.is_visible()
    assert page.locator(".selected-cell").get_attribute("data-cell") == "5.2"

    # where arrow keys mean something else they move no head
    page.get_by_role("textbox", name="Residues as text").focus()
    page.keyboard.press("ArrowUp")
    driving.rest(page)
    assert page.get_by_role("heading", name="Layer 5, head 2").first.is_visible()


def test_pairs_are_drawn_and_a_row_points_one_out(page, app):
    driving.open_page(page, f"{app.url}/?protein=AA2AR&head=3.1&pairs=9")
    driven = driving.stage(page)
    drawn = int(driven.get_attribute("data-pairs"))
    assert 0 < drawn <= 9
    driving.open_tab(page, "This head")
    table = page.locator("[class*=st-key-pairs_table_] canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 * 1.5)
    page.wait_for_url(re.compile("pair="), timeout=driving.WAIT)
    driving.rest(page)
    chosen = urllib.parse.parse_qs(urllib.parse.urlparse(page.url).query)["pair"]
    names = [label.partition(" ")[0] for label in driving.labels(page)]
    assert {int(name[1:]) for name in names} >= {int(number) for number in chosen[0].split(".")}


def test_labels_name_helices_sides_and_at_most_six_residues(page, app):
    driving.open_page(page, app.url)
    assert 1 <= len(driving.labels(page)) <= 6
    texts = page.locator(".labels .helix").all_inner_texts()
    assert set(texts) <= {f"TM{number}" for number in range(1, 8)}
    assert len(texts) == 7
    top = page.locator(".labels .side").filter(has_text="extracellular").bounding_box()
    bottom = page.locator(".labels .side").filter(has_text="intracellular").bounding_box()
    assert top["y"] < bottom["y"]


def test_the_view_saves_a_picture_and_fills_the_screen(page, app):
    driving.open_page(page, app.url)
    camera = driving.view_of(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PNG", exact=True).click()
    content = waiting.value.path().read_bytes()
    assert content.startswith(b"\x89PNG")
    box = driving.stage(page).bounding_box()
    size = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    assert size == pytest.approx((2 * box["width"], 2 * box["height"]), abs=2)
    assert driving.view_of(page) == pytest.approx(camera)
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement !== null", timeout=driving.WAIT)
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement === null", timeout=driving.WAIT)


def test_the_rail_folds_away_and_comes_back(page, app):
    driving.open_page(page, app.url)
    before = driving.stage(page).bounding_box()
    page.locator('[data-testid="stSidebar"]').hover()
    page.locator('[data-testid="stSidebarCollapseButton"] button').click()
    driving.rest(page)
    assert driving.stage(page).bounding_box()["width"] > before["width"] + 100
    button = page.locator('[data-testid="stExpandSidebarButton"]').bounding_box()
    strip = page.locator(".st-key-strip").bounding_box()
    assert button["y"] >= 0
    assert button["x"] + button["width"] <= strip["x"]
    page.locator('[data-testid="stExpandSidebarButton"]').click()
    driving.rest(page)
    assert driving.stage(page).bounding_box() == pytest.approx(before, abs=2)


CONTROLS = {
    "score": "Heatmap shows",
    "null": "Null",
    "colouring": "Structure shows",
    "scale": "Scale of",
    "structure": "Structure",
    "receptor": "Receptor",
    "model": "Model",
}


def fields(page) -> dict:
    """Everything that the page shows of its state, control by control."""
    shown = {name: driving.widget(page, name).get_by_role("combobox").input_value() for name in CONTROLS}
    for name in ("threshold", "pairs"):
        shown[name] = driving.widget(page, name).get_by_role("slider").get_attribute("aria-valuenow")
    for name in ("measure", "marking"):
        shown[name] = driving.widget(page, name).get_by_role("radio", checked=True).inner_text()
    shown |= {"A": driving.marked(page, "A"), "B": driving.marked(page, "B"), "chips": driving.chips(page)}
    shown |= {
        "strip": page.locator(".st-key-strip").inner_text(),
        "verdict": page.locator(".st-key-verdict [data-testid=stMarkdown]").first.inner_text(),
    }
    shown |= {"heatmap": driving.heatmap_values(page), "colours": driving.colours_on_screen(page), "labels": driving.labels(page)}
    shown |= {"head": page.locator(".title").inner_text(), "drawn pairs": driving.stage(page).get_attribute("data-pairs")}
    return shown


def the_same_reopened(page, chromium) -> None:
    """The address in another browser shows everything that the page shows."""
    wanted = fields(page)
    other = new_page(chromium)
    driving.open_page(other, page.url)
    found = fields(other)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name] == value, name
    assert other.url == page.url
    other.context.close()


START = "protein=ADRB2&structure=3SN6&threshold=0.05&sites=2x50,3x39,6x48,7x49&draws=50000&device=cpu"


def test_the_url_reopened_shows_the_same_sets(page, app, chromium):
    driving.open_page(page, f"{app.url}/?{START}")
    driving.mark_set(page, "B")
    driving.write(page, "Residues as text", "D130 R131 F139 Y141 3.53")
    page.get_by_text("B 5 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("radio", name="B → A").click()
    page.get_by_text("from the 5 residues of set B").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    the_same_reopened(page, chromium)


@pytest.mark.slow  # the sets of an address are looked at above, what it brings back in test_explore.py
def test_the_url_reopened_shows_the_same_pictures(page, app, chromium):
    driving.open_page(page, f"{app.url}/?{START}&sites_b=130,131,139,141,3x53&measure=BA&head=4.3")
    driving.choose(page, "Structure shows", "above threshold")
    driving.choose(page, "Scale of", "all heads")
    driving.choose(page, "Null", "uniform")
    driving.choose(page, "Heatmap shows", "SNR")
    driving.rest(page)
    slider = driving.widget(page, "pairs").get_by_role("slider")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("pairs=4"), timeout=driving.WAIT)
    driving.rest(page)
    the_same_reopened(page, chromium)
