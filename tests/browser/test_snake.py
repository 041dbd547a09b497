"""The snake plot beside the structure, in a real Chromium."""

import xml.etree.ElementTree as ET

import pytest

from allo_core.library.receptors import find_receptor
from tests.browser import driving

pytestmark = pytest.mark.browser
A2A = find_receptor("AA2AR").protein
DRAWING = ".snake .drawing"


def open_snake(page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    page.locator(f"{DRAWING}[data-paints] .residue").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)


def marked(page) -> set[int]:
    return {int(number) for number in page.locator(DRAWING).get_attribute("data-marked-a").split(",") if number}


def circle(page, number: int):
    return page.locator(f'{DRAWING} .residue[data-index="{number - A2A.first}"] circle')


def fills(page) -> list[str]:
    return page.locator(f"{DRAWING} .residue circle").evaluate_all("circles => circles.map(circle => circle.getAttribute('fill'))")


def test_a_click_marks_and_the_plot_follows_the_head(page, app):
    driving.open_page(page, app.url)
    before = driving.heatmap_values(page)
    page.get_by_role("radio", name="Snake plot").click()
    page.locator(f"{DRAWING}[data-paints] .residue").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "panel=snake" in page.url
    there = marked(page)
    assert len(there) == 16
    circle(page, 45).click()
    page.get_by_text("A 17 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert marked(page) == there | {45}
    assert driving.heatmap_values(page) != before
    coloured = fills(page)
    driving.click_head(page, 1, 7)
    page.get_by_role("heading", name="Layer 1, head 7").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert fills(page) != coloured


def test_keys_move_along_the_chain_and_mark(page, app):
    open_snake(page, f"{app.url}/?protein=AA2AR&panel=snake")
    title = page.locator(".title").inner_text()
    there = marked(page)
    page.locator(DRAWING).focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert page.locator(f"{DRAWING} .residue.here").get_attribute("data-index") == "11"
    assert page.locator(".snake .tip").inner_text().startswith(A2A.label(11))
    page.keyboard.press("Enter")
    page.get_by_text("A 17 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert marked(page) == there | {12}
    assert page.locator(".title").inner_text() == title  # arrow keys in the plot move no head
    page.keyboard.press("ArrowDown")
    assert page.locator(f"{DRAWING} .residue.here").get_attribute("data-index") != "11"


def test_a_receptor_without_structure_shows_its_snake_plot_and_saves_it(page, app):
    open_snake(page, f"{app.url}/?protein=P2RY1&structure=")
    assert page.locator(driving.STAGE).count() == 0
    box = page.locator(".snake").bounding_box()
    assert box["y"] + box["height"] <= 900
    with page.expect_download() as waiting:
        page.locator(".snake").get_by_role("button", name="SVG").click()
    root = ET.fromstring(waiting.value.path().read_text(encoding="utf-8"))
    letters = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "TM7" in letters
    page.get_by_role("radio", name="3D").click()
    page.get_by_text("No structure for P2RY1").wait_for(timeout=driving.WAIT)


def test_without_generic_numbers_it_says_why_there_is_none(page, app):
    page.goto(f"{app.url}/?protein=CALCR&panel=snake")
    page.get_by_text("The helices of CALCR are not known").wait_for(timeout=driving.WAIT)
