"""The page Heads in a browser: from nothing kept to a head and its profile."""

import pytest

from tests.browser import driving

pytestmark = pytest.mark.browser


def profile_title(page) -> str:
    return page.locator("h5").filter(has_text="Layer").first.inner_text().splitlines()[0].strip()


def test_receptors_are_read_once_and_a_click_shows_a_head(page, app):
    page.goto(f"{app.url}/heads?property=offset&value=%2B1&sample=30")
    page.get_by_role("button", name="Read 30 receptors").click(timeout=driving.WAIT)
    page.get_by_text("heads look at the residue at +1 more than expected").wait_for(timeout=driving.WAIT)
    page.locator(".st-key-heatmap .js-plotly-plot").last.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert profile_title(page) == "Layer 2, head 10"  # all of its arcs go to the next residue
    driving.click_head(page, 4, 19)
    page.get_by_text("Layer 4, head 19").first.wait_for(timeout=driving.WAIT)
    driving.rest(page)
    assert "head=4.19" in page.url
    names = page.evaluate("document.querySelector('.st-key-share_profile .js-plotly-plot')._fullData.map(trace => trace.name)")
    assert names == ["expected", "this head"]
    # The link brings it back, and nothing is read again.
    address = page.url
    page.goto(address)
    page.get_by_text("Layer 4, head 19").first.wait_for(timeout=driving.WAIT)
    assert page.get_by_role("button", name="Read 30 receptors").count() == 0
    driving.rest(page)
    page.get_by_text("Residues looked at alike").click()
    page.get_by_text("This says nothing about receptors").wait_for(timeout=driving.WAIT)
    page.get_by_text("Attention and contacts").click()
    page.get_by_text("Of all pairs at least six residues apart").wait_for(timeout=driving.WAIT)
    assert page.locator("[data-testid=stException]").count() == 0
