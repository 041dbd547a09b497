"""Two structures side by side, copies of a receptor, parts of one, and the way between the pages, in a real Chromium."""

import pytest

from tests.browser import driving

pytestmark = pytest.mark.browser
FIRST, SECOND = (f".st-key-grows_{name} {driving.STAGE}" for name in ("structure", "beside"))


def open_both(page, address: str) -> None:
    page.goto(address)
    for place in (FIRST, SECOND):
        page.locator(f"{place}[data-paints]").wait_for(timeout=driving.WAIT)
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)


def camera(page, place: str) -> list[float]:
    return [round(value, 2) for value in page.locator(place).evaluate("element => element.viewer.getView()")]


def marked(page, place: str) -> set[str]:
    return set(page.locator(place).get_attribute("data-marked-a").split(","))


def test_two_receptors_share_head_marks_and_camera(page, app):
    open_both(page, f"{app.url}/?protein=AA2AR&beside=ADRB2")
    page.get_by_text("on ADRB2: log₂ enrichment").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator(FIRST).get_attribute("data-structure") != page.locator(SECOND).get_attribute("data-structure")
    assert {"52", "91", "246"} <= marked(page, FIRST)  # the sodium pocket of both
    assert {"79", "120", "286"} <= marked(page, SECOND)
    before = camera(page, FIRST)
    assert camera(page, SECOND) == before
    box = page.locator(SECOND).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 20, steps=6)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert camera(page, SECOND) != before
    assert camera(page, FIRST) == camera(page, SECOND)


def test_a_click_at_the_side_marks_the_same_place_of_the_first(page, app):
    open_both(page, f"{app.url}/?protein=AA2AR&beside=ADRB2")
    page.get_by_text("on ADRB2: log₂ enrichment").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    there = marked(page, FIRST)
    # none of TM5 is in the sodium pocket
    number = driving.click_residue(page, list(range(203, 218)), SECOND)
    page.get_by_text("A 17 residues").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    new = marked(page, FIRST) - there
    assert len(new) == 1
    assert str(number) in marked(page, SECOND)


def test_another_structure_of_the_receptor_is_chosen_and_closed(page, app):
    driving.open_page(page, f"{app.url}/?protein=ADRB2")
    page.get_by_role("button", name="Side by side").click()
    choice = driving.widget(page, "beside").get_by_role("combobox")
    choice.click()
    page.get_by_role("option", name="another structure of this receptor").click()
    page.locator(f"{SECOND}[data-paints]").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "beside=ADRB2" in page.url
    assert "beside_structure=3SN6" in page.url
    assert marked(page, FIRST) == marked(page, SECOND)
    page.keyboard.press("Escape")
    page.locator(".st-key-close_beside button").click()
    page.locator(SECOND).wait_for(state="detached", timeout=driving.WAIT)
    driving.rest(page)
    assert "beside" not in page.url


def test_the_copy_of_the_receptor_is_chosen_and_the_other_is_hidden(page, app, shared):
    driving.open_page(page, f"{app.url}/?protein=AA2AR")
    page.get_by_text("Fetch or upload a structure").click()
    page.locator(".st-key-upload input[type=file]").set_input_files(shared / "data/structures/5G53.pdb.gz")
    page.get_by_text("one of 2 copies").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    drawn = "element => element.viewer.selectedAtoms({chain: 'A'}).filter(atom => Object.keys(atom.style).length).length"
    assert driving.stage(page).evaluate(drawn) == 0
    page.get_by_role("button", name="Other copies").click()
    assert driving.stage(page).evaluate(drawn) > 100
    page.get_by_role("radio", name="chain A").click()
    page.get_by_text("chain A, one of 2 copies").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "chain=A" in page.url


@pytest.mark.slow  # test_explore.py takes the seven helices of another one
def test_the_domain_of_a_long_receptor_is_recommended_and_its_link_works_elsewhere(page, app):
    page.goto(f"{app.url}/?protein=GRM5")
    page.get_by_text("The whole sequence: about").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    offer = page.locator(".st-key-grows_offer")
    assert "MB of memory" in offer.inner_text()
    offer.get_by_role("button", name="Use the 7TM domain, 548–870").click()
    driving.wait_for_result(page)
    assert "protein=GRM5%3A548-870" in page.url
    page.context.clear_cookies()
    other = page.context.new_page()
    driving.open_page(other, page.url)
    assert "GRM5 548–870" in other.locator(".st-key-strip").inner_text()


def test_pages_are_reached_from_the_top_and_the_open_one_is_marked(page, app):
    driving.open_page(page, app.url)
    assert page.locator('[data-testid="stHeaderLogo"], [data-testid="stSidebarLogo"]').first.is_visible()
    for name, place in (("Receptors", "/receptors"), ("Batch", "/batch"), ("Kept runs", "/runs"), ("Explore", "/")):
        page.get_by_role("link", name=name).click()
        page.wait_for_url(lambda url, place=place: url.split("?")[0].endswith(place), timeout=driving.WAIT)
        driving.rest(page)
        current = page.locator('[data-testid="stTopNavLink"][aria-current="page"]')
        assert current.inner_text().split("\n")[-1].strip() == name


def test_the_worked_example_has_three_steps_and_stays_away(page, app):
    driving.open_page(page, app.url)
    line = page.locator(".st-key-example")
    assert "A worked example in three steps" in line.inner_text()
    line.get_by_role("button", name="Show me").click()
    line.get_by_text("the question: orange on the structure are the 16 residues of the sodium pocket").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    line.get_by_role("button", name="Next").click()
    line.get_by_text("its 5 strongest pairs are drawn").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "pairs=5" in page.url
    line.get_by_role("button", name="Next").click()
    line.get_by_text("the doubt: at threshold 0.10").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    line.get_by_role("button", name="Done").click()
    line.wait_for(state="detached", timeout=driving.WAIT)
    driving.open_page(page, app.url)
    assert not page.get_by_text("A worked example in three steps").is_visible()


def test_where_nothing_is_marked_the_heads_can_be_looked_at(page, app):
    driving.open_page(page, app.url)
    driving.write(page, "Residues as text", "")
    page.get_by_text("Nothing is asked yet").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    driving.click_head(page, 2, 5)
    page.get_by_role("heading", name="Layer 2, head 5").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert len(set(driving.colours_on_screen(page).values())) > 10
