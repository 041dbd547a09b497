"""The page Receptors in a real Chromium."""

import csv
import io
import urllib.parse

import pytest

from tests.browser import driving
from tests.browser.conftest import new_page, running

pytestmark = pytest.mark.browser
POCKET = "1x50 1x53 2x46 2x47 2x49 2x50 3x35 3x39 3x43 6x44 6x48 7x45 7x46 7x49 7x50 7x53"
TABLE = "receptor,residues\n" + "".join(f"{name},{POCKET}\n" for name in ("AA2AR", "ADRB2", "OPSD")) + "<img src=x>,D52\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory, chromium):
    """A server that was never asked for another page."""
    with running(tmp_path_factory.mktemp("app")) as app:
        yield app


def open_set(page, app):
    """A table of three receptors, run; one row of it cannot be read."""
    page.goto(f"{app.url}/receptors")  # the first address that this server is asked for
    page.locator(".st-key-strip").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.get_by_text("Page not found").count() == 0
    driving.choose(page, "Question", "A table of yours")
    driving.rest(page)
    page.locator(".st-key-set_table input[type=file]").set_input_files(
        {"name": "three.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    page.get_by_text("3 receptors, 1 left out.").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    run = page.get_by_role("button", name="Run 3 receptors")
    heatmap = page.locator(".st-key-heatmap .js-plotly-plot")
    run.or_(heatmap).first.wait_for(timeout=driving.WAIT)
    if run.count():
        run.click()
    heatmap.last.wait_for(timeout=driving.WAIT)
    driving.rest(page)


def title(page) -> str:
    return page.locator("h5").first.inner_text()


def test_a_set_from_a_table_and_its_heads(page, app):
    open_set(page, app)
    assert "of class A | 3 receptors" in page.locator(".st-key-strip").inner_text().replace("\n", " ")
    verdict = page.locator(".st-key-verdict").inner_text()
    assert "of 120 heads look at the" in verdict
    assert "over 3 receptors in 3 clusters of homologues" in verdict
    values = driving.heatmap_values(page)
    assert (len(values), len(values[0])) == (driving.DEFAULT.layers, driving.DEFAULT.heads)

    # a click and an arrow key select a head; its profile and its row over receptors follow
    driving.click_head(page, 2, 6)
    page.get_by_text("Layer 2, head 6").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.locator(".st-key-strip").click()
    page.keyboard.press("ArrowDown")
    page.get_by_text("Layer 3, head 6").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator(".selected-cell").get_attribute("data-cell") == "3.6"
    assert page.get_by_text("Layer 3, head 6 passes alone in").is_visible()


def test_structures_of_a_set_turn_together(page, app):
    open_set(page, app)
    driving.open_tab(page, "Structures")
    stages = page.locator(f"{driving.STAGE}[data-structure]")
    stages.nth(2).wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert stages.count() == 3
    assert page.get_by_text("On AA2AR: ").count() == 2
    stages.nth(0).scroll_into_view_if_needed()
    box = stages.nth(0).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 170, steps=4)
    page.mouse.up()
    views = [stages.nth(at).evaluate("element => element.viewer.getView()") for at in range(3)]
    assert views[1] == pytest.approx(views[0])
    assert views[2] == pytest.approx(views[0])
    assert abs(views[0][5]) > 0.1  # turned about the vertical axis


def test_members_and_downloads_of_a_set_that_its_address_brings_back(page, app, chromium):
    open_set(page, app)
    driving.click_head(page, 3, 6)
    page.get_by_text("Layer 3, head 6").first.wait_for(timeout=driving.WAIT)
    values = driving.heatmap_values(page)

    # who took part
    driving.open_tab(page, "Members")
    page.get_by_text("Left out: 1").wait_for(timeout=driving.WAIT)
    assert page.locator("img[src=x]").count() == 0

    # the table that is taken away
    driving.open_tab(page, "Downloads")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Heads, CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text(encoding="utf-8"))))
    assert len(rows) == driving.DEFAULT.layers * driving.DEFAULT.heads
    for row in rows[::17]:
        assert float(row["mean_snr"]) == pytest.approx(values[int(row["layer"])][int(row["head"])], rel=1e-4)

    # the address brings it back
    query = urllib.parse.parse_qs(urllib.parse.urlparse(page.url).query)
    assert (query["kind"], query["head"]) == (["table"], ["3.6"])
    other = new_page(chromium)
    other.goto(page.url)
    other.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(other)
    assert driving.heatmap_values(other) == values
    assert title(other) == title(page)
    other.context.close()


def test_from_a_receptor_of_the_set_to_explore_and_back(page, app):
    open_set(page, app)
    page.get_by_role("link", name="Explore").click()
    driving.wait_for_result(page)
    page.get_by_role("link", name="Receptors").click()
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "3 receptors" in page.locator(".st-key-strip").inner_text()


def test_a_long_set_is_cancelled_and_goes_on(page, app):
    page.goto(f"{app.url}/receptors?positions=2x50,3x50&receptor_class=C")
    page.get_by_role("button", name="Run ").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("button", name="Run ").first.click()
    page.get_by_role("button", name="Cancel").click(timeout=driving.WAIT)
    page.get_by_text("The run was cancelled; the receptors that were done are kept.").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("button", name="Run ").first.click()
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "of class C" in page.locator(".st-key-verdict").inner_text()


def test_a_bad_question_keeps_the_earlier_one(page, app):
    open_set(page, app)
    before = driving.heatmap_values(page)
    page.locator(".st-key-set_table input[type=file]").set_input_files(
        {"name": "<img src=x>.csv", "mimeType": "text/csv", "buffer": b"receptor,residues\nNOSUCH,D52\n"}
    )
    error = page.locator('[data-testid="stSidebar"] [data-testid="stAlert"]').filter(has_text="No row of the table can be used")
    error.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert driving.heatmap_values(page) == before
    assert page.locator("img[src=x]").count() == 0


def test_pictures_fit_a_laptop_screen(page, app):
    open_set(page, app)
    for selector in (".st-key-heatmap", ".st-key-family"):
        box = page.locator(selector).bounding_box()
        assert box["height"] > 140, selector
        assert box["y"] + box["height"] <= 900, selector
