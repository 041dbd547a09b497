"""The page Sequence in a real Chromium: its four tabs, the residue that is selected everywhere, and the way from Explore."""

import pytest

from tests.browser import driving

pytestmark = pytest.mark.browser
PLOT = ".js-plotly-plot"


def open_tab(page, app, tab: str, rest: str = "") -> None:
    page.goto(f"{app.url}/sequence?protein=AA2AR&tab={tab}{rest}")
    page.locator(f"{driving.STAGE}[data-structure]").wait_for(timeout=driving.WAIT)
    driving.rest(page)


def wait_for(page, place: str) -> None:
    page.locator(f"{place} {PLOT}").last.wait_for(timeout=2 * driving.WAIT)
    driving.rest(page)


def complaints(page) -> list[str]:
    return page.locator('[data-testid="stException"], [data-testid="stAlert"]').all_inner_texts()


def test_a_click_on_the_heatmap_selects_the_residue_everywhere(page, app):
    open_tab(page, app, "residues")
    wait_for(page, ".st-key-mutations")
    assert complaints(page) == []
    at = page.locator(f".st-key-mutations {PLOT}").evaluate(
        """plot => {
            const box = plot.getBoundingClientRect(), {xaxis, yaxis} = plot._fullLayout;
            return [box.left + xaxis._offset + xaxis.c2p(246), box.top + yaxis._offset + yaxis.c2p(10)];
        }"""
    )
    page.mouse.click(*at)
    page.get_by_text("W246 6.48 6x48").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "residue=W246" in page.url
    assert page.locator(".selected-cell").get_attribute("data-cell").endswith(".245")
    page.keyboard.press("ArrowRight")
    page.get_by_text("L247 6.49 6x49").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("button", name="Mark in set A").click()
    page.get_by_role("button", name="Take out of set A").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert 247 in driving.marked(page)


def test_a_click_on_the_structure_selects_and_does_not_mark(page, app):
    open_tab(page, app, "residues")
    wait_for(page, ".st-key-mutations")
    before = driving.marked(page)
    number = driving.click_residue(page, list(range(203, 218)))
    page.locator(".st-key-selected_residue").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert str(number) in page.locator(".st-key-selected_residue").inner_text()
    assert driving.marked(page) == before


def test_contacts_are_judged_and_a_row_points_a_pair_out(page, app):
    open_tab(page, app, "contacts")
    wait_for(page, ".st-key-contact_map")
    assert complaints(page) == []
    verdict = page.locator(".st-key-verdict").inner_text()
    assert "The contacts that other receptors of the class have are the better guess" in verdict
    assert "of random pairs do" in verdict
    names = page.locator(f".st-key-contact_map {PLOT}").evaluate("plot => plot._fullData.map(trace => trace.name)")
    assert "in 2YDV" in names
    page.get_by_text("below: other receptors").click()
    driving.rest(page)
    names = page.locator(f".st-key-contact_map {PLOT}").evaluate("plot => plot._fullData.map(trace => trace.name)")
    assert "in most other receptors" in names
    assert "below=family" in page.url


def test_a_substitution_that_does_not_fit_is_one_sentence(page, app):
    open_tab(page, app, "variant", "&substitutions=W246A")
    page.get_by_text("AA2AR W246A has not been read yet").wait_for(timeout=driving.WAIT)
    driving.write(page, "Substitutions", "W245A")
    page.locator('[data-testid="stAlert"]').first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    (said,) = complaints(page)
    assert "W245A" in said
    assert "C245" in said or " C" in said
    assert "substitutions=W246A" in page.url


def test_layers_are_offered_and_residues_lie_on_a_plane(page, app):
    open_tab(page, app, "layers")
    wait_for(page, ".st-key-residue_map")
    assert complaints(page) == []
    page.get_by_role("button", name="Compare the layers of").wait_for(timeout=driving.WAIT)
    names = page.locator(f".st-key-residue_map {PLOT}").evaluate("plot => plot._fullData.map(trace => trace.name)")
    assert {"TM1", "TM7", "H8"} <= set(names)


def test_protein_and_marks_come_along_from_explore(page, app):
    driving.open_page(page, f"{app.url}/?protein=ADRB2&sites=D113,V114&structure=3SN6")
    page.get_by_role("link", name="Sequence").click()
    page.locator(".st-key-strip", has_text="ADRB2").wait_for(timeout=driving.WAIT)
    wait_for(page, ".st-key-mutations")
    assert driving.marked(page) == {113, 114}
    assert "protein=ADRB2" in page.url
    assert "structure=3SN6" in page.url
