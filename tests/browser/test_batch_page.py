"""The page Batch in a real Chromium."""

import csv
import io
import re
import urllib.parse

import pytest

from tests.batch.planted import A2A, BEST, NAMES, plant, planted_settings
from tests.browser import driving

pytestmark = pytest.mark.browser
HEADER, ROW = 35, 35  # px of Streamlit's tables


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("batch") / "results")


def open_batch(page, app, folder) -> None:
    page.goto(f"{app.url}/batch")
    page.locator(".st-key-strip").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    write_folder(page, folder)
    page.locator(".st-key-strip").get_by_text("<i>mine</i>.fasta").wait_for(timeout=driving.WAIT)
    driving.rest(page)


def write_folder(page, folder) -> None:
    box = page.get_by_role("textbox", name="Folder of a batch")
    box.fill(str(folder))
    box.press("Enter")


def choose_record(page, row: int) -> None:
    """Click the box of a row of the table of sequences; tables are drawn on a canvas."""
    canvas = page.locator("[data-testid=stDataFrame] canvas").first
    canvas.scroll_into_view_if_needed()
    driving.rest(page)
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + HEADER + ROW * (row - 0.5))


def test_a_batch_from_its_folder_to_a_head_and_a_sequence(page, app, folder):
    open_batch(page, app, folder)
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "1 of 120 heads pass in more than half of the 4 scored sequences" in page.locator(".st-key-verdict").inner_text()
    assert driving.heatmap_values(page)[BEST[0]][BEST[1]] == 1
    for selector in (".st-key-heatmap", ".st-key-over_sequences"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 900, selector

    # a click and an arrow key select a head
    driving.click_head(page, 1, 6)
    page.get_by_text("Layer 1, head 6").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    page.locator(".st-key-strip").click()
    page.keyboard.press("ArrowDown")
    page.get_by_text("Layer 2, head 6").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)

    # a row of the table selects a sequence, whose name wants to be code; another head keeps it
    choose_record(page, 2)
    page.get_by_role("heading", name="<img src=x>*b* record 2").wait_for(timeout=driving.WAIT)
    page.locator(".st-key-batch_profile .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator("img[src=x]").count() == 0
    driving.click_head(page, 4, 3)
    page.get_by_text("Layer 4, head 3: ").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.get_by_role("heading", name="<img src=x>*b* record 2").is_visible()


@pytest.mark.slow  # tests/ui/batch looks at the downloads, the test above at the way to Explore
def test_downloads_a_reload_and_a_sequence_in_explore(page, app, folder):
    open_batch(page, app, folder)
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    choose_record(page, 2)
    page.get_by_role("heading", name="<img src=x>*b* record 2").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    driving.click_head(page, 4, 3)
    page.get_by_text("Layer 4, head 3: ").wait_for(timeout=driving.WAIT)
    driving.rest(page)

    # what is taken away
    driving.open_tab(page, "Downloads")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="This head in all sequences, CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text(encoding="utf-8"))))
    assert [row["name"] for row in rows][:3] == ["AA2AR", "<img src=x>*b*", "'=SUM(A1)"]
    assert {(row["layer"], row["head"]) for row in rows} == {("4", "3")}

    # the address holds record, head, and the folder by a key alone
    query = urllib.parse.parse_qs(urllib.parse.urlparse(page.url).query)
    assert (query["row"], query["head"]) == (["2"], ["4.3"])
    assert re.fullmatch(r"folder-[0-9a-f]{20}", query["batch"][0])

    # a reload, as Back and Forward make it, finds the same batch
    page.reload()
    page.get_by_role("heading", name="<img src=x>*b* record 2").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator(".selected-cell").get_attribute("data-cell") == "4.3"

    # in Explore, beside it, the same sequence, residues and head
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Open in Explore").click()
    explore = opening.value
    explore.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.wait_for_head(explore, 4, 3)
    driving.rest(explore)
    strip = explore.locator(".st-key-strip").inner_text()
    assert "<img src=x>*b*" in strip
    assert "threshold 0.10" in strip
    query = urllib.parse.parse_qs(urllib.parse.urlparse(explore.url).query)
    assert query["sites"] == ["D52,S91,N280"]
    assert explore.get_by_text("means nothing here").count() == 0
    explore.close()


def test_an_unfinished_batch_without_scores_and_a_folder_that_is_none(page, app, tmp_path):
    settings = planted_settings(sites=None)
    half = plant(tmp_path / "half", settings, NAMES[:2], failed=(), records=4)
    open_batch(page, app, half)
    page.get_by_text("2 of 4 records so far. The batch is still running").wait_for(timeout=driving.WAIT)
    page.get_by_text("This batch was run without --sites").wait_for(timeout=driving.WAIT)
    choose_record(page, 1)
    page.locator(".st-key-batch_profile .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    assert page.get_by_text(f"in {len(A2A)} residues. No residues were scored.").is_visible()

    write_folder(page, tmp_path / "<img src=x>")
    alert = page.locator('[data-testid="stSidebar"] [data-testid="stAlert"]').filter(has_text="is not a batch: it has no metadata.json")
    alert.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert page.locator("img[src=x]").count() == 0
    assert page.get_by_role("heading", name="AA2AR record 1").is_visible()

    plant(half, settings, NAMES[:4], failed=(), records=4, begin=3)
    page.get_by_role("button", name="Read again").click()
    page.get_by_text("All 4 records are there.").wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert alert.count() == 0
    assert page.get_by_role("heading", name="AA2AR record 1").is_visible()
