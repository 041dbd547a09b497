"""The page Pairs in a browser: open, click a stretch, look inside, read one's own tables, take files away."""

import json

import pytest

from tests.browser import driving

pytestmark = pytest.mark.browser


def click_cell(page, row: int, column: int) -> None:
    """Click a cell of the heatmap of stretches."""
    place = page.evaluate(
        """([row, column]) => {
            const plot = document.querySelector('.st-key-stretches .js-plotly-plot'), box = plot.getBoundingClientRect();
            const layout = plot._fullLayout;
            return [box.x + layout.xaxis._offset + layout.xaxis.d2p(column), box.y + layout.yaxis._offset + layout.yaxis.d2p(row)];
        }""",
        [row, column],
    )
    page.mouse.click(*place)


def test_from_the_first_opening_to_a_marked_stretch_and_files(page, app, tmp_path):
    page.goto(f"{app.url}/pairs")
    page.get_by_text("Gs is reported of AA2AR.").wait_for(timeout=driving.WAIT)
    page.locator(".st-key-stretches .js-plotly-plot").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    click_cell(page, 1, 5)  # Gi/o, TM3
    page.get_by_text("TM3 (").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "partner=Gi%2Fo" in page.url
    assert "segment=5" in page.url
    assert "R102" in page.url  # R3.50 is marked
    with page.expect_download() as download:
        page.get_by_role("button", name="Record (JSON)").click()
    path = tmp_path / "record.json"
    download.value.save_as(path)
    assert json.loads(path.read_text())["reported"] == ["Gs", "Gq/11"]
    # What is marked here is marked on Explore.
    page.get_by_role("link", name="Explore").first.click()
    page.get_by_text("set A more than").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "R102" in page.url
    assert "/pairs" not in page.url
    assert page.locator("[data-testid=stException]").count() == 0


def test_inside_the_model_and_own_tables(page, app):
    page.goto(f"{app.url}/pairs?tab=inside")
    page.get_by_text("What stands here explains a model, not coupling").wait_for(timeout=driving.WAIT)
    page.locator(".st-key-token_map .js-plotly-plot").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_role("button", name="What it is worth").or_(page.get_by_text("What it is worth", exact=True)).first.click()
    page.get_by_text("Not told from chance").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.get_by_text("Your pairs", exact=True).first.click()
    page.get_by_text("Two tables: one names proteins").wait_for(timeout=driving.WAIT)
    sequences = "name,sequence\n" + "".join(f"P{number},{'MKVLAAGIVG' * (number + 3)}\n" for number in range(8))
    pairs = "A,B,label\n" + "".join(f"P{a},P{b},{(a + b) % 2}\n" for a in range(8) for b in range(a + 1, 8)) + "P0,P99,1\n"
    uploads = page.locator("input[type=file]")
    uploads.nth(uploads.count() - 2).set_input_files({"name": "s.csv", "mimeType": "text/csv", "buffer": sequences.encode()})
    driving.rest(page)
    uploads.nth(uploads.count() - 1).set_input_files({"name": "p.csv", "mimeType": "text/csv", "buffer": pairs.encode()})
    page.get_by_text("28 pairs of 8 proteins, 16 interact.").wait_for(timeout=driving.WAIT)
    page.get_by_text("1 rows are left out").wait_for(timeout=driving.WAIT)
    page.get_by_text("What the pairs give away").wait_for(timeout=driving.WAIT)
    page.get_by_role("button", name="Learn the model").wait_for(timeout=driving.WAIT)
    assert page.locator("[data-testid=stException]").count() == 0
